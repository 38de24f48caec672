using System.Globalization;

namespace Steering.Engine.Interventions;

/// <summary>Makes a <see cref="PositionRule"/> absolute for one prompt (docs/decisions.md 14).</summary>
internal static class PositionResolver
{
    /// <param name="path">Field of the rule, prefix of problems and warnings.</param>
    /// <param name="warnings">Gets a sentence where a window was clamped to the prompt and where nothing is selected.</param>
    public static ResolvedPositions Resolve(PositionRule rule, PromptLayout prompt, string path, ProblemList problems, List<string> warnings)
    {
        CheckContradictions(rule, path, problems);
        var selected = PromptPart(rule, prompt, path, problems, warnings);
        if (rule.Generation == GenerationPhase.Decode) selected.Add((prompt.Length - 1, prompt.Length));
        if (rule.Generation != GenerationPhase.None) selected.Add(GeneratedPart(rule, prompt, path, problems));
        var spans = PositionSpans.Subtract(PositionSpans.Union(selected), Excluded(rule, prompt, path, problems));

        if (rule.Generation == GenerationPhase.Decode && rule.ExcludeTemplate && !spans.Exists(span => span.Start < prompt.Length && span.End >= prompt.Length))
            warnings.Add($"{path}: the last prompt position, which decode steers, belongs to the template and is excluded");
        if (spans.Count == 0)
            warnings.Add($"{path}: selects no position of this prompt of {prompt.Length} tokens or of what is generated after it, so nothing is steered");
        for (int i = 0; i < rule.Tokens.Length; i++)
            if (rule.Tokens[i] < 0)
                problems.Add($"{path}.tokens[{i}]", SteeringProblemCode.BadPositions,
                    $"found {rule.Tokens[i]}; expected a token id, 0 or more");

        if (rule.Tokens.IsEmpty && spans is [(0, int.MaxValue)]) return ResolvedPositions.All;
        return new ResolvedPositions([.. spans.Select(span => span.Start)], [.. spans.Select(span => span.End)], [.. rule.Tokens.Distinct().Order()]);
    }

    private static void CheckContradictions(PositionRule rule, string path, ProblemList problems)
    {
        if (!rule.Prompt && rule.PromptWindow is not null)
            problems.Add($"{path}.prompt_window", SteeringProblemCode.BadPositions,
                "a window of the prompt is given, but the prompt is not steered: leave out prompt_window, or steer the prompt");
        if (!rule.Prompt && !rule.Spans.IsEmpty)
            problems.Add($"{path}.spans", SteeringProblemCode.BadPositions,
                "spans of the prompt are given, but the prompt is not steered: leave out spans, or steer the prompt");
        if (rule.Generation == GenerationPhase.None && rule.GenerationWindow is not null)
            problems.Add($"{path}.generation_window", SteeringProblemCode.BadPositions,
                "a window of the generation is given, but the generation is not steered: leave out generation_window, or steer the generation");
        if (rule.ExcludeFirst < 0)
            problems.Add($"{path}.exclude_first", SteeringProblemCode.BadPositions, $"found {rule.ExcludeFirst}; expected a number of positions, 0 or more");
    }

    private static List<(int Start, int End)> PromptPart(PositionRule rule, PromptLayout prompt, string path, ProblemList problems, List<string> warnings)
    {
        List<(int Start, int End)> part = rule.Prompt ? [(0, prompt.Length)] : [];
        if (rule.PromptWindow is { } window)
            part = PositionSpans.Intersect(part, [Absolute(window, prompt.Length, $"{path}.prompt_window", problems, warnings)]);
        if (!rule.Spans.IsEmpty)
        {
            var spans = rule.Spans.Select((span, i) => Absolute(span, prompt.Length, $"{path}.spans[{i}]", problems, warnings));
            part = PositionSpans.Intersect(part, PositionSpans.Union(spans));
        }
        return part;
    }

    private static (int Start, int End) GeneratedPart(PositionRule rule, PromptLayout prompt, string path, ProblemList problems)
    {
        if (rule.GenerationWindow is not { } window) return (prompt.Length, int.MaxValue);
        if (window.Start < 0 || window.End <= window.Start)
            problems.Add($"{path}.generation_window", SteeringProblemCode.BadPositions,
                $"found {Text(window)}; expected 0 <= start < end: generated tokens count from 0 and have no known end to count back from");
        return (After(window.Start), After(window.End ?? int.MaxValue));

        int After(int generated) => (int)Math.Min((long)prompt.Length + generated, int.MaxValue);
    }

    private static List<(int Start, int End)> Excluded(PositionRule rule, PromptLayout prompt, string path, ProblemList problems)
    {
        var excluded = new List<(int Start, int End)>();
        if (rule.ExcludeBos) excluded.Add((0, prompt.BosCount));
        if (rule.ExcludeFirst > 0) excluded.Add((0, rule.ExcludeFirst));
        if (!rule.ExcludeTemplate) return excluded;
        if (prompt.TemplateKnown) excluded.AddRange(prompt.TemplateSpans);
        else problems.Add($"{path}.exclude", SteeringProblemCode.TemplateUnknown,
            $"template tokens cannot be excluded: {prompt.WhyTemplateUnknown}; select positions by spans or exclude_first instead");
        return excluded;
    }

    /// <summary>A window of the prompt in absolute positions, clamped to it.</summary>
    private static (int Start, int End) Absolute((int Start, int? End) window, int length, string path, ProblemList problems, List<string> warnings)
    {
        if (window.End is { } given && given <= window.Start && (given < 0) == (window.Start < 0))
        {
            problems.Add(path, SteeringProblemCode.BadPositions, $"found {Text(window)}, which is empty for every prompt; expected start < end");
            return (0, 0);
        }
        int start = window.Start < 0 ? length + window.Start : window.Start;
        int end = window.End is { } last ? (last < 0 ? length + last : last) : length;
        var clamped = (Start: Math.Clamp(start, 0, length), End: Math.Clamp(end, 0, length));
        if (clamped.Start >= clamped.End) warnings.Add($"{path}: {Text(window)} selects nothing of this prompt of {length} tokens");
        else if (clamped != (start, end))
            warnings.Add($"{path}: {Text(window)} reaches beyond this prompt of {length} tokens and is clamped to [{clamped.Start}, {clamped.End})");
        return clamped;
    }

    private static string Text((int Start, int? End) window) =>
        string.Create(CultureInfo.InvariantCulture, $"[{window.Start}, {(window.End is { } end ? end.ToString(CultureInfo.InvariantCulture) : "null")})");
}
