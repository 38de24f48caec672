namespace Steering.Engine.Tokenization;

/// <summary>A token that is found in the text itself, before the model sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="SingleWord">Only where no letter or digit touches it.</param>
/// <param name="StripLeft">Takes the white space before it along.</param>
/// <param name="StripRight">Takes the white space after it along.</param>
/// <param name="Normalized">Looked for in the normalized text, its own content normalized as well.</param>
/// <param name="Special">A control token: left out by decoding that skips those, and not found in text that is to be plain.</param>
internal sealed record AddedToken(int Id, string Content, bool SingleWord, bool StripLeft, bool StripRight, bool Normalized, bool Special);
