namespace Steering.Compute.Cpu.MachineCode;

/// <summary>How tiles of rows are multiplied by weights of one layout.</summary>
internal abstract record TileFormat
{
    /// <summary>Most rows of a tile of any format.</summary>
    public const int RowLimit = 32;

    /// <summary>Rows a tile may have: as many as registers allow.</summary>
    public abstract int MostRows { get; }

    /// <summary>Rows that cost as much as one: tiles begin at multiples of it, and as many rows can be read.</summary>
    public virtual int RowGranule => 1;

    /// <summary>Rows of a block are used with one panel after the other and should stay in the second-level cache, which has 1 MiB or more where there is AVX-512.</summary>
    public virtual long BlockBytes => 512 << 10;

    /// <summary>Tiles of a block even where their rows are longer than that.</summary>
    public virtual int LeastBlockTiles => 1;

    /// <summary>Times the loop runs for a matrix of this format.</summary>
    public abstract long Steps(PanelMatrix matrix);

    /// <summary>The variants there are for so many rows.</summary>
    public abstract bool Has(TileVariant variant, int rows);

    /// <summary>The kernel for so many rows: a function of the System V calling convention that takes <see cref="TileArguments"/>.</summary>
    public abstract byte[] Write(int rows, TileVariant variant);
}

/// <summary>A format whose accumulators are vector registers: what one step of <see cref="TileWriter"/>'s loop does.</summary>
internal abstract record VectorTiles : TileFormat
{
    public override bool Has(TileVariant variant, int rows) => variant switch { TileVariant.Quad => rows == 1, TileVariant.Pair => rows <= 3, _ => true }; // several panels leave registers for few rows

    /// <summary>Rows from the third-level cache cost less than weights from memory once more: 16 rows of 11008 inputs in two blocks took half as long again as in one, a prompt of 512 in blocks of two tiles a tenth longer (Zen 5).</summary>
    public override int LeastBlockTiles => 16;

    public override byte[] Write(int rows, TileVariant variant) => new TileWriter(rows, variant).Write(this);

    /// <summary>Bytes of a panel that a step reads.</summary>
    public abstract int PanelStep { get; }

    /// <summary>Bytes of a row that a step reads.</summary>
    public abstract int RowStep { get; }

    /// <summary>Fills registers that the loop only reads. Address registers hold nothing that is needed except those of <see cref="TileWriter"/>.</summary>
    public virtual void WriteConstants(TileWriter tile) { }

    public abstract void WriteStep(TileWriter tile);
}

/// <summary>f32 and f16 weights, f32 rows: a step is one input, a fused multiply-add for every output.</summary>
internal sealed record SingleTiles(bool IsHalf) : VectorTiles
{
    public override int MostRows => 14;
    public override long Steps(PanelMatrix matrix) => matrix.Inputs;
    public override int PanelStep => IsHalf ? 64 : 128;
    public override int RowStep => 4;

    public override void WriteStep(TileWriter tile)
    {
        tile.Prefetch(0, PanelStep / 64);
        int weights = tile.FirstFree;
        var x = new Zmm(weights + 2 * tile.Panels);
        for (int i = 0; i < 2 * tile.Panels; i++)
        {
            if (IsHalf) tile.Code.WidenHalf(new Zmm(weights + i), TileWriter.Panel(i / 2, i % 2 * 32));
            else tile.Code.Load(new Zmm(weights + i), TileWriter.Panel(i / 2, i % 2 * 64));
        }
        for (int row = 0; row < tile.Rows; row++)
        {
            tile.Code.Broadcast(x, TileWriter.Row(row, 0));
            for (int i = 0; i < 2 * tile.Panels; i++) tile.Code.FusedMultiplyAdd(tile.Accumulator(row, i / 2, i % 2), x, new Zmm(weights + i));
        }
    }
}

/// <summary>bf16 weights, f32 rows: a step is a pair of inputs. Widening is exact, so the bits are those of f32 weights.</summary>
internal sealed record WidenedBf16Tiles : VectorTiles
{
    public override int MostRows => 12;
    public override long Steps(PanelMatrix matrix) => (matrix.Inputs + 1) / 2;
    public override int PanelStep => 128;
    public override int RowStep => 8;

    private static Zmm UpperHalves => new(31);

    public override void WriteConstants(TileWriter tile)
    {
        // 0xFFFF0000 in every lane: all ones, shifted.
        tile.Code.Ones(UpperHalves);
        tile.Code.ShiftLeft(UpperHalves, UpperHalves, 16);
    }

    public override void WriteStep(TileWriter tile)
    {
        tile.Prefetch(0, PanelStep / 64);
        int pairs = tile.FirstFree, even = pairs + 2 * tile.Panels;
        var x = new Zmm(even + 2 * tile.Panels);
        for (int i = 0; i < 2 * tile.Panels; i++)
        {
            tile.Code.Load(new Zmm(pairs + i), TileWriter.Panel(i / 2, i % 2 * 64));
            tile.Code.ShiftLeft(new Zmm(even + i), new Zmm(pairs + i), 16);
        }
        Multiply(tile, even, x, 0);
        for (int i = 0; i < 2 * tile.Panels; i++) tile.Code.And(new Zmm(pairs + i), new Zmm(pairs + i), UpperHalves);
        Multiply(tile, pairs, x, 4);
    }

    private static void Multiply(TileWriter tile, int weights, Zmm x, int displacement)
    {
        for (int row = 0; row < tile.Rows; row++)
        {
            tile.Code.Broadcast(x, TileWriter.Row(row, displacement));
            for (int i = 0; i < 2 * tile.Panels; i++) tile.Code.FusedMultiplyAdd(tile.Accumulator(row, i / 2, i % 2), x, new Zmm(weights + i));
        }
    }
}

/// <summary>bf16 weights and bf16 rows (AVX512-BF16): a step is a pair of inputs, both products of which an instruction adds to every output.</summary>
internal sealed record Bf16Tiles : VectorTiles
{
    public override int MostRows => 14;
    public override long Steps(PanelMatrix matrix) => (matrix.Inputs + 1) / 2;
    public override int PanelStep => 128;
    public override int RowStep => 4;

    public override void WriteStep(TileWriter tile)
    {
        tile.Prefetch(0, PanelStep / 64);
        int weights = tile.FirstFree;
        var x = new Zmm(weights + 2 * tile.Panels);
        for (int i = 0; i < 2 * tile.Panels; i++) tile.Code.Load(new Zmm(weights + i), TileWriter.Panel(i / 2, i % 2 * 64));
        for (int row = 0; row < tile.Rows; row++)
        {
            tile.Code.Broadcast(x, TileWriter.Row(row, 0));
            for (int i = 0; i < 2 * tile.Panels; i++) tile.Code.DotBf16(tile.Accumulator(row, i / 2, i % 2), x, new Zmm(weights + i));
        }
    }
}
