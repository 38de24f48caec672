using System.Runtime.CompilerServices;

namespace Steering.Engine.Templates;

/// <summary>Keeps recursion over templates and values from overflowing the thread's stack, which would end the process.</summary>
internal static class Stack
{
    public static void Guard()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw new TemplateException("maximum recursion depth exceeded");
    }
}
