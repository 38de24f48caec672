namespace Steering.Methods.Extraction;

/// <summary>The data give no vector; the message says why and what would.</summary>
public sealed class ExtractionException(string message) : Exception(message);
