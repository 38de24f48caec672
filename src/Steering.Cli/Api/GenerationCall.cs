namespace Steering.Cli.Api;

/// <summary>A request to generate: which endpoint, and what to send there.</summary>
internal sealed record GenerationCall(string Path, GenerationBody Body)
{
    public static GenerationCall Completion(GenerationBody body, string prompt) => new("v1/completions", body with { Prompt = prompt });

    public static GenerationCall Chat(GenerationBody body, IReadOnlyList<ChatMessage> messages) => new("v1/chat/completions", body with { Messages = messages });

    /// <summary>The same request without steering, neither in the field nor in the model's name (<c>base@vector</c>).</summary>
    public GenerationCall Unsteered() => this with { Body = Body with { Steering = null, Model = Body.Model?.Split('@')[0] } };
}
