using Steering.Engine.Generation;

namespace SteeringServer.Features.Generation;

/// <summary>A token of an answer with its log-probabilities.</summary>
/// <param name="Logprob">NaN for the first token of a prompt, which nothing precedes.</param>
/// <param name="Top">Alternatives, best first.</param>
/// <param name="Offset">Where its text begins in the choice's text, in characters (code points).</param>
internal readonly record struct ScoredPiece(int Token, float Logprob, ScoredToken[] Top, int Offset);
