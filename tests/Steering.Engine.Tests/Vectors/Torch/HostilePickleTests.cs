using System.Text;
using Steering.Engine.Loading;
using Steering.Engine.Vectors.Torch;

namespace Steering.Engine.Tests.Vectors.Torch;

/// <summary>A pickle is a program; here it gets nowhere: what it names is refused before anything is done, and what it multiplies runs out of the budget.</summary>
public sealed class HostilePickleTests
{
    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("__builtin__", "set")]
    [InlineData("torch._utils", "_rebuild_from_type_v2")]
    [InlineData("torch._utils", "_rebuild_sparse_tensor")]
    [InlineData("torch", "load")]
    [InlineData("torch", "complex64")]
    [InlineData("torch.serialization", "load")]
    [InlineData("collections", "defaultdict")]
    [InlineData("numpy.core.multiarray", "_reconstruct")]
    [InlineData("collections.OrderedDict", "__reduce__")]
    public void Names_that_are_no_tensors_are_refused_by_name(string module, string name)
    {
        string expected = $"names {module}.{name}, which would be called on loading; this reader builds tensors and plain containers only: save a state_dict or a tensor, or convert to safetensors";

        Assert.Contains(expected, Refusal(new PickleBytes().Global(module, name).Text("rm -rf /").Op(PickleOpcode.Tuple1).Op(PickleOpcode.Reduce)), StringComparison.Ordinal);
        Assert.Contains(expected, Refusal(new PickleBytes(4).Text(module).Text(name).Op(PickleOpcode.StackGlobal)), StringComparison.Ordinal);
        Assert.Contains(expected, Refusal(new PickleBytes().Op(PickleOpcode.Mark).Op(PickleOpcode.Inst, Encoding.UTF8.GetBytes($"{module}\n{name}\n"))), StringComparison.Ordinal);
        // Also where nobody would call it.
        Assert.Contains(expected, Refusal(new PickleBytes().Op(PickleOpcode.EmptyDict).Text("harmless").Global(module, name).Op(PickleOpcode.SetItem)), StringComparison.Ordinal);
    }

    [Fact]
    public void Types_that_are_not_read_are_refused_by_name() =>
        Assert.Contains("a tensor of torch.ComplexFloatStorage; expected numbers that are real and not quantised", Refusal(new PickleBytes().Storage("ComplexFloatStorage", "0", 1)), StringComparison.Ordinal);

    [Fact]
    public void Every_instruction_that_makes_objects_or_unwritten_types_is_refused_by_name()
    {
        PickleOpcode[] refused =
        [
            PickleOpcode.NewObj, PickleOpcode.NewObjEx, PickleOpcode.Obj, PickleOpcode.Ext1, PickleOpcode.Ext2, PickleOpcode.Ext4, PickleOpcode.PersId, PickleOpcode.EmptySet, PickleOpcode.AddItems,
            PickleOpcode.FrozenSet, PickleOpcode.BinBytes, PickleOpcode.ShortBinBytes, PickleOpcode.BinBytes8, PickleOpcode.ByteArray8, PickleOpcode.NextBuffer, PickleOpcode.ReadOnlyBuffer,
            PickleOpcode.Long4, PickleOpcode.Dup, PickleOpcode.Pop, PickleOpcode.PopMark, PickleOpcode.Dict, PickleOpcode.List, PickleOpcode.Get, PickleOpcode.Put, PickleOpcode.Unicode,
        ];
        foreach (var opcode in refused)
        {
            var pickle = new PickleBytes(5).Global("collections", "OrderedDict").Op(PickleOpcode.EmptyTuple).Op(opcode, 1, (byte)'\n', 0, 0, 0, 0, 0, 0, 0);
            Assert.Contains($"has the pickle instruction {opcode},", Refusal(pickle), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Bytes_that_are_no_instruction_are_refused()
    {
        for (int value = 0; value < 256; value++)
        {
            if (Enum.IsDefined((PickleOpcode)value)) continue;
            Assert.Contains($"has the pickle instruction 0x{value:x2},", Refusal(new PickleBytes().Op((PickleOpcode)value)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void State_is_set_on_ordered_dictionaries_only_and_dropped()
    {
        PickleBytes Ordered() => new PickleBytes().Global("collections", "OrderedDict").Op(PickleOpcode.EmptyTuple).Op(PickleOpcode.Reduce);

        Assert.Null(Outcome(Ordered().Op(PickleOpcode.EmptyDict).Op(PickleOpcode.Build)));
        Assert.Contains("sets the state of a dict (BUILD), which would run its code", Refusal(new PickleBytes().Op(PickleOpcode.EmptyDict).Op(PickleOpcode.EmptyDict).Op(PickleOpcode.Build)), StringComparison.Ordinal);
        Assert.Contains("(BUILD)", Refusal(Ordered().Text("state").Op(PickleOpcode.Build)), StringComparison.Ordinal);
        Assert.Contains("(BUILD)", Refusal(new PickleBytes().Global("torch", "Size").Op(PickleOpcode.EmptyDict).Op(PickleOpcode.Build)), StringComparison.Ordinal);
    }

    [Fact]
    public void Known_names_are_called_only_as_torch_calls_them()
    {
        Assert.Contains("calls torch.device with (an int)", Refusal(new PickleBytes().Global("torch", "device").Numbers(1).Op(PickleOpcode.Reduce)), StringComparison.Ordinal);
        Assert.Contains("calls torch.FloatStorage with ()", Refusal(new PickleBytes().Global("torch", "FloatStorage").Op(PickleOpcode.EmptyTuple).Op(PickleOpcode.Reduce)), StringComparison.Ordinal);
        Assert.Contains("calls torch._utils._rebuild_tensor_v2 with ()", Refusal(new PickleBytes().Global("torch._utils", "_rebuild_tensor_v2").Op(PickleOpcode.EmptyTuple).Op(PickleOpcode.Reduce)), StringComparison.Ordinal);
        Assert.Contains("calls torch._utils._rebuild_parameter", Refusal(new PickleBytes().Global("torch._utils", "_rebuild_parameter").Numbers(1, 2, 3).Op(PickleOpcode.Reduce)), StringComparison.Ordinal);
        Assert.Contains("calls collections.OrderedDict", Refusal(new PickleBytes().Global("collections", "OrderedDict").Numbers(1).Op(PickleOpcode.Reduce)), StringComparison.Ordinal);
        Assert.Contains("calls a str with a tuple", Refusal(new PickleBytes().Text("f").Op(PickleOpcode.EmptyTuple).Op(PickleOpcode.Reduce)), StringComparison.Ordinal);
        Assert.Contains("is torch.device itself, not a value made by it", Refusal(new PickleBytes().Global("torch", "device")), StringComparison.Ordinal);
        Assert.Contains("is a storage itself", Refusal(new PickleBytes().Storage("FloatStorage", "0", 1)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((byte)PickleOpcode.Tuple1)]
    [InlineData((byte)PickleOpcode.Tuple)]
    [InlineData((byte)PickleOpcode.Append)]
    [InlineData((byte)PickleOpcode.Appends)]
    [InlineData((byte)PickleOpcode.SetItem)]
    [InlineData((byte)PickleOpcode.SetItems)]
    [InlineData((byte)PickleOpcode.Reduce)]
    [InlineData((byte)PickleOpcode.Build)]
    [InlineData((byte)PickleOpcode.BinPersId)]
    [InlineData((byte)PickleOpcode.StackGlobal)]
    [InlineData((byte)PickleOpcode.Memoize)]
    [InlineData((byte)PickleOpcode.Stop)]
    public void Instructions_that_need_values_do_not_find_them_on_an_empty_stack_or_below_a_mark(byte opcode)
    {
        Assert.NotNull(Outcome(new PickleBytes().Op((PickleOpcode)opcode)));
        Assert.NotNull(Outcome(new PickleBytes().Op(PickleOpcode.EmptyDict).Op(PickleOpcode.EmptyDict).Op(PickleOpcode.Mark).Op((PickleOpcode)opcode)));
    }

    [Fact]
    public void Values_of_the_wrong_kind_are_refused()
    {
        Assert.Contains("appends to a dict", Refusal(new PickleBytes().Op(PickleOpcode.EmptyDict).Op(PickleOpcode.None).Op(PickleOpcode.Append)), StringComparison.Ordinal);
        Assert.Contains("sets an item of a list", Refusal(new PickleBytes().Op(PickleOpcode.EmptyList).Numbers().Op(PickleOpcode.None).Op(PickleOpcode.SetItem)), StringComparison.Ordinal);
        Assert.Contains("a key without a value", Refusal(new PickleBytes().Op(PickleOpcode.EmptyDict).Op(PickleOpcode.Mark).Op(PickleOpcode.None).Op(PickleOpcode.SetItems)), StringComparison.Ordinal);
        Assert.Contains("has a tuple for a key", Refusal(new PickleBytes().Op(PickleOpcode.EmptyDict).Numbers(1).Op(PickleOpcode.None).Op(PickleOpcode.SetItem)), StringComparison.Ordinal);
        Assert.Contains("by an int and a str", Refusal(new PickleBytes().Number(1).Text("x").Op(PickleOpcode.StackGlobal)), StringComparison.Ordinal);
        Assert.Contains("the key '4' twice", Refusal(new PickleBytes().Op(PickleOpcode.EmptyDict).Op(PickleOpcode.Mark).Number(4).Op(PickleOpcode.None).Text("4").Op(PickleOpcode.None).Op(PickleOpcode.SetItems)), StringComparison.Ordinal);
        Assert.Contains("has the persistent id a str", Refusal(new PickleBytes().Text("0").Op(PickleOpcode.BinPersId)), StringComparison.Ordinal);
        Assert.Contains("recalls value 3, of 0", Refusal(new PickleBytes().Op(PickleOpcode.BinGet, 3)), StringComparison.Ordinal);
        Assert.Contains("stores value 4294967295", Refusal(new PickleBytes().Op(PickleOpcode.None).Op(PickleOpcode.LongBinPut, 0xff, 0xff, 0xff, 0xff)), StringComparison.Ordinal);
        Assert.Contains("a whole number of 9 bytes", Refusal(new PickleBytes().Op(PickleOpcode.Long1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0)), StringComparison.Ordinal);
        Assert.Contains("more than 64 bits", Refusal(new PickleBytes().Op(PickleOpcode.Int, "99999999999999999999\n"u8)), StringComparison.Ordinal);
        Assert.Contains("pickle protocol 6", Refusal(new PickleBytes(6)), StringComparison.Ordinal);
        Assert.Contains("does not begin with its protocol", Outcome("(lp0\n."u8.ToArray())!.Message, StringComparison.Ordinal);
        Assert.Contains("1 bytes before its end", Outcome([.. new PickleBytes().Op(PickleOpcode.None).Stop(), 0])!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((byte)PickleOpcode.BinUnicode, new byte[] { 0xff, 0xff, 0xff, 0xff, 1 })]
    [InlineData((byte)PickleOpcode.BinUnicode, new byte[] { 2, 0, 0, 0, 0xc3, 0x28 })]
    [InlineData((byte)PickleOpcode.BinUnicode8, new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff })]
    [InlineData((byte)PickleOpcode.BinUnicode8, new byte[] { 0, 0, 0, 0, 1, 0, 0, 0 })]
    [InlineData((byte)PickleOpcode.ShortBinUnicode, new byte[] { 200, 1 })]
    [InlineData((byte)PickleOpcode.Frame, new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff })]
    [InlineData((byte)PickleOpcode.Global, new byte[] { 1, 2, 3 })]
    [InlineData((byte)PickleOpcode.Int, new byte[] { (byte)'1', (byte)'x', (byte)'\n' })]
    public void Lengths_beyond_the_pickle_and_text_that_is_none_are_refused(byte opcode, byte[] operand) => Assert.StartsWith("data.pkl at byte 2", Outcome(new PickleBytes().Op((PickleOpcode)opcode, operand))!.Field, StringComparison.Ordinal);

    [Fact]
    public void Containers_that_contain_themselves_are_refused()
    {
        var list = new PickleBytes().Op(PickleOpcode.EmptyList).Op(PickleOpcode.BinPut, 0).Op(PickleOpcode.BinGet, 0).Op(PickleOpcode.Append);
        var map = new PickleBytes().Op(PickleOpcode.EmptyDict).Op(PickleOpcode.BinPut, 0).Text("self").Op(PickleOpcode.BinGet, 0).Op(PickleOpcode.SetItem);

        Assert.Contains("or contains itself", Refusal(list), StringComparison.Ordinal);
        Assert.Contains("or contains itself", Refusal(map), StringComparison.Ordinal);
        Assert.StartsWith("self.self", Outcome(map)!.Field, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_is_bounded()
    {
        Assert.Null(Outcome(new PickleBytes().Op(PickleOpcode.None).Repeat(64, pickle => pickle.Op(PickleOpcode.Tuple1))));
        Assert.Contains("nested more than 64 deep", Refusal(new PickleBytes().Op(PickleOpcode.None).Repeat(65, pickle => pickle.Op(PickleOpcode.Tuple1))), StringComparison.Ordinal);
        Assert.NotNull(Outcome(new PickleBytes().Op(PickleOpcode.None).Repeat(90_000, pickle => pickle.Op(PickleOpcode.Tuple1))));
        Assert.NotNull(Outcome(new PickleBytes().Repeat(90_000, pickle => pickle.Op(PickleOpcode.Mark))));
    }

    [Theory]
    [InlineData((byte)PickleOpcode.EmptyList)]
    [InlineData((byte)PickleOpcode.EmptyDict)]
    [InlineData((byte)PickleOpcode.NewTrue)]
    [InlineData((byte)PickleOpcode.EmptyTuple)]
    public void What_is_recalled_again_and_again_is_counted_each_time(byte first)
    {
        // Ten places for what stands below, and ten for those, to a billion.
        var laughs = new PickleBytes(4).Op(PickleOpcode.Mark).Op((PickleOpcode)first).Op(PickleOpcode.Memoize);
        for (byte level = 0; level < 9; level++)
        {
            byte below = level;
            laughs.Op(PickleOpcode.Mark).Repeat(10, pickle => pickle.Op(PickleOpcode.BinGet, below)).Op(PickleOpcode.Tuple).Op(PickleOpcode.Memoize);
        }
        Assert.Contains("bytes to read where", Refusal(laughs.Op(PickleOpcode.Tuple)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((byte)PickleOpcode.EmptyList)]
    [InlineData((byte)PickleOpcode.EmptyDict)]
    [InlineData((byte)PickleOpcode.EmptyTuple)]
    [InlineData((byte)PickleOpcode.NewTrue)]
    [InlineData((byte)PickleOpcode.BinInt1, (byte)7)]
    [InlineData((byte)PickleOpcode.ShortBinUnicode, (byte)1, (byte)'x')]
    [InlineData((byte)PickleOpcode.BinFloat, (byte)0, (byte)0, (byte)0, (byte)0, (byte)0, (byte)0, (byte)0, (byte)0)]
    public void Many_small_values_stay_within_the_budget_read_or_refused(byte opcode, params byte[] operand)
    {
        foreach (int count in (int[])[20_000, 60_000, 120_000, 500_000])
        {
            // As items of a list; nested, each with one item; and each remembered.
            Outcome(new PickleBytes(4).Op(PickleOpcode.EmptyList).Op(PickleOpcode.Mark).Repeat(count, pickle => pickle.Op((PickleOpcode)opcode, operand)).Op(PickleOpcode.Appends));
            Outcome(new PickleBytes(4).Op(PickleOpcode.EmptyList).Repeat(count, pickle => pickle.Op((PickleOpcode)opcode, operand).Op(PickleOpcode.Append)));
            Outcome(new PickleBytes(4).Op(PickleOpcode.Mark).Repeat(count, pickle => pickle.Op((PickleOpcode)opcode, operand).Op(PickleOpcode.Memoize).Op(PickleOpcode.Tuple1)).Op(PickleOpcode.Tuple));
        }
    }

    [Fact]
    public void Many_small_dictionaries_stay_within_the_budget_read_or_refused()
    {
        foreach (int count in (int[])[10_000, 20_000, 40_000, 200_000])
            Outcome(new PickleBytes(4).Op(PickleOpcode.Mark)
                .Repeat(count, pickle => pickle.Op(PickleOpcode.EmptyDict).Op(PickleOpcode.BinInt1, 1).Op(PickleOpcode.None).Op(PickleOpcode.SetItem)).Op(PickleOpcode.Tuple));
    }

    [Fact]
    public void Every_truncation_of_a_pickle_is_refused()
    {
        byte[] whole = new PickleBytes().Op(PickleOpcode.EmptyDict).Text("v").Tensor("FloatStorage", 1, 0, [1], [1]).Op(PickleOpcode.SetItem).Stop();

        Assert.Null(Outcome(whole));
        for (int length = 0; length < whole.Length; length++) Assert.NotNull(Outcome(whole[..length]));
    }

    [Fact]
    public void Flipped_bits_in_a_pickle_never_do_worse_than_an_error()
    {
        byte[] whole = new PickleBytes().Op(PickleOpcode.EmptyDict).Text("v").Tensor("FloatStorage", 1, 0, [1], [1]).Op(PickleOpcode.SetItem)
            .Text("list").Op(PickleOpcode.EmptyList).Op(PickleOpcode.BinPut, 0).Op(PickleOpcode.Mark).Number(1).Op(PickleOpcode.None).Op(PickleOpcode.Appends).Op(PickleOpcode.SetItem).Stop();

        Assert.InRange(Reading.Refused(whole, 4000, Outcome), 2000, 3999);
    }

    private static string Refusal(PickleBytes pickle) => Outcome(pickle)!.Message;

    private static ModelFormatException? Outcome(PickleBytes pickle) => Outcome(pickle.Stop());

    private static ModelFormatException? Outcome(byte[] pickle) => Reading.Outcome(PickleBytes.Archive(pickle, [0, 0, 0x80, 0x3f]), TorchArchive.Read);
}
