using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Unicode;

namespace Steering.Engine.Loading;

/// <summary>
/// The JSON header of a safetensors file, read and checked in one pass: { name: { dtype, shape, data_offsets }, ..., __metadata__: { text: text } }.
/// Its limits keep what it allocates within the size of the file plus a constant, however the file lies.
/// Format: https://github.com/huggingface/safetensors#format.
/// </summary>
/// <param name="Tensors">By name.</param>
/// <param name="Metadata">The file's own key-value pairs.</param>
internal sealed record SafetensorsHeader(Dictionary<string, TensorEntry> Tensors, Dictionary<string, string> Metadata)
{
    /// <summary>The reference reader's limit.</summary>
    public const long MaxLength = 100_000_000;

    private const int MaxTensors = 131_072;
    private const int MaxNameLength = 512;
    private const int MaxNamesLength = 16 << 20;
    private const int MaxMetadataLength = 16 << 20;
    private const int MaxDimensions = 16;
    private const string MetadataName = "__metadata__";

    /// <param name="file">For messages.</param>
    /// <param name="json">The header's bytes, padding included.</param>
    /// <param name="dataStart">Where the tensors' bytes begin in the file.</param>
    /// <param name="dataLength">How many there are.</param>
    /// <exception cref="ModelFormatException">Anything is not as the format says.</exception>
    public static SafetensorsHeader Parse(string file, ReadOnlySpan<byte> json, long dataStart, long dataLength)
    {
        // The JSON reader does not look inside strings until they are decoded.
        if (!Utf8.IsValid(json)) throw new ModelFormatException(file, "header", "is not valid UTF-8");
        var parser = new Parser(file, dataStart, dataLength);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
        try
        {
            parser.ReadHeader(ref reader);
        }
        catch (JsonException error)
        {
            throw new ModelFormatException(file, $"header at byte {reader.BytesConsumed}", $"is not valid JSON: {error.Message}", error);
        }
        parser.CheckLayout();
        return new SafetensorsHeader(parser.Tensors, parser.Metadata);
    }

    private sealed class Parser(string file, long dataStart, long dataLength)
    {
        private long _namesLength;
        private long _metadataLength;
        private bool _hasMetadata;

        public Dictionary<string, TensorEntry> Tensors { get; } = new(StringComparer.Ordinal);
        public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

        public void ReadHeader(ref Utf8JsonReader reader)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw Bad("header", "must be a JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = Text(ref reader, MaxNameLength, "header", "", "tensor name");
                if (name == MetadataName)
                {
                    ReadMetadata(ref reader);
                    continue;
                }
                if (Tensors.Count == MaxTensors) throw Bad("header", $"has more than {MaxTensors} tensors");
                if ((_namesLength += name.Length) > MaxNamesLength) throw Bad("header", $"has more than {MaxNamesLength} characters of tensor names");
                if (name.Length == 0 || name.AsSpan().ContainsAnyInRange('\0', '\x1f')) throw Bad("header", "has a tensor name that is empty or holds control characters");
                if (!Tensors.TryAdd(name, ReadTensor(ref reader, name))) throw Bad(name, "appears twice in the header");
            }
            // Whatever follows the object other than blanks is an error of the JSON reader.
            reader.Read();
        }

