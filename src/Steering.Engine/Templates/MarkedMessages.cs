using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;

namespace Steering.Engine.Templates;

/// <summary>Where the marks of a content go, from the widest to the most careful.</summary>
internal enum ContentMarking
{
    /// <summary>Around all of it.</summary>
    Whole,

    /// <summary>Inside its outer white space, for templates that trim.</summary>
    Trimmed,

    /// <summary>In what the assistant said, around what lies between the tags of its reasoning, for templates that drop the past one.</summary>
    BetweenTags,
}

/// <summary>The marked copy of a conversation, and how its rendering is read.</summary>
internal sealed class MarkedMessages(SpanMarks marks, ContentMarking marking)
{
    // What templates in use cut the assistant's contents at (Qwen3, DeepSeek-R1).
    private static readonly string[] Tags = ["<think>", "</think>"];

    // For each piece, where the next one continues the same content, what lies between the two.
    private readonly List<string?> _gaps = [];

    /// <summary>A copy with marks, or null where this marking would place them as the one before.</summary>
    public JsonArray? Mark(JsonArray messages)
    {
        var copy = (JsonArray)messages.DeepClone();
        bool differs = marking == ContentMarking.Whole;
        foreach (JsonNode? message in copy)
        {
            if (message is not JsonObject members) continue;
            bool cut = marking == ContentMarking.BetweenTags && members["role"] is JsonValue role && role.TryGetValue(out string? r) && r == "assistant";
            if (members["content"] is JsonArray parts)
            {
                foreach (JsonNode? part in parts)
                {
                    if (part is JsonObject p && p["type"] is JsonValue type && type.TryGetValue(out string? t) && t == "text")
                        differs |= MarkMember(p, "text", cut);
                }
            }
            else
            {
                differs |= MarkMember(members, "content", cut);
            }
        }
        return differs ? copy : null;
    }

    /// <summary>The spans of a marked rendering; a problem where it is not the plain one with marks in pairs.</summary>
    public string? Find(string markedText, string plainText, out ImmutableArray<(int Start, int End)> spans)
    {
        spans = [];
        var plain = new StringBuilder(plainText.Length);
        var found = new List<(int Piece, int Start, int End)>();
        (int Piece, int Start)? open = null;
        for (int i = 0; i < markedText.Length; i++)
        {
            char c = markedText[i];
            if (c == marks.Start)
            {
                int number = 0;
                while (i + 1 < markedText.Length && (markedText[i + 1] == marks.Zero || markedText[i + 1] == marks.One))
                    number = number * 2 + (markedText[++i] == marks.One ? 1 : 0);
                if (open is not null || number >= _gaps.Count) return "the template takes contents apart";
                open = (number, plain.Length);
            }
            else if (c == marks.End)
            {
                if (open is not { } piece) return "the template takes contents apart";
                found.Add((piece.Piece, piece.Start, plain.Length));
                open = null;
            }
            else if (marks.Contains(c))
            {
                return "the template takes contents apart";
            }
            else
            {
                plain.Append(c);
            }
        }
        if (open is not null) return "the template takes contents apart";
        if (!plain.Equals(plainText)) return "the template renders something else when contents are marked";
        spans = Join(found, plainText);
        return null;
    }

    private bool MarkMember(JsonObject owner, string name, bool cut)
    {
        if (owner[name] is not JsonValue value || !value.TryGetValue(out string? text)) return false;
        string marked = MarkText(text, cut, out bool differs);
        owner[name] = marked;
        return differs;
    }

    private string MarkText(string text, bool cut, out bool differs)
    {
        differs = false;
        if (PythonWhitespace.All(text)) return text;
        if (marking == ContentMarking.Whole) return Wrap(text);
        var result = new StringBuilder();
        int firstPiece = _gaps.Count;
        int pieceEnd = 0;
        foreach ((int from, int to) in cut ? BetweenTags(text) : [(0, text.Length)])
        {
            int start = PythonWhitespace.Skip(text, from);
            if (start >= to) continue; // white space between two tags
            int end = from + PythonWhitespace.TrimEnd(text.AsSpan(from, to - from));
            string gap = text[pieceEnd..start];
            if (_gaps.Count > firstPiece) _gaps[^1] = gap;
            differs |= cut ? from > 0 || to < text.Length : marking == ContentMarking.Trimmed && (start > 0 || end < text.Length);
            result.Append(gap).Append(Wrap(text[start..end]));
            pieceEnd = end;
        }
        return result.Append(text, pieceEnd, text.Length - pieceEnd).ToString();
    }

    private string Wrap(string piece)
    {
        _gaps.Add(null);
        return marks.Open(_gaps.Count - 1) + piece + marks.End;
    }

    private static IEnumerable<(int From, int To)> BetweenTags(string text)
    {
        int from = 0;
        for (int at = text.IndexOf('<', StringComparison.Ordinal); at >= 0; at = text.IndexOf('<', at + 1))
        {
            string? tag = Array.Find(Tags, t => text.AsSpan(at).StartsWith(t, StringComparison.Ordinal));
            if (tag is null) continue;
            yield return (from, at);
            from = at + tag.Length;
        }
        yield return (from, text.Length);
    }

    /// <summary>Sorted spans; pieces of one content that the rendering shows as they were, tags between them included, become one.</summary>
    private ImmutableArray<(int Start, int End)> Join(List<(int Piece, int Start, int End)> found, string plainText)
    {
        var joined = new List<(int Start, int End)>();
        int previous = -2;
        foreach (var (piece, start, end) in found)
        {
            if (start == end) continue;
            bool continues = piece == previous + 1 && joined.Count > 0 && _gaps[previous] is { } gap &&
                plainText.AsSpan(joined[^1].End, start - joined[^1].End).SequenceEqual(gap);
            if (continues) joined[^1] = (joined[^1].Start, end);
            else joined.Add((start, end));
            previous = piece;
        }
        return [.. joined];
    }
}
