using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Spectre.Console;

namespace Mefapex.Bench.Measuring;

/// <summary>What a benchmark found: rows for people, and the same as JSON.</summary>
internal sealed class Report(string name)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly List<object> _rows = [];
    private readonly List<Verdict> _verdicts = [];

    public bool Passed => _verdicts.TrueForAll(verdict => verdict.Met);

    public void Add(object row) => _rows.Add(row);

    /// <summary>Compares a figure with what the project promises.</summary>
    public void Judge(string what, double value, string unit, double limit, bool atLeast) =>
        _verdicts.Add(new Verdict(what, value, unit, limit, atLeast, atLeast ? value >= limit : value <= limit));

    public void ShowVerdicts(IAnsiConsole console)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("target", "measured", "limit", "");
        table.Columns[1].RightAligned();
        table.Columns[2].RightAligned();
        foreach (var verdict in _verdicts)
        {
            table.AddRow(
                new Text(verdict.What),
                new Text(string.Create(CultureInfo.InvariantCulture, $"{verdict.Value:0.###} {verdict.Unit}")),
                new Text(string.Create(CultureInfo.InvariantCulture, $"{(verdict.AtLeast ? "≥" : "≤")} {verdict.Limit:0.###} {verdict.Unit}")),
                verdict.Met ? new Markup("[green]met[/]") : new Markup("[red]missed[/]"));
        }

        if (_verdicts.Count > 0)
            console.Write(table);
    }

    public async Task WriteJsonAsync(string? file, IAnsiConsole console, CancellationToken cancellationToken)
    {
        if (file is null)
            return;
        var content = JsonSerializer.Serialize(
            new
            {
                name,
                at = TimeProvider.System.GetUtcNow(),
                machine = new
                {
                    os = RuntimeInformation.OSDescription,
                    architecture = RuntimeInformation.ProcessArchitecture.ToString(),
                    processors = Environment.ProcessorCount,
                    runtime = RuntimeInformation.FrameworkDescription,
                },
                rows = _rows,
                targets = _verdicts,
            },
            Json);
        await File.WriteAllTextAsync(file, content + "\n", cancellationToken);
        console.WriteLine($"Written to {file}.");
    }

    private sealed record Verdict(string What, double Value, string Unit, double Limit, bool AtLeast, bool Met);
}
