using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Steering.Engine.Templates;

/// <summary>JSON to values of templates and back: json.loads and json.dumps.</summary>
internal static class JsonValues
{
    public static object From(JsonNode? node)
    {
        Stack.Guard();
        switch (node)
        {
            case null:
                return PyNone.Value;
            case JsonArray array:
                object[] items = [.. array.Select(From)];
                return new PyList(items, PySequence.WeightOf(items));
            case JsonObject members:
                var dict = new DictBuilder();
                foreach (var (key, value) in members) dict.Set(key, From(value));
                return dict.Build();
            default:
                return node.GetValueKind() switch
                {
                    JsonValueKind.String => node.GetValue<string>(),
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    JsonValueKind.Null => PyNone.Value,
                    _ => Number(node.AsValue()),
                };
        }
    }

    /// <summary>json.dumps with the arguments that transformers' tojson takes; <paramref name="indent"/> null writes one line.</summary>
    public static string Dump(Execution execution, object value, bool ensureAscii, string? indent, string itemSeparator, string keySeparator, bool sortKeys)
    {
        var writer = new JsonWriter(execution, ensureAscii, indent, itemSeparator, keySeparator, sortKeys);
        writer.Write(value, 0);
        return writer.ToString();
    }

    /// <summary>Without a point or an exponent a number is an integer, of any size.</summary>
    private static object Number(JsonValue value)
    {
        if (value.TryGetValue(out double clr) && !value.TryGetValue(out JsonElement _) && !value.TryGetValue(out long _)) return clr;
        string text = value.ToJsonString();
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0) return double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return Numbers.Normalise(BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    }

    private sealed class JsonWriter(Execution execution, bool ensureAscii, string? indent, string itemSeparator, string keySeparator, bool sortKeys)
    {
        private readonly TextBuilder _text = new(execution);

        public override string ToString() => _text.ToString();

        public void Write(object value, int depth)
        {
            Stack.Guard();
            switch (value)
            {
                case string text: _text.Append(Quote(text)); break;
                case PyNone or bool or long or BigInteger or double: _text.Append(Scalar(value)); break;
                case PySequence sequence: WriteAll('[', ']', sequence.Items, depth, item => Write(item, depth + 1)); break;
                case PyDict dict: WriteAll('{', '}', Ordered(dict), depth, pair => WritePair(pair, depth + 1)); break;
                default: throw new TemplateException($"Object of type {TypeName.Of(value)} is not JSON serializable");
            }
        }

        private List<KeyValuePair<object, object>> Ordered(PyDict dict)
        {
            List<KeyValuePair<object, object>> pairs = [.. dict.Pairs];
            return sortKeys ? Sorting.Sort(execution, pairs, p => p.Key, reverse: false) : pairs;
        }

        private void WritePair(KeyValuePair<object, object> pair, int depth)
        {
            string key = pair.Key switch
            {
                string text => text,
                PyNone or bool or long or BigInteger or double => Scalar(pair.Key),
                _ => throw new TemplateException($"keys must be str, int, float, bool or None, not {TypeName.Of(pair.Key)}"),
            };
            _text.Append(Quote(key)).Append(keySeparator);
            Write(pair.Value, depth);
        }

        private void WriteAll<T>(char open, char close, IReadOnlyList<T> items, int depth, Action<T> write)
        {
            _text.Append(open.ToString());
            for (int i = 0; i < items.Count; i++)
            {
                if (i > 0) _text.Append(itemSeparator);
                NewLine(depth + 1);
                write(items[i]);
            }
            if (items.Count > 0) NewLine(depth);
            _text.Append(close.ToString());
        }

        private void NewLine(int depth)
        {
            if (indent is null) return;
            _text.Append("\n");
            for (int i = 0; i < depth; i++) _text.Append(indent);
        }

        private static string Scalar(object value) => value switch
        {
            PyNone => "null",
            bool b => b ? "true" : "false",
            double number when double.IsNaN(number) => "NaN",
            double number when double.IsInfinity(number) => number > 0 ? "Infinity" : "-Infinity",
            _ => Text.Repr(value),
        };

        private string Quote(string text)
        {
            var result = new StringBuilder(text.Length + 2).Append('"');
            foreach (char c in text)
            {
                switch (c)
                {
                    case '"': result.Append("\\\""); break;
                    case '\\': result.Append("\\\\"); break;
                    case '\n': result.Append("\\n"); break;
                    case '\r': result.Append("\\r"); break;
                    case '\t': result.Append("\\t"); break;
                    case '\f': result.Append("\\f"); break;
                    case '\b': result.Append("\\b"); break;
                    default:
                        if (c < ' ' || (ensureAscii && c > '~')) result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
                        else result.Append(c);
                        break;
                }
            }
            return result.Append('"').ToString();
        }
    }
}
