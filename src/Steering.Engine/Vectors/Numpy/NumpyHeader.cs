using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Steering.Engine.Loading;

namespace Steering.Engine.Vectors.Numpy;

/// <summary>
/// The header of a <c>.npy</c> file: a Python dictionary written out, <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (3, 4), }</c>, read by a parser that knows only this.
/// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1.0 to 3.0.
/// </summary>
/// <param name="Type">Of the elements.</param>
/// <param name="IsBigEndian">Whether their bytes are in network order.</param>
/// <param name="IsFortran">Whether the first index runs fastest.</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="DataStart">Where the elements begin in the file.</param>
internal sealed record NumpyHeader(StoredType Type, bool IsBigEndian, bool IsFortran, ImmutableArray<int> Shape, int DataStart)
{
    // numpy.load's own limit, max_header_size.
    private const int MaxLength = 10_000;

    /// <param name="bytes">The file.</param>
    /// <param name="file">For messages.</param>
    /// <param name="prefix">Of the fields in messages: the array's name where the file is one of many.</param>
    /// <exception cref="ModelFormatException">It is no such file, or its elements are not numbers that are read here.</exception>
    public static NumpyHeader Parse(ReadOnlySpan<byte> bytes, string file, string prefix)
    {
        if (!bytes.StartsWith(NumpyFile.Magic)) throw new ModelFormatException(file, $"{prefix}header", "does not begin with \\x93NUMPY; expected a .npy file of numpy.save");
        if (bytes.Length < 12) throw new ModelFormatException(file, $"{prefix}header", $"is cut off: the file has {bytes.Length} bytes");
        byte major = bytes[6];
        if (major is < 1 or > 3) throw new ModelFormatException(file, $"{prefix}header", $"is of version {major}.{bytes[7]}; expected 1.0, 2.0 or 3.0");
        int start = major == 1 ? 10 : 12;
        long length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (length > MaxLength) throw new ModelFormatException(file, $"{prefix}header", $"has {length} bytes; at most {MaxLength} are read, as by numpy");
        if (length > bytes.Length - start) throw new ModelFormatException(file, $"{prefix}header", $"has {length} bytes where {bytes.Length - start} are left");
        return new Parser(Encoding.Latin1.GetString(bytes.Slice(start, (int)length)), file, prefix).ReadHeader(start + (int)length);
    }

    private sealed class Parser(string text, string file, string prefix)
    {
        private int _at;

        public NumpyHeader ReadHeader(int dataStart)
        {
            (StoredType Type, bool IsBigEndian)? descr = null;
            bool? isFortran = null;
            ImmutableArray<int> shape = default;
            Expect('{');
            while (!Accept('}'))
            {
                string key = ReadText();
                Expect(':');
                switch (key)
                {
                    case "descr" when descr is null: descr = ReadType(); break;
                    case "fortran_order" when isFortran is null: isFortran = ReadBoolean(); break;
                    case "shape" when shape.IsDefault: shape = ReadShape(); break;
                    default: throw Bad("header", $"has the key '{Excerpt.Of(key)}' that is unknown or appears twice; expected descr, fortran_order and shape");
                }
                if (Accept(',')) continue;
                Expect('}');
                break;
            }
            SkipBlanks();
            if (_at != text.Length) throw Bad("header", $"goes on after its dictionary, at character {_at}");
            if (descr is null || isFortran is null || shape.IsDefault) throw Bad("header", "lacks one of descr, fortran_order and shape");
            return new NumpyHeader(descr.Value.Type, descr.Value.IsBigEndian, isFortran.Value, shape, dataStart);
        }

        private (StoredType Type, bool IsBigEndian) ReadType()
        {
            if (Accept('[')) throw Bad("descr", "is a structured type; save each field as an array of its own: np.savez(path, **{name: array[name] for name in array.dtype.names})");
            string descr = ReadText();
            if (descr is ['|' or '<' or '>', 'O', ..] or "O") throw Bad("descr", "holds pickled Python objects; save with allow_pickle=False: np.savez(path, **arrays)");
            string? name = descr is [_, var kind, .. var size] ? (kind, size) switch
            {
                ('b', "1") => "bool",
                ('f', "8") => "float64",
                ('f', "4") => "float32",
                ('f', "2") => "float16",
                ('i', "8" or "4" or "2" or "1") => $"int{size[0] - '0' << 3}",
                ('u', "8" or "4" or "2" or "1") => $"uint{size[0] - '0' << 3}",
                _ => null,
            } : null;
            var type = name is null ? null : StoredType.Find(name);
            // '|': one byte has no order.
            if (type is null || !(descr[0] is '<' or '>' || (descr[0] == '|' && type.Width == 1)))
                throw Bad("descr", $"is '{Excerpt.Of(descr)}'; expected floats (<f2, <f4, <f8), whole numbers or booleans: convert with array.astype(np.float32)");
            return (type, descr[0] == '>');
        }

        private bool ReadBoolean()
        {
            SkipBlanks();
            foreach (bool value in (ReadOnlySpan<bool>)[false, true])
            {
                string word = value ? "True" : "False";
                if (!text.AsSpan(_at).StartsWith(word)) continue;
                _at += word.Length;
                return value;
            }
            throw Bad("fortran_order", "is neither True nor False");
        }

        private ImmutableArray<int> ReadShape()
        {
            var sizes = ImmutableArray.CreateBuilder<int>();
            Expect('(');
            while (!Accept(')'))
            {
                if (sizes.Count == ArrayLayout.MaxDimensions) throw Bad("shape", $"has more than {ArrayLayout.MaxDimensions} dimensions");
                sizes.Add(ReadSize());
                if (Accept(',')) continue;
                Expect(')');
                // (3) is a number to Python; a shape of one size is (3,).
                if (sizes.Count == 1) throw Bad("shape", "is a number; expected a tuple such as (3,)");
                break;
            }
            return sizes.DrainToImmutable();
        }

        private int ReadSize()
        {
            SkipBlanks();
            int length = text.AsSpan(_at).IndexOfAnyExceptInRange('0', '9');
            if (!int.TryParse(text.AsSpan(_at, Math.Max(length, 0)), NumberStyles.None, CultureInfo.InvariantCulture, out int size))
                throw Bad("shape", $"has a size that is not a whole number of at most {int.MaxValue}, at character {_at} of the header");
            _at += length;
            return size;
        }

        // numpy writes no escapes: the keys are fixed and types have none.
        private string ReadText()
        {
            char quote = Accept('\'') ? '\'' : '"';
            if (quote == '"') Expect('"');
            int length = text.AsSpan(_at).IndexOfAny(quote, '\\', '\n');
            if (length < 0 || text[_at + length] != quote) throw Bad("header", $"has a text that does not end, at character {_at}");
            string read = text.Substring(_at, length);
            _at += length + 1;
            return read;
        }

        private void Expect(char expected)
        {
            if (!Accept(expected)) throw Bad("header", $"has no '{expected}' at character {_at}; expected {{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }}");
        }

        private bool Accept(char expected)
        {
            SkipBlanks();
            if (_at == text.Length || text[_at] != expected) return false;
            _at++;
            return true;
        }

        private void SkipBlanks()
        {
            while (_at < text.Length && text[_at] is ' ' or '\n') _at++;
        }

        private ModelFormatException Bad(string field, string message) => new(file, prefix + field, message);
    }
}
