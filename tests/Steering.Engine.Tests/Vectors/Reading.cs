using Steering.Engine.Loading;
using Steering.Engine.Tests.Loading;
using Steering.Engine.Vectors;

namespace Steering.Engine.Tests.Vectors;

/// <summary>Reads files that may be hostile, and holds the reader to what it promises: a value or a ModelFormatException, within the memory of <see cref="ReadBudget"/>.</summary>
internal static class Reading
{
    public const string File = "hostile";

    // What an exception with its message and stack trace takes, and the framework's zip reader before it is known to be one, generously.
    private const long Constant = 256 << 10;

    /// <summary>The error, or null if there was none. Any other exception fails the test.</summary>
    public static ModelFormatException? Outcome(byte[] bytes, Func<ReadOnlyMemory<byte>, string, StoredValue> read)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelFormatException? error = null;
        try
        {
            read(bytes, File);
        }
        catch (ModelFormatException caught)
        {
            error = caught;
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (long)ReadBudget.PerByte * bytes.Length + ReadBudget.Constant + Constant);
        if (error is not null)
        {
            Assert.NotEmpty(error.Field);
            Assert.StartsWith($"{File}: {error.Field}: ", error.Message, StringComparison.Ordinal);
            Assert.InRange(error.Message.Length, 1, 2000);
        }
        return error;
    }

    /// <summary>How many of many copies with flipped bits are refused.</summary>
    public static int Refused(byte[] whole, int trials, Func<byte[], ModelFormatException?> outcome) => Corruption.FlippedBits(whole, trials).Count(flipped => outcome(flipped) is not null);
}
