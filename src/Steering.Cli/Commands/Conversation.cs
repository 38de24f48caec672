using Steering.Cli.Api;

namespace Steering.Cli.Commands;

/// <summary>The messages so far. A turn is kept only once it was answered, so a failed one can be asked again.</summary>
internal sealed class Conversation(GenerationBody body, string? system)
{
    private readonly List<ChatMessage> _messages = [.. Opening(system)];

    /// <summary>The request for the next answer.</summary>
    public GenerationCall Ask(string text) => GenerationCall.Chat(body, [.. _messages, new ChatMessage("user", text)]);

    public void Keep(string text, string answer)
    {
        _messages.Add(new ChatMessage("user", text));
        _messages.Add(new ChatMessage("assistant", answer));
    }

    /// <summary>Forgets everything but the system message.</summary>
    public void Reset()
    {
        _messages.Clear();
        _messages.AddRange(Opening(system));
    }

    private static ChatMessage[] Opening(string? system) => system is null ? [] : [new ChatMessage("system", system)];
}
