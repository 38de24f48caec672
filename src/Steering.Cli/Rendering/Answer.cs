using System.Text;
using Steering.Cli.Api;

namespace Steering.Cli.Rendering;

/// <summary>An answer as far as it has arrived.</summary>
internal sealed class Answer
{
    private readonly StringBuilder _text = new();

    public string Text => _text.ToString();
    public SteeringReceipt? Receipt { get; private set; }
    public string? FinishReason { get; private set; }

    public void Add(GenerationReply reply)
    {
        _text.Append(reply.Text);
        Receipt = reply.Steering ?? Receipt;
        FinishReason = reply.FinishReason ?? FinishReason;
    }
}
