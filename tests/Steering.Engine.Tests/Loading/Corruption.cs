namespace Steering.Engine.Tests.Loading;

/// <summary>Files as a bad disk or a bad mind would have them.</summary>
internal static class Corruption
{
    /// <summary>Copies of a file with one to three bits flipped, the same ones every time.</summary>
    public static IEnumerable<byte[]> FlippedBits(byte[] whole, int trials)
    {
        var random = new Random(20261124);
        for (int trial = 0; trial < trials; trial++)
        {
            byte[] flipped = [.. whole];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
            {
                int bit = random.Next(flipped.Length * 8);
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            }
            yield return flipped;
        }
    }
}
