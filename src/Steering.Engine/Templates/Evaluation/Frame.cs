namespace Steering.Engine.Templates;

/// <summary>The variables of one running frame; null slots are missing. A macro keeps the frame it was defined in.</summary>
internal sealed class Frame
{
    private readonly Frame? _outer;

    public Frame(Execution execution, Frame? outer, FrameLayout layout)
    {
        (Execution, _outer, Slots) = (execution, outer, new object?[layout.SlotCount]);
        foreach (SlotLoad load in layout.Loads)
            Slots[load.Slot] = load.Hops < 0 ? execution.Variable(load.Name) : outer!.Up(load.Hops).Slots[load.OuterSlot];
    }

    public Execution Execution { get; }

    public object?[] Slots { get; }

    public Frame Up(int hops)
    {
        Frame frame = this;
        for (; hops > 0; hops--) frame = frame._outer!;
        return frame;
    }
}
