namespace Steering.Engine.Vectors.Torch;

/// <summary>A name that a pickle may use and what is called by it; nothing is looked up anywhere.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}
