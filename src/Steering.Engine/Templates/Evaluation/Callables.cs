namespace Steering.Engine.Templates;

internal delegate object NativeBody(Execution execution, Arguments arguments);

/// <summary>A function of the environment, or a method bound to its value.</summary>
internal sealed record NativeFunction(string Name, NativeBody Body);

/// <summary>A macro with the frame it was defined in.</summary>
internal sealed class MacroFunction(MacroDefinition definition, Frame outer)
{
    public string? Name => definition.Name;

    /// <summary>The arguments of macros: positional, then by name, what is left over only where the macro mentions varargs or kwargs.</summary>
    public string Call(Execution execution, Arguments arguments)
    {
        string[] names = definition.ParameterNames;
        var values = new object?[names.Length];
        int positional = Math.Min(names.Length, arguments.Positional.Length);
        Array.Copy(arguments.Positional, values, positional);
        var rest = new Dictionary<string, object>(arguments.Keywords);
        for (int i = positional; i < names.Length; i++)
            if (rest.Remove(names[i], out object? value)) values[i] = value;

        var special = new Dictionary<string, object>();
        if (definition.Takes("caller"))
            special["caller"] = rest.Remove("caller", out object? caller) && caller is not PyNone ? caller : Undefined.Hinted("No caller defined");
        if (definition.Takes("kwargs")) special["kwargs"] = execution.Dict(DictBuilder.From(rest));
        else if (rest.Count > 0) throw new TemplateException($"macro '{Name}' takes no keyword argument '{rest.First().Key}'");
        if (definition.Takes("varargs")) special["varargs"] = execution.Tuple(arguments.Positional[positional..]);
        else if (arguments.Positional.Length > names.Length)
            throw new TemplateException($"macro '{Name}' takes not more than {names.Length} argument(s)");

        execution.EnterCall();
        string text = definition.Run(new Frame(execution, outer, definition.Layout!), values, special);
        execution.LeaveCall();
        return text;
    }
}

/// <summary>Calling values.</summary>
internal static class Callables
{
    public static bool IsCallable(object value) => value is NativeFunction or MacroFunction or LoopContext or Undefined;

    public static object Call(Execution execution, object callee, Arguments arguments) => callee switch
    {
        NativeFunction function => function.Body(execution, arguments),
        MacroFunction macro => macro.Call(execution, arguments),
        LoopContext loop => loop.Call(arguments),
        Undefined undefined => throw undefined.Error(),
        _ => throw new TemplateException($"'{TypeName.Of(callee)}' object is not callable"),
    };
}
