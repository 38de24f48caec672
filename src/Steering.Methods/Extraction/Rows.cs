using System.Runtime.Intrinsics;

namespace Steering.Methods.Extraction;

/// <summary>Sums over rows in one order on every processor, eight lanes of doubles, so that a vector's bits do not depend on where it was made.</summary>
internal static class Rows
{
    public static double Dot(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        var sums = Vector512<double>.Zero;
        int i = 0;
        for (; i <= left.Length - Vector512<double>.Count; i += Vector512<double>.Count) sums += Vector512.Create(left[i..]) * Vector512.Create(right[i..]);
        double sum = 0;
        for (int lane = 0; lane < Vector512<double>.Count; lane++) sum += sums[lane];
        for (; i < left.Length; i++) sum += left[i] * right[i];
        return sum;
    }

    public static double Norm(ReadOnlySpan<double> row) => Math.Sqrt(Dot(row, row));

    public static double Cosine(ReadOnlySpan<double> left, ReadOnlySpan<double> right) => Dot(left, right) / (Norm(left) * Norm(right));
}
