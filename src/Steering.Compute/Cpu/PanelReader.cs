using System.Runtime.CompilerServices;

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

    private void Groups<TLanes>(byte* panel, int part, float* destination) where TLanes : unmanaged, ILanes<TLanes>
    {
        int perPart = Width / _groups.Length, end = Math.Min(_groupCount, (part + 1) * perPart);
        var zero = TLanes.BroadcastBits(-_groups.ZeroPoint);
        for (int g = part * perPart; g < end; g++)
        {
            byte* group = panel + (long)g * _groups.Bytes;
            for (int half = 0; half < 2; half++)
            {
                TLanes scale = _groups.Scales<TLanes>(group, half), offset = _groups.HasOffset ? _groups.Scales<TLanes>(group, 2 + half) : TLanes.Zero;
                for (int step = 0; step < _groups.Length / 4; step++)
                {
                    var four = _groups.Four<TLanes>(group, step, half);
                    for (int k = 0; k < 4; k++)
                    {
                        var value = TLanes.AddDots(zero, four, 1 << 8 * k).ToSingle();
                        TLanes.FusedMultiplyAdd(value, scale, offset).Store(destination + (step * 4 + k) * Width + 16 * half);
                    }
                }
            }
            destination += _groups.Length * Width;
        }
    }
}
