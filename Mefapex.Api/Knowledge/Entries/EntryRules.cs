using System.Text;
using System.Text.RegularExpressions;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Knowledge;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>What an entry must look like.</summary>
internal static partial class EntryRules
{
    public const int MaxNote = 1000;
    private const int MaxId = 80;
    private const int MaxCategory = 80;
    private const int MaxOwner = 120;
    private const int MaxLabels = 30;
    private const int MaxTag = 60;
    private const int MaxTitle = 200;
    private const int MaxQuestions = 200;
    private const int MaxQuestion = 300;
    private const int MaxAnswer = 8000;

    private static readonly string[] Languages = ["tr", "en"];

    private static readonly string[] KnownRoles =
        [Roles.Member, Roles.Editor, Roles.Coordinator, Roles.Admin, Roles.Owner, Roles.Operator];

    /// <summary>Adds everything that is wrong to <paramref name="errors"/>.</summary>
    /// <param name="today">Taken where no first day is given.</param>
    /// <returns>The entry without needless space; null when something is wrong.</returns>
    public static EntryDraft? Check(EntryWrite write, DateOnly today, FieldErrors errors)
    {
        if (write.Id is { } id && (id.Length > MaxId || !IdPattern().IsMatch(id)))
            errors.Add("id", "id-invalid", MaxId);
        var category = Category(write.Category, "category", errors);
        var owner = Line(write.Owner, "owner", MaxOwner, errors);
        var validFrom = write.ValidFrom ?? today;
        if (write.ExpiresOn < validFrom)
            errors.Add("expires_on", "expires-too-early", "valid_from");
        var tags = Lines(write.Tags, "tags", least: 0, MaxLabels, MaxTag, errors);
        var audience = Lines(write.Audience, "audience", least: 0, MaxLabels, int.MaxValue, errors);
        for (var i = 0; i < audience.Count; i++)
        {
            if (!IsAudience(audience[i]))
                errors.Add($"audience[{i}]", "audience-invalid", string.Join(", ", KnownRoles));
        }

        Note(write.Note, errors);
        var texts = Texts(write.Texts, errors);
        return errors.Any ? null : new EntryDraft(category, owner, validFrom, write.ExpiresOn, tags, audience, texts);
    }

    /// <summary>The name of a category without needless space.</summary>
    public static string Category(string? value, string field, FieldErrors errors) => Line(value, field, MaxCategory, errors);

    public static void Note(string? note, FieldErrors errors, string field = "note")
    {
        if (!string.IsNullOrWhiteSpace(note))
            Block(note, field, MaxNote, errors);
    }

    /// <summary>An id out of a title: <c>Yıllık izin talebi</c> gives <c>yillik-izin-talebi</c>.</summary>
    public static string IdOf(string title)
    {
        var words = NotOfId().Replace(FoldedText.Of(title).Key, "-").Trim('-');
        if (words.Length > MaxId - 10)
            words = words[..(MaxId - 10)].TrimEnd('-');
        return words.Length > 0 ? words : "kayit";
    }

    private static List<EntryContent> Texts(IReadOnlyDictionary<string, EntryTextWrite?>? texts, FieldErrors errors)
    {
        if (texts is null || texts.Count == 0)
        {
            errors.Add("texts", "texts-missing", string.Join(", ", Languages));
            return [];
        }

        var contents = new List<EntryContent>();
        foreach (var (language, text) in texts)
        {
            var field = $"texts.{language}";
            if (!Languages.Contains(language, StringComparer.Ordinal))
            {
                errors.Add(field, "language-unknown", string.Join(", ", Languages));
                continue;
            }

            var questions = Lines(text?.Questions, $"{field}.questions", least: 1, MaxQuestions, MaxQuestion, errors);
            contents.Add(string.IsNullOrWhiteSpace(text?.Title) && string.IsNullOrWhiteSpace(text?.Answer)
                ? EntryContent.QuestionsOnly(language, questions)
                : new EntryContent(
                    language,
                    Line(text.Title, $"{field}.title", MaxTitle, errors),
                    questions,
                    Block(text.Answer ?? "", $"{field}.answer", MaxAnswer, errors)));
        }

        // People may ask in a language that the entry has no text in, but one text there must be.
        if (contents.Count > 0 && !contents.Exists(c => c.HasText))
        {
            errors.Add($"texts.{contents[0].Language}.title", "missing");
            errors.Add($"texts.{contents[0].Language}.answer", "missing");
        }

        return contents;
    }

    /// <summary>Text that may have several lines.</summary>
    private static string Block(string value, string field, int longest, FieldErrors errors)
    {
        var text = value.ReplaceLineEndings("\n").Trim();
        if (text.Length == 0)
            errors.Add(field, "missing");
        else if (text.Length > longest && text.EnumerateRunes().Count() is > 0 and var length && length > longest)
            errors.Add(field, "too-long", length, longest);
        else if (text.EnumerateRunes().Any(r => Rune.IsControl(r) && r.Value is not ('\n' or '\t')))
            errors.Add(field, "control-character");
        return text;
    }

    public static string Line(string? value, string field, int longest, FieldErrors errors)
    {
        var line = Block(value ?? "", field, longest, errors);
        if (line.Contains('\n', StringComparison.Ordinal))
            errors.Add(field, "one-line");
        return line;
    }

    /// <summary>Lines in their order, each once.</summary>
    public static List<string> Lines(IReadOnlyList<string?>? values, string field, int least, int most, int longest, FieldErrors errors)
    {
        List<string> lines = [.. (values ?? []).Select((value, i) => Line(value, $"{field}[{i}]", longest, errors)).Distinct(StringComparer.Ordinal)];
        if (lines.Count < least)
            errors.Add(field, "missing");
        if (lines.Count > most)
            errors.Add(field, "too-many", lines.Count, most);
        return lines;
    }

    private static bool IsAudience(string value) =>
        value.StartsWith("role:", StringComparison.Ordinal)
            ? KnownRoles.Contains(value["role:".Length..], StringComparer.Ordinal)
            : GroupPattern().IsMatch(value);

    [GeneratedRegex(@"\A[a-z0-9]+(-[a-z0-9]+)*\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IdPattern();

    [GeneratedRegex("[^a-z0-9]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NotOfId();

    [GeneratedRegex(@"\Agroup:[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex GroupPattern();
}
