using System.Text.RegularExpressions;
using Mefapex.Inference.Evaluation;

namespace Mefapex.Inference.Training;

/// <summary>
/// Reads what an encoder learns from. Files of clusters: a heading <c># id | Turkish gist | English gist</c>, then lines
/// <c>style: sentence</c>, a blank line between clusters; a heading <c># id</c> adds to a cluster of that id. The gists tell
/// people what a cluster means and are not learnt. Glossaries: lines <c>tr, tr | en, en</c>. Own questions: lines
/// <c>group TAB question</c>, or knowledge files as <see cref="QuestionSet"/> reads them. What cannot be read is an
/// <see cref="InvalidDataException"/> that names file and line.
/// </summary>
public static partial class TrainingFiles
{
    private const int FewestSentences = 2;

    private static readonly HashSet<string> Styles =
    [
        "tr", "tr-colloquial", "tr-indirect", "tr-typo", "tr-ascii",
        "en", "en-colloquial", "en-indirect", "en-typo", "mixed",
    ];

    /// <summary>Reads <c>Sentences/*.txt</c> and <c>Terms/*.txt</c> of a folder, in the order of their names.</summary>
    /// <exception cref="InvalidDataException">A line is not understood, or the folder holds no cluster.</exception>
    public static TrainingCorpus ReadFolder(string folder)
    {
        var clusters = new OrderedDictionary<string, List<StyledSentence>>(StringComparer.Ordinal);
        var added = new List<(string Id, string Place, List<StyledSentence> Sentences)>();
        foreach (var file in Files(folder, "Sentences"))
            ReadClusters(file, clusters, added);
        foreach (var (id, place, sentences) in added)
        {
            if (!clusters.TryGetValue(id, out var own))
                throw new InvalidDataException($"{place}: there is no cluster {id} to add to.");
            own.AddRange(sentences);
        }

        return clusters.Count > 0
            ? new TrainingCorpus(
                [.. clusters.Select(cluster => new MeaningCluster(cluster.Key, cluster.Value))], [.. Files(folder, "Terms").SelectMany(ReadTerms)])
            : throw new InvalidDataException(
                $"{Path.Combine(folder, "Sentences")} holds no cluster: a *.txt with headings \"# id | gist | gist\".");
    }

    /// <summary>Clusters of one's own questions: a TSV, or a knowledge file (its Turkish and English questions of one
    /// entry are one cluster).</summary>
    /// <exception cref="InvalidDataException">The file is neither, or a line is not understood.</exception>
    public static IReadOnlyList<MeaningCluster> ReadQuestions(string file) =>
        Path.GetExtension(file).Equals(".json", StringComparison.OrdinalIgnoreCase)
            ? ReadKnowledge(file)
            : ReadTable(file);

    private static IEnumerable<string> Files(string folder, string part)
    {
        var path = Path.Combine(folder, part);
        return Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*.txt").Order(StringComparer.Ordinal)
            : throw new InvalidDataException($"{path} is missing: training needs the folders Sentences and Terms in {folder}.");
    }

    private static void ReadClusters(
        string file,
        OrderedDictionary<string, List<StyledSentence>> clusters,
        List<(string Id, string Place, List<StyledSentence> Sentences)> added)
    {
        List<StyledSentence>? sentences = null;
        var (number, started) = (0, 0);
        foreach (var line in File.ReadLines(file).Select(line => line.Trim()))
        {
            number++;
            if (line.Length == 0)
                continue;
            if (line.StartsWith('#'))
            {
                Close();
                (sentences, started) = ([], number);
                var heading = Heading().Match(line);
                if (!heading.Success)
                    throw Bad(file, number, "a heading has the form \"# id | Turkish gist | English gist\", or \"# id\" to add to a cluster");
                var id = heading.Groups["id"].Value;
                if (!heading.Groups["tr"].Success)
                    added.Add((id, $"{file}({number})", sentences));
                else if (!clusters.TryAdd(id, sentences))
                    throw Bad(file, number, $"the cluster {id} is there already");
                continue;
            }

            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            if (sentences is null || colon < 0 || !Styles.Contains(line[..colon]))
                throw Bad(file, number, $"a line below a heading has the form \"style: sentence\", with a style of {string.Join(", ", Styles)}");
            sentences.Add(new StyledSentence(line[..colon], line[(colon + 2)..].Trim()));
        }

        Close();

        void Close()
        {
            if (sentences is not null && sentences.Count < FewestSentences)
                throw Bad(file, started, $"the cluster has fewer than {FewestSentences} sentences");
        }
    }

    private static IEnumerable<GlossaryTerm> ReadTerms(string file)
    {
        var number = 0;
        foreach (var line in File.ReadLines(file).Select(line => line.Trim()))
        {
            number++;
            if (line.Length == 0 || line.StartsWith('#'))
                continue;
            var halves = line.Split('|');
            if (halves is not [var turkish, var english] || Terms(turkish).Length == 0 || Terms(english).Length == 0)
                throw Bad(file, number, "a line of a glossary has the form \"tr, tr | en, en\"");
            yield return new GlossaryTerm(Terms(turkish), Terms(english));
        }

        static string[] Terms(string half) =>
            half.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }

    private static MeaningCluster[] ReadTable(string file)
    {
        var groups = new Dictionary<string, List<StyledSentence>>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in File.ReadLines(file))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line) || line.StartsWith('#'))
                continue;
            if (line.Split('\t', StringSplitOptions.TrimEntries) is not [{ Length: > 0 } group, { Length: > 0 } question])
                throw Bad(file, number, "a line has the form \"group TAB question\"");
            if (!groups.TryGetValue(group, out var questions))
                groups[group] = questions = [];
            questions.Add(new StyledSentence("own", question));
        }

        return Clusters(file, groups.Select(group => (group.Key, group.Value)));
    }

    private static MeaningCluster[] ReadKnowledge(string file)
    {
        var sets = QuestionSet.ReadFile(file).ToArray();
        if (sets.Length == 0)
            throw new InvalidDataException($"{file} holds no entries: a knowledge file has entries with questions.");
        return Clusters(file, sets
            .SelectMany(set => set.Entries.Select(entry => (entry.Id, Sentences: entry.Questions
                .Prepend(entry.Title)
                .Select(text => new StyledSentence(set.Language, text)))))
            .GroupBy(entry => entry.Id, StringComparer.Ordinal)
            .Select(entries => (entries.Key, entries.SelectMany(entry => entry.Sentences).ToList())));
    }

    private static MeaningCluster[] Clusters(string file, IEnumerable<(string Id, List<StyledSentence> Sentences)> groups)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        MeaningCluster[] clusters =
        [
            .. groups.Where(group => group.Sentences.Count >= FewestSentences)
                .Select(group => new MeaningCluster($"{name}/{group.Id}", group.Sentences)),
        ];
        return clusters.Length > 0
            ? clusters
            : throw new InvalidDataException($"{file} has no group of {FewestSentences} or more questions: nothing can be learnt from it.");
    }

    private static InvalidDataException Bad(string file, int line, string what) => new($"{file}({line}): {what}.");

    [GeneratedRegex(@"^# (?<id>[a-z0-9-]+)( \| (?<tr>[^|]+) \| (?<en>[^|]+))?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Heading();
}
