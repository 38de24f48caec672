using Steering.Engine.Interventions;
using SteeringServer.Errors;

namespace SteeringServer.Requests;

/// <summary>Gathers every problem of a request, so that a client learns all of them at once.</summary>
internal sealed class FieldProblems
{
    private const int MostListed = 20;
    private readonly List<FieldProblem> _all = [];

    public IReadOnlyList<FieldProblem> All => _all;

    public bool IsEmpty => _all.Count == 0;

    public void Add(string path, string message, string code = ErrorCode.InvalidValue)
    {
        var problem = new FieldProblem(path, code, message);
        if (!_all.Contains(problem)) _all.Add(problem);
    }

    public void Add(SteeringProblem problem) => Add(problem.Path, problem.Message, problem.Code);

    /// <summary>Ends the request if there is any problem.</summary>
    /// <exception cref="ApiException">Names all of them; its param is the first one's path.</exception>
    public void ThrowIfAny()
    {
        if (!IsEmpty) throw new ApiException(ToError());
    }

    public ApiError ToError()
    {
        var first = _all[0];
        string message = _all.Count == 1 ? first.ToString()
            : $"{_all.Count} problems. " + string.Join(" ", _all.Take(MostListed).Select((problem, i) => $"({i + 1}) {problem}"));
        string? param = first.Path.Length == 0 ? null : first.Path;
        if (_all.TrueForAll(problem => problem.Code == ErrorCode.VectorNotFound)) return ApiError.NotFound(message, param, ErrorCode.VectorNotFound);
        bool aboutSteering = _all.TrueForAll(problem => problem.Path == "steering" || problem.Path.StartsWith("steering.", StringComparison.Ordinal));
        return ApiError.Invalid(message, param, aboutSteering ? ErrorCode.SteeringInvalid : first.Code);
    }
}
