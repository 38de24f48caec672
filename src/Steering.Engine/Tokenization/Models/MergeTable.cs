using System.Globalization;
using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.Models;

/// <summary>A merge: its place in the list, lower goes first, and the token that results.</summary>
internal readonly record struct Merge(int Rank, int Id);

/// <summary>Which pairs of tokens merge, in which order, into what.</summary>
internal sealed class MergeTable
{
    private readonly Dictionary<ulong, Merge> _merges;

    private MergeTable(Dictionary<ulong, Merge> merges) => _merges = merges;

    public bool TryGet(int left, int right, out Merge merge) => _merges.TryGetValue(KeyOf(left, right), out merge);

    /// <summary>Reads an array of pairs of strings, or of strings that hold two with a space between.</summary>
    public static MergeTable Read(JsonField field, Vocabulary vocabulary)
    {
        var items = field.Items();
        bool isOldForm = items.Count > 0 && items[0].IsText;
        var merges = new Dictionary<ulong, Merge>(items.Count);
        int rank = 0;
        foreach (var item in items)
        {
            // Lines of the old merges.txt came with its heading.
            if (isOldForm && item.Text().StartsWith("#version", StringComparison.Ordinal)) continue;
            string[] pair = isOldForm ? item.Text().Split(' ') : [.. item.Items().Select(i => i.Text())];
            if (pair.Length != 2) throw item.Fail(string.Create(CultureInfo.InvariantCulture, $"a merge is of two pieces, found {pair.Length}"));
            int left = Find(pair[0], item, vocabulary), right = Find(pair[1], item, vocabulary);
            merges[KeyOf(left, right)] = new Merge(rank++, Find(pair[0] + pair[1], item, vocabulary));
        }
        return new MergeTable(merges);
    }

    private static int Find(string piece, JsonField item, Vocabulary vocabulary) =>
        vocabulary.IdOf(piece) ?? throw item.Fail($"'{piece}' is not in the vocabulary");

    private static ulong KeyOf(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;
}
