using System.Globalization;
using Steering.Engine.Tokenization.Reading;

namespace Steering.Engine.Tokenization.Models;

/// <summary>Which pairs of tokens merge, in which order, into what.</summary>
internal sealed class MergeTable
{
    private readonly PairTable _ranks = new();
    private readonly List<int> _ids = [];   // by rank

    /// <summary>The rank of a pair's merge, -1 if it does not merge.</summary>
    public int Rank(int left, int right) => _ranks.Find(left, right);

    /// <summary>The tokens that result, by rank.</summary>
    public IReadOnlyList<int> Ids => _ids;

    /// <summary>The token that results.</summary>
    public int Id(int rank) => _ids[rank];

    /// <summary>Reads an array of pairs of strings, or of strings that hold two with a space between.</summary>
    public static MergeTable Read(JsonField field, Vocabulary vocabulary)
    {
        var items = field.Items();
        bool isOldForm = items.Count > 0 && items[0].IsText;
        var merges = new MergeTable();
        foreach (var item in items)
        {
            // Lines of the old merges.txt came with its heading.
            if (isOldForm && item.Text().StartsWith("#version", StringComparison.Ordinal)) continue;
            string[] pair = isOldForm ? item.Text().Split(' ') : [.. item.Items().Select(i => i.Text())];
            if (pair.Length != 2) throw item.Fail(string.Create(CultureInfo.InvariantCulture, $"a merge is of two pieces, found {pair.Length}"));
            merges._ranks.Set(Find(pair[0], item, vocabulary), Find(pair[1], item, vocabulary), merges._ids.Count);
            merges._ids.Add(Find(pair[0] + pair[1], item, vocabulary));
        }
        return merges;
    }

    private static int Find(string piece, JsonField item, Vocabulary vocabulary) =>
        vocabulary.IdOf(piece) ?? throw item.Fail($"'{piece}' is not in the vocabulary");
}