        private void ReadMetadata(ref Utf8JsonReader reader)
        {
            if (_hasMetadata) throw Bad(MetadataName, "appears twice in the header");
            _hasMetadata = true;
            reader.Read();
            if (reader.TokenType == JsonTokenType.Null) return;
            if (reader.TokenType != JsonTokenType.StartObject) throw Bad(MetadataName, $"must be an object of strings, found {Describe(reader.TokenType)}");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string key = Text(ref reader, MaxNameLength, MetadataName, "", "key");
                reader.Read();
                if (reader.TokenType != JsonTokenType.String) throw Bad($"{MetadataName}.{key}", $"must be a string, found {Describe(reader.TokenType)}");
                string value = Text(ref reader, MaxMetadataLength, MetadataName, key, "value");
                if ((_metadataLength += 64 + key.Length + value.Length) > MaxMetadataLength) throw Bad(MetadataName, $"is longer than {MaxMetadataLength} characters");
                if (!Metadata.TryAdd(key, value)) throw Bad($"{MetadataName}.{key}", "appears twice");
            }
        }

        private TensorEntry ReadTensor(ref Utf8JsonReader reader, string name)
        {
            string? type = null;
            ImmutableArray<long> shape = default, offsets = default;
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw Bad(name, $"must be an object with dtype, shape and data_offsets, found {Describe(reader.TokenType)}");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                // Comparing decodes escapes, and throws where they are not valid Unicode.
                if (reader.ValueIsEscaped) Text(ref reader, MaxNameLength, name, "", "field name");
                if (reader.ValueTextEquals("dtype"u8) && type is null)
                {
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.String) throw Bad($"{name}.dtype", $"must be a string, found {Describe(reader.TokenType)}");
                    type = Text(ref reader, 32, name, "dtype", "value");
                }
                else if (reader.ValueTextEquals("shape"u8) && shape.IsDefault) shape = ReadSizes(ref reader, name, "shape", MaxDimensions);
                else if (reader.ValueTextEquals("data_offsets"u8) && offsets.IsDefault) offsets = ReadSizes(ref reader, name, "data_offsets", 2);
                else throw Bad($"{name}.{Text(ref reader, MaxNameLength, name, "", "field name")}", "is unknown or appears twice; a tensor has dtype, shape and data_offsets");
            }
            if (type is null) throw Bad($"{name}.dtype", "is missing");
            if (shape.IsDefault) throw Bad($"{name}.shape", "is missing");
            if (offsets.IsDefault) throw Bad($"{name}.data_offsets", "is missing");
            if (offsets.Length != 2) throw Bad($"{name}.data_offsets", $"must be two numbers, found {offsets.Length}");
            return Check(name, type, shape, offsets[0], offsets[1]);
        }

        private TensorEntry Check(string name, string typeName, ImmutableArray<long> shape, long begin, long end)
        {
            if (begin > end) throw Bad($"{name}.data_offsets", $"[{begin}, {end}] end before they begin");
            if (end > dataLength) throw Bad($"{name}.data_offsets", $"[{begin}, {end}] reach past the file's {dataLength} bytes of data");
            var (type, width) = ElementTypes.Parse(typeName);
            var entry = new TensorEntry(name, type, Intern(typeName), shape, dataStart + begin, end - begin);
            UInt128 bytes = (UInt128)Math.Max(width, 1);
            foreach (long size in shape)
            {
                bytes *= (UInt128)size;
                if (bytes > long.MaxValue) throw Bad($"{name}.shape", $"{entry.ShapeText} has more elements than can be counted");
            }
            // How wide an unknown type is, only its user could say.
            if (width > 0 && bytes != (UInt128)(end - begin)) throw Bad($"{name}.shape", $"{entry.ShapeText} of {typeName} takes {bytes} bytes, data_offsets hold {end - begin}");
            return entry;
        }

        /// <summary>Tensors must fill the data exactly, without holes and without sharing bytes, as the reference reader demands.</summary>
        public void CheckLayout()
        {
            long expected = dataStart;
            foreach (var entry in Tensors.Values.OrderBy(entry => entry.Offset).ThenBy(entry => entry.Length))
            {
                if (entry.Offset < expected) throw Bad($"{entry.Name}.data_offsets", "overlap those of another tensor");
                if (entry.Offset > expected) throw Bad($"{entry.Name}.data_offsets", $"leave {entry.Offset - expected} bytes before it that belong to no tensor");
                expected += entry.Length;
            }
            long rest = dataStart + dataLength - expected;
            if (rest != 0) throw Bad("data", $"has {rest} bytes at its end that belong to no tensor");
        }

        private ImmutableArray<long> ReadSizes(ref Utf8JsonReader reader, string name, string field, int most)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray) throw Bad($"{name}.{field}", $"must be an array of whole numbers, found {Describe(reader.TokenType)}");
            Span<long> sizes = stackalloc long[most];
            int count = 0;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (count == most) throw Bad($"{name}.{field}", $"has more than {most} numbers");
                if (reader.TokenType != JsonTokenType.Number) throw Bad($"{name}.{field}", $"must hold whole numbers, found {Describe(reader.TokenType)}");
                if (!reader.TryGetInt64(out long size) || size < 0) throw Bad($"{name}.{field}", "must hold whole numbers from 0 to 2^63 - 1");
                sizes[count++] = size;
            }
            return [.. sizes[..count]];
        }

        // Names in two parts: joined only when there is something to report.
        private string Text(ref Utf8JsonReader reader, int most, string name, string field, string what)
        {
            if (reader.ValueSpan.Length > most) throw Bad(Join(name, field), $"has a {what} of more than {most} bytes");
            try
            {
                return reader.GetString()!;
            }
            catch (InvalidOperationException error)
            {
                // Escapes that name half of a surrogate pair.
                throw new ModelFormatException(file, Join(name, field), $"has a {what} that is not valid Unicode", error);
            }
        }

        private static string Join(string name, string field) => field.Length == 0 ? name : $"{name}.{field}";

        private ModelFormatException Bad(string field, string message) => new(file, field, message);

        // A header of many tensors would otherwise hold as many copies of the same few names.
        private static string Intern(string typeName) => string.IsInterned(typeName) ?? typeName;

        private static string Describe(JsonTokenType token) => token switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "an array",
            JsonTokenType.String => "a string",
            JsonTokenType.Number => "a number",
            JsonTokenType.True or JsonTokenType.False => "a boolean",
            JsonTokenType.Null => "null",
            _ => "nothing",
        };
    }
}
