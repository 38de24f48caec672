using static Steering.Compute.Cpu.MachineCode.Register;

namespace Steering.Compute.Cpu.MachineCode;

/// <summary>
/// The frame of a tile kernel: rows x panels x 32 outputs whose accumulators stay in registers while a loop walks over the inputs. What happens in the loop is the <see cref="VectorTiles"/>. System V calling
/// convention, leaf function; the argument is a <see cref="TileArguments"/>.
/// </summary>
/// <remarks>rdi arguments, rsi panel, r8 row stride, r9 steps left; rows are reached three by three from rdx, rcx, rax, r10 and r11. With several panels (at most 3 rows) rax and r10 hold one and three panel strides.</remarks>
internal sealed class TileWriter(int rows, TileVariant variant)
{
    private static readonly Register[] s_bases = [Rdx, Rcx, Rax, R10, R11];
    private readonly int _panels = variant switch { TileVariant.Quad => 4, TileVariant.Pair => 2, _ => 1 };

    public Assembler Code { get; } = new();
    public int Rows => rows;
    public int Panels => _panels;

    private const int PrefetchedBytes = 8192;

    /// <summary>The accumulator of sixteen outputs of a row.</summary>
    public Zmm Accumulator(int row, int panel, int half) => new((row * _panels + panel) * 2 + half);

    /// <summary>Registers from here on belong to the format.</summary>
    public int FirstFree => rows * _panels * 2;

    public static Memory Panel(int panel, int displacement) => panel switch
    {
        0 => new Memory(Rsi, displacement),
        1 => new Memory(Rsi, displacement, Rax),
        2 => new Memory(Rsi, displacement, Rax, 2),
        _ => new Memory(Rsi, displacement, R10),
    };

    public static Memory Row(int row, int displacement) => row % 3 == 0 ? new Memory(s_bases[row / 3], displacement) : new Memory(s_bases[row / 3], displacement, R8, row % 3);

    /// <summary>
    /// Fetches lines [first, last) of a step's share ahead. The processor's own prefetching keeps too close to one or two streams; four need no help. Nearer (1 to 4 KiB in all) gained less, farther no more (Zen 5).
    /// Into the first-level cache: what is asked for into the second only (prefetcht1) comes at 15 GB/s a core at most, and 16 rows of bf16 wait for it.
    /// </summary>
    public void Prefetch(int first, int last)
    {
        for (int line = first; line < last; line++)
        {
            if (variant == TileVariant.Single) Code.Prefetch(Panel(0, PrefetchedBytes + 64 * line), 1);
            else if (variant == TileVariant.Repeated && line % 2 == 0) Code.Prefetch(new Memory(Rbx, 32 * line), 1); // at least two tiles share the work
            else if (variant == TileVariant.Pair)
                for (int panel = 0; panel < 2; panel++) Code.Prefetch(Panel(panel, PrefetchedBytes / 2 + 64 * line), 1);
        }
    }

    public byte[] Write(VectorTiles format)
    {
        if (_panels > 1 && rows > 3) throw new ArgumentException("Several panels leave registers for three rows.");
        if (variant == TileVariant.Repeated)
        {
            Code.Push(Rbx);
            Code.Move(Rbx, Argument(7));
        }
        Code.Move(Rsi, Argument(0));
        Code.Move(R8, Argument(3));
        Code.Move(R9, Argument(6));
        Code.Move(Rdx, Argument(2));
        for (int i = 1; i <= (rows - 1) / 3; i++)
        {
            Code.LoadAddress(s_bases[i], new Memory(s_bases[i - 1], 0, R8, 2));
            Code.Add(s_bases[i], R8);
        }
        if (_panels > 1)
        {
            Code.Move(Rax, Argument(1));
            Code.LoadAddress(R10, new Memory(Rax, 0, Rax, 2));
        }
        for (int i = 0; i < FirstFree; i++) Code.Zero(new Zmm(i));
        format.WriteConstants(this);
        int again = Code.Here;
        format.WriteStep(this);
        Code.Add(Rsi, format.PanelStep);
        for (int i = 0; i <= (rows - 1) / 3; i++) Code.Add(s_bases[i], format.RowStep);
        if (variant == TileVariant.Repeated) Code.Add(Rbx, Argument(8));
        Code.Decrement(R9);
        Code.JumpIfNotZero(again);

        Code.Move(Rdx, Argument(4));
        Code.Move(R8, Argument(5));
        for (int row = 0; row < rows; row++)
        {
            for (int panel = 0; panel < _panels; panel++)
                for (int half = 0; half < 2; half++) Code.Store(new Memory(Rdx, 128 * panel + 64 * half), Accumulator(row, panel, half));
            if (row < rows - 1) Code.Add(Rdx, R8);
        }
        if (variant == TileVariant.Repeated) Code.Pop(Rbx);
        Code.Return();
        return Code.ToArray();
    }

    private static Memory Argument(int index) => new(Rdi, 8 * index);
}
