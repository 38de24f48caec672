using System.Collections.Immutable;
using Steering.Methods.Grains;

namespace SteeringServer.Features.Extraction;

/// <summary>A parsed <c>POST /v1/extractions</c>, without its data.</summary>
/// <param name="Vector">What the vector is to be called.</param>
/// <param name="Columns">The columns that hold prompt, preferred and dispreferred.</param>
/// <param name="PromptTemplate">With <c>{prompt}</c> in it; null: the prompt alone.</param>
/// <param name="AnswerTemplate">With <c>{answer}</c> in it; null: the answer alone.</param>
/// <param name="IsChat">A prompt is what a user says.</param>
/// <param name="Limit">Rows to use, the first ones; null: all.</param>
internal sealed record ExtractionRequest(string Vector, ImmutableArray<string> Aliases, ExampleColumns Columns, string? PromptTemplate, string? AnswerTemplate, bool IsChat, int? Limit, GrainsOptions Grains);

/// <summary>Names of the columns of examples; the usual ones where a request names none.</summary>
internal sealed record ExampleColumns(ImmutableArray<string> Prompt, ImmutableArray<string> Preferred, ImmutableArray<string> Dispreferred)
{
    public static ExampleColumns Usual { get; } = new(["prompt", "messages", "question"], ["preferred", "chosen"], ["dispreferred", "rejected"]);
}

/// <summary>Data as text.</summary>
/// <param name="Field">The field of the request that they came in or were named by, for messages.</param>
internal sealed record ExtractionData(string Field, string Format, string Text);
