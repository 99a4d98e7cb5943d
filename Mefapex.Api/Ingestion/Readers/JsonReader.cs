using System.Text;
using System.Text.Json;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>An object of plain values becomes one row, and so does each object of an array; names lead to what lies deeper.</summary>
internal sealed class JsonReader : ITextReader
{
    private static readonly JsonDocumentOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    public FileFormat Format => FileFormat.Json;

    public async Task ReadAsync(string path, TextCollector output, CancellationToken cancellationToken)
    {
        var text = await TextDecoding.ReadAsync(path, cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(text, Options);
            Add(document.RootElement, 1, output);
        }
        catch (JsonException e)
        {
            throw new UnreadableFileException(FileProblem.Corrupt, e.Message, e);
        }
    }

    private static void Add(JsonElement element, int level, TextCollector output)
    {
        if (element.ValueKind is JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
                Add(item, level, output);
            return;
        }

        var row = new StringBuilder();
        Append(element, "", row);
        output.Add(new TextBlock(BlockKind.Row, row.ToString()));
        if (element.ValueKind is not JsonValueKind.Object)
            return;
        foreach (var property in element.EnumerateObject().Where(p => IsDeep(p.Value)))
        {
            output.Add(new TextBlock(BlockKind.Heading, property.Name, level));
            Add(property.Value, level + 1, output);
        }
    }

    /// <summary>Plain values stand in the row of their object; lists of plain values too.</summary>
    private static bool IsDeep(JsonElement value) =>
        value.ValueKind is JsonValueKind.Object || (value.ValueKind is JsonValueKind.Array && value.EnumerateArray().Any(IsDeep))
        || (value.ValueKind is JsonValueKind.Array && value.EnumerateArray().Any(item => item.ValueKind is JsonValueKind.Array));

    private static void Append(JsonElement element, string name, StringBuilder row)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject().Where(p => !IsDeep(p.Value)))
                    Append(property.Value, property.Name, row);
                break;
            case JsonValueKind.Array:
                Append(string.Join(", ", element.EnumerateArray().Select(item => item.ToString())), name, row);
                break;
            case not (JsonValueKind.Null or JsonValueKind.Undefined):
                Append(element.ToString(), name, row);
                break;
        }
    }

    private static void Append(string value, string name, StringBuilder row)
    {
        if (string.IsNullOrWhiteSpace(value))
            return;
        row.Append(row.Length == 0 ? "" : "; ").Append(name).Append(name.Length == 0 ? "" : ": ").Append(value.Trim());
    }
}
