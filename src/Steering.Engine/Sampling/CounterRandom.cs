namespace Steering.Engine.Sampling;

/// <summary>
/// Random numbers without state: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), keyed by the seed, at the counter
/// (position, choice, 0, 0). What a sequence draws at a position therefore depends on nothing else: not on its batch, not on retries, not on earlier draws.
/// </summary>
public static class CounterRandom
{
    private const uint Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57, Weyl0 = 0x9E3779B9, Weyl1 = 0xBB67AE85;

    /// <summary>A uniform number in [0, 1), a multiple of 2^-53.</summary>
    public static double Uniform(ulong seed, int choice, int position)
    {
        var (first, second, _, _) = Philox((uint)position, (uint)choice, 0, 0, (uint)seed, (uint)(seed >> 32));
        // 27 and 26 of the bits make the 53 of a double, as in the Mersenne twister's genrand_res53.
        return ((first >> 5) * 67108864.0 + (second >> 6)) * (1.0 / 9007199254740992.0);
    }

    /// <summary>Ten rounds of Philox4x32.</summary>
    internal static (uint, uint, uint, uint) Philox(uint c0, uint c1, uint c2, uint c3, uint key0, uint key1)
    {
        for (int round = 0; round < 10; round++)
        {
            ulong product0 = (ulong)Multiplier0 * c0, product1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ key0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ key1, (uint)product0);
            key0 += Weyl0;
            key1 += Weyl1;
        }
        return (c0, c1, c2, c3);
    }
}
