namespace Throughline.Engine.Logs.Blocks;

/// <summary>
/// What stands in a template for a part of a body that varies (docs/format/logs.md, "Templates"). The numbers are the format's: bytes that no UTF-8 text has, so that a template is the body's
/// text with its variable parts replaced. All but <see cref="Number"/>, <see cref="Word"/> and <see cref="Text"/> are followed by a byte.
/// </summary>
internal enum BodySlot : byte
{
    /// <summary>Digits without a leading zero.</summary>
    Number = 0xF8,
    /// <summary>So many digits, the first of them 0.</summary>
    Padded = 0xF9,
    /// <summary>Digits, a point, and so many digits.</summary>
    Decimal = 0xFA,
    /// <summary>So many hexadecimal digits in lower case.</summary>
    HexLower = 0xFB,
    /// <summary>So many hexadecimal digits in upper case.</summary>
    HexUpper = 0xFC,
    /// <summary>A short text.</summary>
    Word = 0xFD,
    /// <summary>A whole body.</summary>
    Text = 0xFE,
}
