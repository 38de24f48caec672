using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Steering.Compute.Cpu;

/// <summary>Reads weights of a <see cref="PanelMatrix"/> back as f32, whatever they are kept as. Jobs are unmanaged, so it holds no references.</summary>
internal readonly unsafe struct PanelReader(PanelMatrix matrix)
{
    private const int Width = PanelMatrix.Width;

    private readonly byte* _panels = matrix.Panel(0);
    private readonly long _panelBytes = matrix.PanelBytes;
    private readonly int _inputs = matrix.Inputs, _groupCount = matrix.GroupCount;
    private readonly DType _type = matrix.Type;
    private readonly GroupLayout _groups = matrix.Groups;

    /// <summary>Of 32 inputs of a panel.</summary>
    private readonly long _partBytes = matrix.Type.IsQuantised() ? Width / matrix.Groups.Length * (long)matrix.Groups.Bytes : (long)Width * Width * matrix.Type.Size();

    /// <summary>Inputs [32 part, 32 part + 32) of a panel: destination[input, output]. What lies behind the last input is left alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Widen<TLanes>(int panel, int part, float* destination) where TLanes : unmanaged, ILanes<TLanes>
    {
        byte* at = _panels + panel * _panelBytes;
        switch (_type)
        {
            case DType.F32: Pairs<TLanes, F32Panel>(at, part, destination); break;
            case DType.F16: Pairs<TLanes, F16Panel>(at, part, destination); break;
            case DType.Bf16: Pairs<TLanes, Bf16Panel>(at, part, destination); break;
            default: Groups<TLanes>(at, part, destination); break;
        }
    }

    /// <summary>Where inputs [32 part, 32 part + 32) of a panel are.</summary>
    public byte* Part(int panel, int part) => _panels + panel * _panelBytes + part * _partBytes;

    /// <summary>Asks for what <see cref="Widen"/> will read. Parts of neighbouring panels lie so far apart that the processor does not foresee them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int panel, int part)
    {
        if (!Sse.IsSupported) return;
        byte* at = Part(panel, part);
        for (long offset = 0; offset < _partBytes; offset += 64) Sse.Prefetch0(at + offset);
    }

    [MethodImpl(Compiled.Apart)]
    private void Pairs<TLanes, TPanel>(byte* panel, int part, float* destination) where TLanes : unmanaged, ILanes<TLanes> where TPanel : unmanaged, IPanelFormat
    {
        int pairs = Math.Min(Width / 2, (_inputs - part * Width + 1) / 2);
        panel += (long)part * (Width / 2) * TPanel.PairBytes;
        for (int pair = 0; pair < pairs; pair++, panel += TPanel.PairBytes, destination += 2 * Width)
        {
            for (int half = 0; half < 2; half++)
            {
                TPanel.Load(panel, half, out TLanes even, out TLanes odd);
                even.Store(destination + 16 * half);
                odd.Store(destination + Width + 16 * half);
            }
        }
    }

    [MethodImpl(Compiled.Apart)]
    private void Groups<TLanes>(byte* panel, int part, float* destination) where TLanes : unmanaged, ILanes<TLanes>
    {
        int perPart = Width / _groups.Length, end = Math.Min(_groupCount, (part + 1) * perPart), header = _groups.HeaderBytes;
        long values = _groups.Bytes - header;
        var zero = TLanes.Broadcast(_groups.ZeroPoint);
        for (int g = part * perPart; g < end; g++)
        {
            byte* group = panel + (long)g * _groups.Bytes;
            for (int half = 0; half < 2; half++)
            {
                TLanes scale = _groups.Scales<TLanes>(group, half), offset = _groups.HasOffset ? _groups.Scales<TLanes>(group, 2 + half) : TLanes.Zero;
                byte* at = group + header + 64 * half;
                float* to = destination + 16 * half;
                for (long i = 0; i < values; i += 4 * Width)
                {
                    var bytes = TLanes.Load((float*)(at + i));
                    if (_groups.IsNibble)
                    {
                        StoreFour(bytes.Bits(0, GroupLayout.Nibbles), zero, scale, offset, to);
                        bytes = bytes.Bits(4, GroupLayout.Nibbles);
                        to += 4 * Width;
                    }
                    StoreFour(bytes, zero, scale, offset, to);
                    to += 4 * Width;
                }
            }
            destination += _groups.Length * Width;
        }
    }

    /// <summary>Four inputs of sixteen outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour<TLanes>(TLanes bytes, TLanes zero, TLanes scale, TLanes offset, float* to) where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes.FusedMultiplyAdd(bytes.Bits(0, byte.MaxValue).ToSingle() - zero, scale, offset).Store(to);
        TLanes.FusedMultiplyAdd(bytes.Bits(8, byte.MaxValue).ToSingle() - zero, scale, offset).Store(to + Width);
        TLanes.FusedMultiplyAdd(bytes.Bits(16, byte.MaxValue).ToSingle() - zero, scale, offset).Store(to + 2 * Width);
        TLanes.FusedMultiplyAdd(bytes.Bits(24, byte.MaxValue).ToSingle() - zero, scale, offset).Store(to + 3 * Width);
    }
}
