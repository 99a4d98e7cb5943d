using System.Text.Json;

namespace Mefapex.Cli;

/// <summary>
/// Puts ids of rows that are there into the parameters of a path. <c>/things/{id}</c> is served by <c>/things</c>: what
/// this person is listed there is what the parameter may be.
/// </summary>
internal sealed class RowFinder(HttpClient http)
{
    private readonly Dictionary<string, string?> _first = new(StringComparer.Ordinal);

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

    private async Task<string?> FirstAsync(string list, string parameter, CancellationToken cancellationToken)
    {
        var key = $"{list} {parameter}";
        if (!_first.TryGetValue(key, out var value))
            _first[key] = value = await ReadAsync(list, parameter, cancellationToken);
        return value;
    }

    private async Task<string?> ReadAsync(string list, string parameter, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(new Uri(list, UriKind.Relative), cancellationToken);
        if (!response.IsSuccessStatusCode || response.Content.Headers.ContentType?.MediaType != "application/json")
            return null;
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        foreach (var row in Rows(body.RootElement))
        {
            foreach (var name in Names(parameter))
            {
                if (row.ValueKind == JsonValueKind.Object && row.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
                    return value.ToString();
            }
        }

        return null;
    }

    private static IEnumerable<JsonElement> Rows(JsonElement body) => body.ValueKind switch
    {
        JsonValueKind.Array => body.EnumerateArray(),
        JsonValueKind.Object => body.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Array).SelectMany(p => p.Value.EnumerateArray()),
        _ => [],
    };

    // messageId is message_id in a row that stands among others, and id in a row of its own list.
    private static string[] Names(string parameter) =>
        [string.Concat(parameter.Select(letter => char.IsUpper(letter) ? $"_{char.ToLowerInvariant(letter)}" : letter.ToString())), "id"];
}
