namespace Steering.Engine.Vectors.Torch;

/// <summary>A dictionary while it is being filled; keys are looked at only when it is whole.</summary>
/// <param name="isOrdered">Whether it is a <c>collections.OrderedDict</c>, which may carry attributes.</param>
internal sealed class PickleMap(bool isOrdered)
{
    public bool IsOrdered { get; } = isOrdered;

    public List<KeyValuePair<object?, object?>> Items { get; } = [];
}
