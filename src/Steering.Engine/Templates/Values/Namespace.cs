namespace Steering.Engine.Templates;

/// <summary><c>namespace()</c>: the one value whose attributes a template can set.</summary>
internal sealed class Namespace(Dictionary<string, object> attributes)
{
    public Dictionary<string, object> Attributes => attributes;
}
