namespace Mefapex.AppHost.Local;

/// <summary>What people see: each line begins with the name of the resource that wrote it, in a colour of its own.</summary>
/// <param name="resources">False leaves out what the resources write; it is in their log files anyway.</param>
internal sealed class HostConsole(TextWriter output, bool colour, bool resources)
{
    private const int NameWidth = 9;
    private static readonly string[] Colours = ["36", "32", "35", "34", "33", "96", "92", "95"];

    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _colours = new(StringComparer.Ordinal);

    public static HostConsole Standard(bool resources) => new(
        Console.Out,
        colour: !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
        resources);

    /// <summary>A line of the runner itself.</summary>
    public void Say(string text) => Write("mefapex", "1", text);

    public void Fail(string text) => Write("mefapex", "31", text);

    /// <summary>A line that a resource wrote.</summary>
    public void Relay(string resource, string text)
    {
        if (resources)
            Write(resource, ColourOf(resource), text);
    }

    private void Write(string name, string code, string text)
    {
        // Alone, the runner's lines need no name before them.
        var prefix = !resources ? string.Empty : colour ? $"\e[{code}m{name,-NameWidth} |\e[0m " : $"{name,-NameWidth} | ";
        lock (_gate)
        {
            foreach (var line in text.Split('\n'))
                output.WriteLine(prefix + line);
            output.Flush();
        }
    }

    private string ColourOf(string resource)
    {
        lock (_gate)
        {
            if (!_colours.TryGetValue(resource, out var code))
                _colours[resource] = code = Colours[_colours.Count % Colours.Length];
            return code;
        }
    }
}
