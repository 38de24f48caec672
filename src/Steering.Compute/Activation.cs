namespace Steering.Compute;

/// <summary>The non-linearity between the two halves of an MLP.</summary>
public enum Activation
{
    /// <summary>x * sigmoid(x).</summary>
    Silu,
    /// <summary>x * Phi(x), Phi the normal distribution function.</summary>
    Gelu,
    /// <summary>x / 2 * (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), which checkpoints call gelu_new, gelu_fast or gelu_pytorch_tanh.</summary>
    GeluTanh,
}
