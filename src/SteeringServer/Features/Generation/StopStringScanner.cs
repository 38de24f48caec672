using System.Collections.Immutable;

namespace SteeringServer.Features.Generation;

/// <summary>
/// Looks for stop strings in a text that arrives in pieces, and holds back what may be the beginning of one. The result does not depend on how the text was
/// cut: the stop string that is complete first wins, the longer one of two that end together.
/// </summary>
internal sealed class StopStringScanner(ImmutableArray<string> stops)
{
    private string _held = "";

    /// <summary>A stop string was found; what follows it is not wanted.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Takes the next piece and returns what can be shown: never any part of a stop string.</summary>
    public string Append(string piece)
    {
        if (stops.IsEmpty || IsStopped) return IsStopped ? "" : piece;
        if (piece.Length == 0) return "";
        string text = _held.Length == 0 ? piece : _held + piece;
        int start = FindFirst(text);
        if (start >= 0)
        {
            (IsStopped, _held) = (true, "");
            return text[..start];
        }
        int held = LengthToHold(text);
        _held = held == 0 ? "" : text[^held..];
        return held == 0 ? text : text[..^held];
    }

    /// <summary>The text has ended: returns what was held back.</summary>
    public string Flush()
    {
        string rest = _held;
        _held = "";
        return rest;
    }

    private int FindFirst(string text)
    {
        int start = -1, end = int.MaxValue;
        foreach (string stop in stops)
        {
            int at = text.IndexOf(stop, StringComparison.Ordinal);
            if (at < 0 || at + stop.Length > end || (at + stop.Length == end && at > start)) continue;
            (start, end) = (at, at + stop.Length);
        }
        return start;
    }

    // The longest end of the text that begins a stop string.
    private int LengthToHold(string text)
    {
        int longest = 0;
        foreach (string stop in stops)
            for (int length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length))) longest = length;
        return longest;
    }
}
