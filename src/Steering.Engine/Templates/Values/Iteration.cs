using System.Diagnostics.CodeAnalysis;

namespace Steering.Engine.Templates;

/// <summary>Python's iter() and len().</summary>
internal static class Iteration
{
    public static bool TryIterate(object value, [NotNullWhen(true)] out IEnumerable<object>? items)
    {
        items = value switch
        {
            string text => CodePoints.Characters(text),
            PySequence sequence => sequence.Items,
            PyDict dict => dict.Keys,
            DictView view => view.Items,
            PyRange range => range.Items,
            PyIterator iterator => iterator.Rest,
            Undefined => [],
            _ => null,
        };
        return items is not null;
    }

    public static bool TryLength(object value, out int length)
    {
        length = value switch
        {
            string text => CodePoints.Count(text),
            PySequence sequence => sequence.Items.Count,
            PyDict dict => dict.Count,
            DictView view => view.Dict.Count,
            PyRange range => (int)Math.Min(range.Count, int.MaxValue),
            Undefined => 0,
            LoopContext loop => loop.Length,
            _ => -1,
        };
        return length >= 0;
    }

    /// <summary>The items backwards where Python's reversed() takes the value.</summary>
    public static bool TryReverse(object value, [NotNullWhen(true)] out IEnumerable<object>? items)
    {
        items = value switch
        {
            string text => CodePoints.Characters(text).Reverse(),
            PySequence sequence => sequence.Items.Reverse(),
            PyDict dict => dict.Keys.Reverse(),
            DictView view => view.Items.Reverse(),
            PyRange range => new PyRange(range.Start + (range.Count - 1) * range.Step, range.Start - range.Step, -range.Step).Items,
            _ => null,
        };
        return items is not null;
    }
}
