namespace Steering.Engine.Templates;

/// <summary>The evaluated arguments of a call.</summary>
internal sealed record Arguments(object[] Positional, IReadOnlyDictionary<string, object> Keywords)
{
    public static Arguments None { get; } = new([], new Dictionary<string, object>());

    public Arguments With(string keyword, object value) => this with { Keywords = new Dictionary<string, object>(Keywords) { [keyword] = value } };

    /// <summary>Fails where arguments are given to what takes none.</summary>
    public void RequireNone(string function)
    {
        if (Positional.Length > 0 || Keywords.Count > 0) Bind(function, 0);
    }

    /// <summary>The values in the order of <paramref name="names"/>, null where one is not given; fails like a Python call where they do not fit.</summary>
    public object?[] Bind(string function, int required, params string[] names)
    {
        if (Positional.Length > names.Length) throw new TemplateException($"{function}() takes at most {names.Length} argument(s) ({Positional.Length} given)");
        var values = new object?[names.Length];
        Positional.CopyTo(values, 0);
        foreach (var (name, value) in Keywords)
        {
            int at = Array.IndexOf(names, name);
            if (at < 0) throw new TemplateException($"{function}() got an unexpected keyword argument '{name}'");
            if (at < Positional.Length) throw new TemplateException($"{function}() got multiple values for argument '{name}'");
            values[at] = value;
        }
        for (int i = 0; i < required; i++)
            if (values[i] is null) throw new TemplateException($"{function}() missing required argument: '{names[i]}'");
        return values;
    }
}

/// <summary>What arguments must be, with Python's complaints where they are not. Null stands for an argument that is not given.</summary>
internal static class Expect
{
    public static string Str(object? value, string fallback = "") => value switch
    {
        null => fallback,
        string text => text,
        Undefined undefined => throw undefined.Error(),
        _ => throw new TemplateException($"expected a string, not {TypeName.Of(value)}"),
    };

    public static int Int(object? value, int fallback = 0) => value switch
    {
        null => fallback,
        bool b => b ? 1 : 0,
        long number => (int)Math.Clamp(number, int.MinValue, int.MaxValue),
        System.Numerics.BigInteger number => number.Sign < 0 ? int.MinValue : int.MaxValue,
        Undefined undefined => throw undefined.Error(),
        _ => throw new TemplateException($"'{TypeName.Of(value)}' object cannot be interpreted as an integer"),
    };

    public static bool Bool(object? value, bool fallback = false) => value is null ? fallback : Truth.Of(value);
}
