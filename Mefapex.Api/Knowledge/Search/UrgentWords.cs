using System.Runtime.InteropServices;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>
/// How much the words and the character sequences of a question speak for the urgent entries of a tenant and against all
/// others: log ratios of their frequencies in titles and questions, as of naive Bayes, evened out for rare ones.
/// </summary>
internal sealed class UrgentWords
{
    /// <summary>Occurrences that every word and sequence is given in advance.</summary>
    private const double WordPrior = 1.5;
    private const double GramPrior = 3;

    private readonly Counts<string> _words = new(WordPrior);
    private readonly Counts<int> _grams = new(GramPrior);

    public UrgentWords(IReadOnlyCollection<EntryDocument> entries, Vocabulary vocabulary)
    {
        Entries = [.. entries.Where(e => e.IsUrgent).OrderBy(e => e.Id, StringComparer.Ordinal)];
        if (Entries.Count == 0)
            return;
        foreach (var entry in entries)
        {
            foreach (var phrase in entry.Phrases)
            {
                foreach (var stem in phrase.Words.Select(word => vocabulary[word].Stem).Distinct(StringComparer.Ordinal))
                    _words.Add(stem, entry.IsUrgent);
                foreach (var gram in phrase.Grams)
                    _grams.Add(gram.Hash, entry.IsUrgent);
            }
        }
    }

    /// <summary>The urgent ones.</summary>
    public IReadOnlyList<EntryDocument> Entries { get; }

    /// <summary>Of the question's words: above 0 for the urgent entries.</summary>
    public double WordEvidence(Question question) => _words.Evidence(question.Terms.Select(t => t.Stem));

    /// <summary>Of its character sequences, which typing errors leave mostly whole.</summary>
    public double GramEvidence(Question question) => _grams.Evidence(question.Grams.Keys);

    private sealed class Counts<T>(double prior)
        where T : notnull
    {
        private readonly Dictionary<T, (int Urgent, int Other)> _counts = [];
        private int _urgent;
        private int _other;

        public void Add(T item, bool urgent)
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, item, out _);
            if (urgent)
            {
                count.Urgent++;
                _urgent++;
            }
            else
            {
                count.Other++;
                _other++;
            }
        }

        /// <summary>The sum of the known items' log ratios over the root of their number: items of one text are not
        /// independent.</summary>
        public double Evidence(IEnumerable<T> items)
        {
            if (_urgent == 0 || _other == 0)
                return 0;
            var share = _urgent / (double)(_urgent + _other);
            double sum = 0, known = 0;
            foreach (var item in items)
            {
                if (!_counts.TryGetValue(item, out var count))
                    continue;
                known++;
                sum += Math.Log((count.Urgent + (prior * share)) / (count.Other + (prior * (1 - share)))) - Math.Log(_urgent / (double)_other);
            }

            return sum / Math.Sqrt(Math.Max(1, known));
        }
    }
}
