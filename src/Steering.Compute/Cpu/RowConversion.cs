namespace Steering.Compute.Cpu;

/// <summary>Turns rows into what a matrix is multiplied by: bf16 values, or digits of integers.</summary>
internal readonly unsafe struct RowConversion : IJob
{
    private readonly RoundRowsJob _round;
    private readonly QuantiseRowsJob _quantise;
    private readonly bool _quantises;

    public RowConversion(RoundRowsJob round) => _round = round;

    public RowConversion(QuantiseRowsJob quantise) => (_quantise, _quantises) = (quantise, true);

    public void Run(int first, int last)
    {
        if (_quantises) _quantise.Run(first, last);
        else _round.Run(first, last);
    }
}

/// <summary>One job after the other on each row, while the row is in the first-level cache.</summary>
internal readonly struct RowChain<TFirst>(TFirst job, RowConversion then) : IJob where TFirst : unmanaged, IJob
{
    public void Run(int first, int last)
    {
        for (int row = first; row < last; row++)
        {
            job.Run(row, row + 1);
            then.Run(row, row + 1);
        }
    }
}
