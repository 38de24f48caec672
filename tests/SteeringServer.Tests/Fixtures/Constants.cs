using System.Reflection;

namespace SteeringServer.Tests.Fixtures;

/// <summary>The texts that classes of names have, for tests that every one of them is written down.</summary>
internal static class Constants
{
    public static IEnumerable<string> Of(params IEnumerable<Type> types) =>
        types.SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static)).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!);
}
