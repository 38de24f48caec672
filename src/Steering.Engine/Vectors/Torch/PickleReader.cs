using Steering.Engine.Loading;

namespace Steering.Engine.Vectors.Torch;

/// <summary>
/// The stack machine of a pickle (protocols 2 to 5), without its ability to call: it makes numbers, texts, tuples (<c>object?[]</c>), lists (<c>List&lt;object?&gt;</c>) and
/// <see cref="PickleMap"/>s, and asks <see cref="TorchObjects"/> for the few things torch.save writes besides. Every other name or instruction is refused where it stands.
/// Format: https://github.com/python/cpython/blob/main/Lib/pickletools.py.
/// </summary>
internal sealed class PickleReader(PickleInput input, TorchObjects objects, ReadBudget budget)
{
    // What one instruction allocates beside its text and its items: a boxed number or an empty container, its place on the growing stack or in the growing memo.
    private const int InstructionCost = 128;

    // A place in a growing list of pairs, counted with the copies that growing makes.
    private const int ItemCost = 48;

    private readonly List<object?> _stack = [];
    private readonly Stack<int> _marks = [];
    private readonly List<object?> _memo = [];

    /// <summary>The one value that the pickle makes.</summary>
    /// <exception cref="ModelFormatException">It is malformed, cut off, names anything that is not torch's own data, or does not fit the budget.</exception>
    public object? Read()
    {
        if (input.Opcode() != PickleOpcode.Proto) throw input.Bad("does not begin with its protocol; expected protocol 2 to 5");
        ReadProtocol();
        while (true)
        {
            var opcode = input.Opcode();
            if (opcode == PickleOpcode.Stop) break;
            budget.Take(InstructionCost, PickleInput.Name);
            Execute(opcode);
        }
        if (_stack.Count != 1 || _marks.Count != 0) throw input.Bad($"stops with {_stack.Count} values on the stack; expected one");
        if (input.Left != 0) throw input.Bad($"stops {input.Left} bytes before its end");
        return _stack[0];
    }

