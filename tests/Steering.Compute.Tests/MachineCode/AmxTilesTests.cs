using Steering.Compute;
using Steering.Compute.Cpu;
using Steering.Compute.Cpu.MachineCode;

namespace Steering.Tests.MachineCode;

/// <summary>The AMX kernels on any processor. Where there is AMX the tests of products and models run them too, as <c>amx</c>.</summary>
public sealed unsafe class AmxTilesTests
{
    public static TheoryData<int, bool> Tiles()
    {
        var tiles = new TheoryData<int, bool>();
        for (int rows = 1; rows <= new AmxTiles().MostRows; rows++)
            foreach (bool isRepeated in (bool[])[false, true]) tiles.Add(rows, isRepeated);
        return tiles;
    }

    [Theory]
    [MemberData(nameof(Tiles))]
    public void A_tile_of_rows_is_multiplied_by_a_panel_and_nothing_else_is_written(int rows, bool isRepeated)
    {
        const int steps = 3, inputs = steps * AmxTiles.StepInputs, width = PanelMatrix.Width, rowBytes = 2 * inputs + 64, outputStride = width + 5;
        var format = new AmxTiles();
        int readRows = (rows + format.RowGranule - 1) / format.RowGranule * format.RowGranule;
        using var weights = new DeviceBuffer(inputs * width * sizeof(ushort));
        using var x = new DeviceBuffer(readRows * rowBytes);
        using var y = new DeviceBuffer(33 * outputStride * sizeof(float));
        // Small integers: their sums are exact in every order.
        for (int i = 0; i < inputs * width; i++) weights.Span<ushort>()[i] = RowFormats.ToBf16(i * 37 % 201 - 100);
        for (int i = 0; i < readRows; i++)
            for (int k = 0; k < inputs; k++) x.Span<ushort>()[i * rowBytes / 2 + k] = RowFormats.ToBf16((i * 61 + k * 53) % 97 - 48);
        y.Span<float>().Fill(-7);
        var arguments = new TileArguments(weights.Address, weights.Bytes, x.Address, rowBytes, y.Address, outputStride * sizeof(float), steps, weights.Address, 64);

        var interpreter = new TileInterpreter();
        interpreter.Run(format.Write(rows, isRepeated ? TileVariant.Repeated : TileVariant.Single), (nint)(&arguments));

        Assert.Equal(steps * (rows > 16 ? 4 : 2), interpreter.Products);
        for (int i = 0; i < 33; i++)
        {
            for (int o = 0; o < outputStride; o++)
            {
                double expected = i < rows && o < width ? Enumerable.Range(0, inputs).Sum(k => ((i * 61 + k * 53) % 97 - 48.0) * (((k / 2 * width + o) * 2 + k % 2) * 37 % 201 - 100)) : -7;
                Assert.Equal(expected, y.Span<float>()[i * outputStride + o]);
            }
        }
    }

    [Theory]
    [InlineData(1), InlineData(16), InlineData(17), InlineData(32), InlineData(33), InlineData(48), InlineData(80), InlineData(100), InlineData(512)]
    public void Rows_are_cut_at_multiples_of_sixteen(int rows)
    {
        var kernel = TileKernel.Of(new AmxTiles());
        if (kernel is null) return; // no executable memory: no products of tiles
        var product = new TileProduct(0, 64, rows, null, 0, kernel, 1);
        for (int tile = 0; tile < product.Tiles; tile++)
        {
            Assert.Equal(0, product.First(tile) % 16);
            Assert.InRange(product.First(tile + 1) - product.First(tile), 1, 32);
        }
        Assert.Equal(((rows + 31) / 32, rows), (product.Tiles, product.First(product.Tiles)));
    }
}
