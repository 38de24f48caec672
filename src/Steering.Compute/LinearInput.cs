namespace Steering.Compute;

/// <summary>Rows for a matrix product, with what a backend made of them in advance for the matrix they are multiplied by next. That is forgotten where the rows change: pass the rows alone then.</summary>
/// <param name="Rows">[rows, inputs] of f32.</param>
/// <param name="Converted">The same rows in the backend's own format, valid until its next product; 0 for none.</param>
/// <param name="ConvertedStride">Bytes between them.</param>
public readonly record struct LinearInput(TensorView Rows, nint Converted = 0, long ConvertedStride = 0)
{
    public static implicit operator LinearInput(TensorView rows) => new(rows);
}
