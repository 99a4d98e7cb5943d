using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Knowledge;

namespace Mefapex.Api.Knowledge.Entries.Transfer;

/// <summary>
/// Entries as JSON: <c>{"tenant", "locale", "entries": [{"id", "category", "title", "questions", "answer", "owner",
/// "validFrom", "expiresOn", "tags", "audience", "status", "en": {"title", "questions", "answer"}}]}</c>. Title,
/// questions and answer beside the id are the Turkish ones; a bare list of entries is read too.
/// </summary>
internal static class JsonEntryFile
{
    private const string Entries = "entries";

    private static readonly JsonWriterOptions Writing = new() { Indented = true, Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    public static async Task WriteAsync(
        Stream stream,
        TenantScope tenant,
        IAsyncEnumerable<IReadOnlyList<EntryRow>> pages,
        CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(stream, Writing);
        json.WriteStartObject();
        json.WriteString("tenant", tenant.Slug);
        json.WriteString("locale", tenant.Locale);
        json.WriteStartArray(Entries);
        await foreach (var page in pages.WithCancellation(cancellationToken))
        {
            foreach (var row in page)
                Write(json, row);
            await json.FlushAsync(cancellationToken);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <exception cref="UnreadableFileException">It is not JSON, or has no list of entries.</exception>
    public static List<FileEntry> Read(byte[] file)
    {
        var bytes = FileText.WithoutMark(file);
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var list = document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(Entries, out var entries)
                ? entries
                : document.RootElement;
            if (list.ValueKind != JsonValueKind.Array)
                throw new UnreadableFileException(1, EntryTexts.Get("file-no-entries"));
            var lines = Lines(bytes.Span, document.RootElement.ValueKind == JsonValueKind.Object);
            return [.. list.EnumerateArray().Zip(lines, Read)];
        }
        catch (JsonException e)
        {
            throw new UnreadableFileException((int)(e.LineNumber ?? 0) + 1, EntryTexts.Get("file-syntax"));
        }
        catch (InvalidOperationException)
        {
            // A string that is no text shows itself only when it is read.
            throw new UnreadableFileException(1, EntryTexts.Get("file-not-text"));
        }
    }

    private static void Write(Utf8JsonWriter json, EntryRow row)
    {
        var version = row.Newest;
        json.WriteStartObject();
        json.WriteString("id", row.Entry.Id);
        json.WriteString("category", version.Category);
        foreach (var text in version.Texts.Where(t => t.Language == "tr"))
            Write(json, text);
        json.WriteString("owner", version.Owner);
        json.WriteString("validFrom", Date(version.ValidFrom));
        if (version.ExpiresOn is { } end)
            json.WriteString("expiresOn", Date(end));
        Write(json, "tags", version.Tags);
        if (version.Audience.Length > 0)
            Write(json, "audience", version.Audience);
        json.WriteString("status", row.Entry.Status);
        foreach (var text in version.Texts.Where(t => t.Language != "tr"))
        {
            json.WriteStartObject(text.Language);
            Write(json, text);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, EntryContent text)
    {
        json.WriteString("title", text.Title);
        Write(json, "questions", text.Questions);
        json.WriteString("answer", text.Answer);
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static string Date(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static FileEntry Read(JsonElement entry, int line)
    {
        var fields = new Fields();
        if (entry.ValueKind != JsonValueKind.Object)
        {
            fields.Errors.Add(Entries, "row-not-object");
            return new FileEntry(line, new EntryWrite(), null, fields.Errors);
        }

        var texts = new Dictionary<string, EntryTextWrite?>(StringComparer.Ordinal);
        if (entry.TryGetProperty("title", out _) || entry.TryGetProperty("answer", out _) || !entry.TryGetProperty("en", out _))
            texts["tr"] = Text(entry, "", fields);
        if (entry.TryGetProperty("en", out var english) && english.ValueKind != JsonValueKind.Null)
        {
            texts["en"] = english.ValueKind == JsonValueKind.Object ? Text(english, "en.", fields) : null;
            foreach (var property in english.ValueKind == JsonValueKind.Object ? english.EnumerateObject() : default)
            {
                if (property.Name is not ("title" or "questions" or "answer"))
                    fields.Errors.Add($"en.{property.Name}", "row-unknown-field");
            }
        }

        var write = new EntryWrite
        {
            Id = fields.String(entry, "id"),
            Category = fields.String(entry, "category"),
            Owner = fields.String(entry, "owner"),
            ValidFrom = fields.Date(entry, "validFrom"),
            ExpiresOn = fields.Date(entry, "expiresOn"),
            Tags = fields.Strings(entry, "tags"),
            Audience = fields.Strings(entry, "audience"),
            Texts = texts,
        };
        var status = fields.String(entry, "status");
        foreach (var property in entry.EnumerateObject())
        {
            if (property.Name is not ("id" or "category" or "title" or "questions" or "answer" or "owner" or "validFrom"
                or "expiresOn" or "tags" or "audience" or "status" or "en"))
            {
                fields.Errors.Add(property.Name, "row-unknown-field");
            }
        }

        return new FileEntry(line, write, status, fields.Errors);
    }

    private static EntryTextWrite Text(JsonElement element, string prefix, Fields fields) => new(
        fields.String(element, "title", prefix), fields.Strings(element, "questions", prefix), fields.String(element, "answer", prefix));

    /// <summary>The lines on which the entries begin.</summary>
    private static List<int> Lines(ReadOnlySpan<byte> json, bool inObject)
    {
        var lines = new List<int>();
        var reader = new Utf8JsonReader(json);
        var (line, counted) = (1, 0);
        while (inObject && reader.Read() && !(reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(Entries)))
        {
        }

        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            line += json[counted..start].Count((byte)'\n');
            counted = start;
            lines.Add(line);
            reader.Skip();
        }

        return lines;
    }

    private sealed class Fields
    {
        public FieldErrors Errors { get; } = new();

        public string? String(JsonElement entry, string name, string prefix = "") => Value(entry, name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } value => value.GetString(),
            _ => Wrong(prefix + name),
        };

        public DateOnly? Date(JsonElement entry, string name)
        {
            if (String(entry, name) is not { Length: > 0 } text)
                return null;
            if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
                return date;
            Errors.Add(name, "row-date");
            return null;
        }

        public string?[]? Strings(JsonElement entry, string name, string prefix = "")
        {
            if (Value(entry, name) is not { } value)
                return null;
            if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String))
                return [.. value.EnumerateArray().Select(v => v.GetString())];
            Wrong(prefix + name);
            return null;
        }

        private static JsonElement? Value(JsonElement entry, string name) =>
            entry.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

        private string? Wrong(string field)
        {
            Errors.Add(field, "row-wrong-type");
            return null;
        }
    }
}
