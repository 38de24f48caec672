using Steering.Engine.Interventions;
using SteeringServer.Errors;
using SteeringServer.Features.Steering;

namespace SteeringServer.Requests;

/// <summary>Gathers every problem of a request, so that a client learns all of them at once.</summary>
internal sealed class FieldProblems
{
    private const int MostListed = 20;
    private const int MostKept = 100;
    private readonly List<FieldProblem> _all = [];

    public IReadOnlyList<FieldProblem> All => _all;

    public bool IsEmpty => _all.Count == 0;

    /// <summary>Further problems are dropped: a hostile request could have millions.</summary>
    public bool IsFull => _all.Count == MostKept;

    public void Add(string path, string message, string code = ErrorCode.InvalidValue)
    {
        var problem = new FieldProblem(path, code, message);
        if (_all.Count < MostKept && !_all.Contains(problem)) _all.Add(problem);
    }

    public void Add(SteeringProblem problem) => Add(problem.Path, problem.Message, problem.Code);

    /// <summary>Ends the request if there is any problem.</summary>
    /// <exception cref="ApiException">Names all of them; its param is the first one's path.</exception>
    public void ThrowIfAny()
    {
        if (!IsEmpty) throw new ApiException(ToError());
    }

    public ApiError ToError() => ToError(_all, IsFull);

    /// <summary>One error for several problems: its param is the first one's path, its message names all of them.</summary>
    public static ApiError ToError(IReadOnlyList<FieldProblem> all, bool isFull = false) => Summary(all, isFull) with { Problems = [.. all] };

    private static ApiError Summary(IReadOnlyList<FieldProblem> all, bool isFull)
    {
        var first = all[0];
        string message = all.Count == 1 ? first.ToString()
            : $"{all.Count}{(isFull ? " or more" : "")} problems. " + string.Join(" ", all.Take(MostListed).Select((problem, i) => $"({i + 1}) {problem}"));
        string? param = first.Path.Length == 0 ? null : first.Path;
        foreach (string missing in new[] { ErrorCode.VectorNotFound, ErrorCode.ModelNotFound })
            if (all.All(problem => problem.Code == missing)) return ApiError.NotFound(message, param, missing);
        bool isSteering = first.Path.StartsWith("steering", StringComparison.Ordinal) || first.Path.StartsWith(SteeringSource.Header, StringComparison.Ordinal);
        return ApiError.Invalid(message, param, isSteering ? ErrorCode.SteeringInvalid : first.Code);
    }
}
