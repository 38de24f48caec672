using System.Numerics;

namespace Steering.Engine.Templates;

/// <summary>The names Python has for the types of values.</summary>
internal static class TypeName
{
    public static string Of(object value) => value switch
    {
        PyNone => "NoneType",
        bool => "bool",
        long or BigInteger => "int",
        double => "float",
        string => "str",
        PyList => "list",
        PyTuple => "tuple",
        PyDict => "dict",
        DictView view => "dict_" + view.Kind,
        PyRange => "range",
        PyIterator iterator => iterator.TypeName,
        MacroFunction => "Macro",
        NativeFunction => "function",
        _ => value.GetType().Name, // Undefined, Namespace, LoopContext, Cycler, Joiner
    };
}
