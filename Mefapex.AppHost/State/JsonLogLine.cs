using System.Globalization;
using System.Text.Json;

namespace Mefapex.AppHost.State;

/// <summary>Turns a line of a JSON log into one for people; any other line stays as it is.</summary>
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
            if (Text(root, "Message") is not { } message)
                return line;
            var time = DateTimeOffset.TryParse(Text(root, "Timestamp"), CultureInfo.InvariantCulture, out var stamp) ? stamp : now;
            var level = Level(Text(root, "LogLevel"));
            var text = string.Create(
                CultureInfo.InvariantCulture,
                $"{time.ToLocalTime():HH:mm:ss} {level,-5} {Text(root, "Category")}: {message}");
            return Text(root, "Exception") is { Length: > 0 } exception ? $"{text} [{exception.Split('\n')[0].Trim()}]" : text;
        }
        catch (JsonException)
        {
            return line;
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Level(string? name) => name switch
    {
        "Information" => "INFO",
        "Warning" => "WARN",
        "Critical" => "FATAL",
        null => string.Empty,
        _ => name.ToUpperInvariant(),
    };
}
