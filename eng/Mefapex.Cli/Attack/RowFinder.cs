using System.Collections.Concurrent;
using System.Text.Json;

namespace Mefapex.Cli;

/// <summary>
/// Puts ids of rows that are there into the parameters of a path. <c>/things/{id}</c> is served by <c>/things</c>: what
/// is listed there is what the parameter may be.
/// </summary>
/// <param name="read">What is answered at an address in JSON, or null.</param>
internal sealed class RowFinder(Func<string, CancellationToken, Task<string?>> read)
{
    private static readonly Dictionary<string, string[]> Fields = new(StringComparer.Ordinal)
    {
        ["/api/v1/conversations"] = ["session_id", "sessionId", "conversation_id"],
        ["/api/v1/knowledge/entries"] = ["entry_id", "expected"],
        ["/api/v1/knowledge/synonyms"] = ["remove"],
        ["/api/v1/knowledge/categories"] = ["from", "into"],
        ["/api/v1/admin/users"] = ["user_id", "actor", "subject"],
    };

    private readonly ConcurrentDictionary<string, Lazy<Task<string?>>> _first = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _known = new(StringComparer.Ordinal);

    public RowFinder(Attacked api, Person person)
        : this(async (path, cancellationToken) =>
            await api.SendAsync(new("GET", path, person.Token), cancellationToken) is { IsSuccess: true } reply ? reply.Body : null)
    {
    }

    /// <summary>Values of fields that name rows, as far as lists were read.</summary>
    public IReadOnlyDictionary<string, string> Known => _known;

    public void Know(string field, string value) => _known[field] = value;

    /// <returns>The path with its parameters filled in, or null when there is no row to name.</returns>
    public async Task<string?> FillAsync(string path, CancellationToken cancellationToken)
    {
        var made = "";
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!segment.StartsWith('{'))
            {
                made += "/" + segment;
                continue;
            }

            if (await FirstAsync(made, segment.Trim('{', '}'), cancellationToken) is not { } value)
                return null;
            made += "/" + Uri.EscapeDataString(value);
        }

        return made;
    }

    private async Task<string?> FirstAsync(string list, string parameter, CancellationToken cancellationToken) =>
        await _first.GetOrAdd($"{list} {parameter}", _ => new(() => ReadAsync(list, parameter, cancellationToken))).Value;

    private async Task<string?> ReadAsync(string list, string parameter, CancellationToken cancellationToken)
    {
        string[] names = [SnakeCase(parameter), "id"];
        if (await read(list, cancellationToken) is { } text)
        {
            using var body = Parse(text);
            foreach (var row in Rows(body?.RootElement ?? default).Where(row => row.ValueKind == JsonValueKind.Object))
            {
                foreach (var name in names)
                {
                    if (!row.TryGetProperty(name, out var value) || value.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
                        continue;
                    Remember(list, row, value.ToString());
                    return value.ToString();
                }
            }
        }

        return Known.GetValueOrDefault(names[0]);
    }

    private void Remember(string list, JsonElement row, string id)
    {
        foreach (var field in row.EnumerateObject())
        {
            if (field.Value.ValueKind == JsonValueKind.String && (field.Name.EndsWith("_id", StringComparison.Ordinal) || field.Name == "username"))
                _known.TryAdd(field.Name, field.Value.GetString()!);
        }

        foreach (var name in Fields.GetValueOrDefault(list, []))
            _known[name] = id;
    }

    private static JsonDocument? Parse(string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<JsonElement> Rows(JsonElement body) => body.ValueKind switch
    {
        JsonValueKind.Array => body.EnumerateArray(),
        JsonValueKind.Object => body.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Array).SelectMany(p => p.Value.EnumerateArray()),
        _ => [],
    };

    // messageId is message_id in a row that stands among others, and id in a row of its own list.
    private static string SnakeCase(string name) =>
        string.Concat(name.Select(letter => char.IsUpper(letter) ? $"_{char.ToLowerInvariant(letter)}" : letter.ToString()));
}
