namespace Steering.Engine.Interventions;

/// <summary>The activations of a decoder that can be read and edited, in forward order (docs/decisions.md 10).</summary>
public enum SitePoint
{
    /// <summary>Output of the embedding table. One per model.</summary>
    Embed,
    /// <summary>Input of a block: the residual stream it receives.</summary>
    ResidPre,
    /// <summary>Output of the norm that feeds attention.</summary>
    NormAttn,
    /// <summary>Concatenated head outputs: input of the attention output projection.</summary>
    HeadIn,
    /// <summary>What attention adds to the residual stream.</summary>
    AttnOut,
    /// <summary>Output of the norm that feeds the MLP.</summary>
    NormMlp,
    /// <summary>act(gate), before the product with up.</summary>
    MlpGate,
    /// <summary>act(gate) * up: input of the MLP's down projection.</summary>
    MlpAct,
    /// <summary>What the MLP adds to the residual stream.</summary>
    MlpOut,
    /// <summary>Output of a block: the residual stream it leaves.</summary>
    ResidPost,
    /// <summary>Output of the final norm. One per model.</summary>
    FinalNorm,
}
