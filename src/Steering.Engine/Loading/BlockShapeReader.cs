namespace Steering.Engine.Loading;

/// <summary>What config.json says of single blocks: which attend within a window, which rotate, which are mixtures of experts.</summary>
internal static class BlockShapeReader
{
    private const string FullAttention = "full_attention", SlidingAttention = "sliding_attention";

    /// <exception cref="ModelFormatException">A field is malformed, or asks for a window where the family has none.</exception>
    public static ValueList<BlockShape> Read(JsonSection config, DecoderFamily family, int blocks, bool hasExperts)
    {
        int window = Window(config, family);
        var slides = Slides(config, family, blocks, window > 0);
        var rotates = Rotates(config, family, blocks);
        var dense = Dense(config, family, blocks, hasExperts);
        return new ValueList<BlockShape>([.. Enumerable.Range(0, blocks).Select(i => new BlockShape(
            !rotates(i) ? BlockRotation.None : slides(i) && family.LocalRopeTheta is not null ? BlockRotation.Local : BlockRotation.Main,
            slides(i) ? window : 0, !dense(i)))]);
    }

    // 0: none.
    private static int Window(JsonSection config, DecoderFamily family)
    {
        const string field = "sliding_window";
        bool isUsed = config.Bool("use_sliding_window") ?? family.Windows != WindowPattern.Upper;
        int? window = config.Has(field) ? config.Int(field, 0, int.MaxValue) : family.Window;
        if (!isUsed || window is null or 0) return 0;
        if (family.Windows == WindowPattern.None) throw config.Error(field, "sliding-window attention is not supported for this model_type; supported: null");
        return window.Value;
    }

    private static Func<int, bool> Slides(JsonSection config, DecoderFamily family, int blocks, bool hasWindow)
    {
        const string field = "layer_types";
        var types = config.Strings(field);
        if (!types.IsDefault)
        {
            if (types.Length != blocks) throw config.Error(field, $"has {types.Length} items; there are {blocks} blocks");
            if (types.FirstOrDefault(t => t is not (FullAttention or SlidingAttention)) is { } other)
                throw config.Error(field, $"\"{other}\" is not supported; supported: {FullAttention}, {SlidingAttention}");
            if (!hasWindow && types.Contains(SlidingAttention))
                throw config.Error(field, family.Windows == WindowPattern.None ? $"only a list of \"{FullAttention}\" is supported for this model_type" : $"has {SlidingAttention}, but there is no sliding_window");
            return block => types[block] == SlidingAttention;
        }
        if (!hasWindow) return _ => false;
        switch (family.Windows)
        {
            case WindowPattern.Upper:
                int first = config.Int("max_window_layers", 0, int.MaxValue) ?? 28;
                return block => block >= first;
            case WindowPattern.AllButEveryNth:
                string name = config.Has("sliding_window_pattern") ? "sliding_window_pattern" : "_sliding_window_pattern";
                int interval = config.Int(name, 1, int.MaxValue) ?? family.WindowInterval;
                return block => (block + 1) % interval != 0;
            default:
                return _ => true;
        }
    }

    private static Func<int, bool> Rotates(JsonSection config, DecoderFamily family, int blocks)
    {
        if (family.LearnedPositions) return _ => false;
        if (family.UnrotatedInterval is not { } byDefault) return _ => true;
        const string field = "no_rope_layers";
        if (config.TryGet(field, out _))
        {
            // 1 for the blocks that do rotate, whatever the name says.
            var rotates = config.Ints(field, 0, 1);
            return rotates.Length == blocks ? block => rotates[block] == 1 : throw config.Error(field, $"has {rotates.Length} items; there are {blocks} blocks");
        }
        int interval = config.Int("no_rope_layer_interval", 1, int.MaxValue) ?? byDefault;
        return block => (block + 1) % interval != 0;
    }

    private static Func<int, bool> Dense(JsonSection config, DecoderFamily family, int blocks, bool hasExperts)
    {
        if (!hasExperts) return _ => true;
        if (!family.Experts!.HasDenseBlocks) return _ => false;
        var dense = config.Ints("mlp_only_layers", 0, blocks - 1);
        int step = config.Int("decoder_sparse_step", 1, int.MaxValue) ?? 1;
        return block => (!dense.IsDefault && dense.Contains(block)) || (block + 1) % step != 0;
    }
}
