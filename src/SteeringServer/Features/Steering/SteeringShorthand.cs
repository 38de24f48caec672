using System.Collections.Immutable;
using System.Globalization;
using Steering.Engine.Interventions;
using SteeringServer.Features.Vectors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Steering;

/// <summary>
/// The one-line form of steering: <c>0.4 cheerful@3 - 0.2 formal</c>. Terms are a strength (1 where left out) and a vector, joined by + or - with a space on
/// both sides, because names contain dashes (docs/decisions.md 22).
/// </summary>
internal static class SteeringShorthand
{
    private const string Form = "expected terms such as \"0.4 cheerful@3 - 0.2 formal\", with a space on both sides of + and -";
    private const int LongestText = 4096;

    /// <param name="path">Where the text came from: <c>steering</c>, or <c>X-Steering</c> for the header.</param>
    public static SteeringRequest Read(string text, string path, VectorCatalog catalog, FieldProblems problems)
    {
        if (text.Length > LongestText)
        {
            problems.Add(path, $"the text has {text.Length} characters; at most {LongestText} are read; send the object form");
            return SteeringRequest.None;
        }
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0) problems.Add(path, $"the text is empty; {Form}");
        var uses = ImmutableArray.CreateBuilder<VectorUse>();
        int at = 0;
        while (at < words.Length)
        {
            int sign = 1;
            if (words[at] is "+" or "-") sign = words[at++] == "-" ? -1 : 1;
            else if (at > 0)
            {
                problems.Add(path, $"found {Found.Quote(words[at])} after {Found.Quote(words[at - 1])}; {Form}");
                break;
            }
            double? strength = sign < 0 ? -1 : null;
            if (at < words.Length && TryStrength(words[at], out double number))
            {
                strength = sign * number;
                at++;
            }
            if (at == words.Length || words[at] is "+" or "-")
            {
                problems.Add(path, $"a vector's name is missing after {(at == 0 ? "the start" : Found.Quote(words[at - 1]))}; {Form}");
                break;
            }
            if (Use(words[at++], strength, $"{path}[{uses.Count}]", path, catalog, problems) is { } use) uses.Add(use);
        }
        return new SteeringRequest { IsPresent = true, Spec = new SteeringSpec(uses.ToImmutable()) };
    }

    /// <summary>A vector at its stored unit, added everywhere: what a term of the shorthand and a model suffix mean.</summary>
    public static VectorUse? Use(string reference, double? strength, string usePath, string path, VectorCatalog catalog, FieldProblems problems) =>
        catalog.Resolve(reference, path, problems) is { } vector
            ? new VectorUse { Path = usePath, Vector = vector, Reference = reference, Strength = strength } : null;

    public static bool TryStrength(string text, out double strength) =>
        double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowTrailingWhite & ~NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out strength) && double.IsFinite(strength);
}
