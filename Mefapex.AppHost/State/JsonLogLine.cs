using System.Globalization;
using System.Text.Json;

namespace Mefapex.AppHost.State;

/// <summary>
/// Turns a line of a JSON log into one for people: our services' lines, and those of .NET's own JSON formatter, whose
/// names are capitalised. Any other line stays as it is.
/// </summary>
internal static class JsonLogLine
{
    /// <param name="line">A line as the process wrote it.</param>
    /// <param name="now">The time shown when the line does not bear one.</param>
    public static string Render(string line, DateTimeOffset now)
    {
        if (line.Length == 0 || line[0] != '{')
            return line;
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (Text(root, "message") is not { } message)
                return line;
            var time = DateTimeOffset.TryParse(Text(root, "timestamp"), CultureInfo.InvariantCulture, out var stamp) ? stamp : now;
            var level = Level(Text(root, "level") ?? Text(root, "LogLevel"));
            var text = string.Create(
                CultureInfo.InvariantCulture,
                $"{time.ToLocalTime():HH:mm:ss} {level,-5} {Text(root, "category")}: {message}");
            return Text(root, "exception") is { Length: > 0 } exception ? $"{text} [{exception.Split('\n')[0].Trim()}]" : text;
        }
        catch (JsonException)
        {
            return line;
        }
    }

    private static string? Text(JsonElement element, string name) => element.EnumerateObject()
        .Where(property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && property.Value.ValueKind == JsonValueKind.String)
        .Select(property => property.Value.GetString())
        .FirstOrDefault();

    private static string Level(string? name) => name?.ToUpperInvariant() switch
    {
        "INFORMATION" => "INFO",
        "WARNING" => "WARN",
        "CRITICAL" => "FATAL",
        var other => other ?? string.Empty,
    };
}
