using System.Numerics;

namespace Steering.Engine.Templates;

/// <summary>Python's bool(value).</summary>
internal static class Truth
{
    public static bool Of(object value) => value switch
    {
        bool b => b,
        PyNone or Undefined => false,
        long number => number != 0,
        BigInteger => true, // only numbers beyond long
        double number => number != 0,
        string text => text.Length > 0,
        PySequence sequence => sequence.Items.Count > 0,
        PyDict dict => dict.Count > 0,
        DictView view => view.Dict.Count > 0,
        PyRange range => range.Count > 0,
        LoopContext loop => loop.Length > 0,
        _ => true,
    };
}
