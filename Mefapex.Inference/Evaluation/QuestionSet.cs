using System.Text.Json;

namespace Mefapex.Inference.Evaluation;

/// <summary>Entries of a knowledge file in one language.</summary>
/// <param name="Name">The file's name without extension.</param>
/// <param name="Language"><c>tr</c> or <c>en</c>.</param>
public sealed record QuestionSet(string Name, string Language, IReadOnlyList<QuestionEntry> Entries)
{
    /// <summary>
    /// Reads the knowledge files of a folder (<c>entries: [{id, title, questions, answer, en?: {title, questions,
    /// answer}}]</c>), in the order of their names: one set per file and language. Other JSON files are passed over.
    /// </summary>
    /// <exception cref="InvalidDataException">A file cannot be read as JSON, or none holds entries.</exception>
    public static IReadOnlyList<QuestionSet> ReadFolder(string folder)
    {
        QuestionSet[] sets =
            [.. Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal).SelectMany(ReadFile)];
        return sets.Length > 0
            ? sets
            : throw new InvalidDataException($"{folder} holds no knowledge file: a *.json with entries.");
    }

    internal static IEnumerable<QuestionSet> ReadFile(string file)
    {
        KnowledgeFile? content;
        try
        {
            using var stream = File.OpenRead(file);
            content = JsonSerializer.Deserialize<KnowledgeFile>(stream, JsonSerializerOptions.Web);
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{file} is not a knowledge file: {exception.Message}", exception);
        }

        if (content?.Entries is not { } entries)
            yield break;
        var name = Path.GetFileNameWithoutExtension(file);
        yield return new QuestionSet(
            name, "tr", [.. entries.Select(entry => new QuestionEntry(entry.Id, entry.Title, entry.Questions, entry.Answer))]);
        yield return new QuestionSet(
            name,
            "en",
            [.. entries.Where(entry => entry.En is not null).Select(entry =>
                new QuestionEntry(entry.Id, entry.En!.Title, entry.En.Questions, entry.En.Answer))]);
    }

    private sealed record KnowledgeFile(IReadOnlyList<KnowledgeEntry>? Entries);

    private sealed record KnowledgeEntry(
        string Id, string Title, IReadOnlyList<string> Questions, string Answer, KnowledgeText? En);

    private sealed record KnowledgeText(string Title, IReadOnlyList<string> Questions, string Answer);
}

/// <summary>One entry: its title, the ways to ask for it, and its answer.</summary>
public sealed record QuestionEntry(string Id, string Title, IReadOnlyList<string> Questions, string Answer);