    private void Execute(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Proto: ReadProtocol(); break;
            case PickleOpcode.Frame: ReadFrame(); break;
            case PickleOpcode.Mark: _marks.Push(_stack.Count); break;
            case PickleOpcode.None: _stack.Add(null); break;
            case PickleOpcode.NewTrue: _stack.Add(true); break;
            case PickleOpcode.NewFalse: _stack.Add(false); break;
            case PickleOpcode.BinInt: _stack.Add((long)input.Int32()); break;
            case PickleOpcode.BinInt1: _stack.Add((long)input.Byte()); break;
            case PickleOpcode.BinInt2: _stack.Add((long)input.UInt16()); break;
            case PickleOpcode.Long1: _stack.Add(input.Long(input.Byte())); break;
            case PickleOpcode.Int: _stack.Add(ParseInt(input.Line())); break;
            case PickleOpcode.BinFloat: _stack.Add(input.Double()); break;
            case PickleOpcode.ShortBinUnicode: _stack.Add(input.Text(input.Byte())); break;
            case PickleOpcode.BinUnicode: _stack.Add(input.Text(input.UInt32())); break;
            case PickleOpcode.BinUnicode8: _stack.Add(input.Text(input.UInt64())); break;
            case PickleOpcode.EmptyTuple: _stack.Add(Array.Empty<object?>()); break;
            case PickleOpcode.Tuple1: _stack.Add(Take(1)); break;
            case PickleOpcode.Tuple2: _stack.Add(Take(2)); break;
            case PickleOpcode.Tuple3: _stack.Add(Take(3)); break;
            case PickleOpcode.Tuple: _stack.Add(TakeToMark()); break;
            case PickleOpcode.EmptyList: _stack.Add(new List<object?>()); break;
            case PickleOpcode.Append: AddTo(Take(1)); break;
            case PickleOpcode.Appends: AddTo(TakeToMark()); break;
            case PickleOpcode.EmptyDict: _stack.Add(new PickleMap(isOrdered: false)); break;
            case PickleOpcode.SetItem: SetIn(Take(2)); break;
            case PickleOpcode.SetItems: SetIn(TakeToMark()); break;
            case PickleOpcode.BinPut: Store(input.Byte()); break;
            case PickleOpcode.LongBinPut: Store(input.UInt32()); break;
            case PickleOpcode.Memoize: Store((uint)_memo.Count); break;
            case PickleOpcode.BinGet: _stack.Add(Recall(input.Byte())); break;
            case PickleOpcode.LongBinGet: _stack.Add(Recall(input.UInt32())); break;
            case PickleOpcode.Global: _stack.Add(TorchObjects.Find(input.Line(), input.Line(), input)); break;
            case PickleOpcode.StackGlobal: _stack.Add(FindNamed(Take(2))); break;
            case PickleOpcode.BinPersId: _stack.Add(objects.FindStorage(Take(1)[0], input)); break;
            case PickleOpcode.Reduce: _stack.Add(Call(Take(2))); break;
            case PickleOpcode.Build: SetState(Take(1)[0]); break;
            case PickleOpcode.Inst:
                // Its operand is a name, and the name says more than the instruction.
                TorchObjects.Find(input.Line(), input.Line(), input);
                throw Unsupported(opcode);
            default: throw Unsupported(opcode);
        }
    }

    private void ReadProtocol()
    {
        byte protocol = input.Byte();
        if (protocol is < 2 or > 5) throw input.Bad($"is pickle protocol {protocol}; expected 2 to 5");
    }

    private void ReadFrame()
    {
        ulong length = input.UInt64();
        if (length > (ulong)input.Left) throw input.Bad($"announces a frame of {length} bytes where {input.Left} are left");
    }

    private object ParseInt(string line) => line switch
    {
        // How protocol 1 wrote booleans.
        "00" => false,
        "01" => true,
        _ => long.TryParse(line, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out long value) ? value
            : throw input.Bad("holds a whole number that is none or has more than 64 bits"),
    };

    private object? Top() => _stack.Count > Floor ? _stack[^1] : throw Empty();

    // Nothing below the last mark can be taken.
    private int Floor => _marks.TryPeek(out int mark) ? mark : 0;

    private object?[] Take(int count)
    {
        if (_stack.Count - count < Floor) throw Empty();
        return Cut(_stack.Count - count);
    }

    private object?[] TakeToMark() => _marks.TryPop(out int mark) ? Cut(mark) : throw input.Bad("needs a mark where there is none");

    private object?[] Cut(int from)
    {
        int count = _stack.Count - from;
        budget.Take((long)count * ItemCost, PickleInput.Name);
        object?[] taken = new object?[count];
        _stack.CopyTo(from, taken, 0, count);
        _stack.RemoveRange(from, count);
        return taken;
    }

    private void AddTo(object?[] items)
    {
        if (Top() is not List<object?> list) throw input.Bad($"appends to {Describe(Top())}; expected a list");
        list.AddRange(items);
    }

    private void SetIn(object?[] items)
    {
        if (Top() is not PickleMap map) throw input.Bad($"sets an item of {Describe(Top())}; expected a dict");
        if (items.Length % 2 != 0) throw input.Bad("sets a key without a value");
        for (int i = 0; i < items.Length; i += 2) map.Items.Add(new(items[i], items[i + 1]));
    }

    // Every pickler numbers what it stores 0, 1, 2 ..., some more than once.
    private void Store(uint index)
    {
        object? value = Top();
        if (index > _memo.Count) throw input.Bad($"stores value {index} where {_memo.Count} are stored; expected them in order");
        if (index == _memo.Count) _memo.Add(value);
        else _memo[(int)index] = value;
    }

    private object? Recall(uint index) => index < _memo.Count ? _memo[(int)index] : throw input.Bad($"recalls value {index}, of {_memo.Count} that are stored");

    private object FindNamed(object?[] names) =>
        names is [string module, string name] ? TorchObjects.Find(module, name, input) : throw input.Bad($"names something by {Describe(names[0])} and {Describe(names[1])}; expected two texts");

    private object Call(object?[] call) => call is [PickleGlobal callee, object?[] arguments] ? objects.Call(callee, arguments, input)
        : throw input.Bad($"calls {Describe(call[0])} with {Describe(call[1])}; {TorchObjects.Remedy}");

    // An OrderedDict may have attributes: a state_dict has _metadata, the versions of its modules. They are no vectors, and go.
    private void SetState(object? state)
    {
        if (Top() is not PickleMap { IsOrdered: true } || state is not PickleMap) throw input.Bad($"sets the state of {Describe(Top())} (BUILD), which would run its code on loading; {TorchObjects.Remedy}");
    }

    private ModelFormatException Unsupported(PickleOpcode opcode) => input.Bad(
        $"has the pickle instruction {(Enum.IsDefined(opcode) ? opcode.ToString() : $"0x{(byte)opcode:x2}")}, which torch.save does not need for tensors; {TorchObjects.Remedy}");

    private ModelFormatException Empty() => input.Bad("needs more values than are on the stack");

    private static string Describe(object? value) => TorchObjects.Describe(value);
}
