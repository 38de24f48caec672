namespace SteeringServer.Requests;

/// <summary>What is wrong with one field of a request.</summary>
/// <param name="Path">The field: <c>messages[2].content</c>; empty for the body itself.</param>
/// <param name="Code">One of <see cref="Errors.ErrorCode"/>, or of the engine's problem codes.</param>
/// <param name="Message">What was found, what was expected, what to do.</param>
internal sealed record FieldProblem(string Path, string Code, string Message)
{
    public override string ToString() => Path.Length == 0 ? Message : $"{Path}: {Message}";
}
