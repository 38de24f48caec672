namespace Steering.Methods.Extraction;

/// <summary>Keeps what an extraction has computed, so that it can go on after an interruption. Keys are the extraction's own; what is kept is exact to the bit.</summary>
public interface ICheckpoints
{
    /// <summary>What was kept under a key; null: nothing.</summary>
    byte[]? Find(string key);

    void Keep(string key, byte[] content);
}

/// <summary>Keeps nothing.</summary>
public sealed class NoCheckpoints : ICheckpoints
{
    public static NoCheckpoints Instance { get; } = new();

    public byte[]? Find(string key) => null;

    public void Keep(string key, byte[] content)
    {
    }
}
