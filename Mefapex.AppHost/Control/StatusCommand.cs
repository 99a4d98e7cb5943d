using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mefapex.AppHost.Settings;
using Mefapex.AppHost.State;

namespace Mefapex.AppHost.Control;

/// <summary>Says where each resource stands: 0 when all are healthy, 1 when not, 3 when nothing runs.</summary>
internal static class StatusCommand
{
    public static int Run(HostSettings settings, bool json)
    {
        var report = StatusReport.Of(TopologyState.Read(settings.StateFile));
        Console.WriteLine(json
            ? JsonSerializer.Serialize(report, StatusJson.Default.StatusReport)
            : Render(report));
        return !report.Running ? 3 : report.Healthy ? 0 : 1;
    }

    private static string Render(StatusReport report)
    {
        if (!report.Running)
        {
            var left = report.Resources.Count(resource => resource.Pid is not null);
            return left == 0
                ? "Mefapex is not running. Start it with ./mefapex up"
                : string.Create(CultureInfo.InvariantCulture, $"Mefapex was killed and left {left} processes behind. End them with ./mefapex down");
        }

        string[] head = ["NAME", "STATE", "ADDRESS", "PID", "MB", "RESTARTS"];
        var rows = report.Resources.Select(Cells).Prepend(head).ToList();
        var widths = Enumerable.Range(0, head.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var lines = rows.Select(row => string.Join("  ", row.Select((cell, column) =>
            column is 3 or 4 or 5 ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd());
        var reasons = report.Resources.Where(r => r.Reason is not null).Select(r => $"{r.Name}: {r.Reason}");
        return string.Join('\n', lines.Concat(reasons).Prepend(
            string.Create(CultureInfo.InvariantCulture, $"Mefapex is up ({report.Profile}), started {report.StartedAt?.ToLocalTime():yyyy-MM-dd HH:mm:ss}")));
    }

    private static string[] Cells(ResourceStatus resource) =>
    [
        resource.Name,
        resource.State,
        resource.Url ?? string.Empty,
        resource.Pid?.ToString(CultureInfo.InvariantCulture) ?? "-",
        resource.ResidentMb?.ToString("0", CultureInfo.InvariantCulture) ?? "-",
        resource.Restarts.ToString(CultureInfo.InvariantCulture),
    ];
}

/// <summary>What <c>status --json</c> prints.</summary>
internal sealed record StatusReport(
    bool Running,
    bool Healthy,
    string? Profile,
    DateTimeOffset? StartedAt,
    IReadOnlyList<ResourceStatus> Resources)
{
    public static StatusReport Of(TopologyState? state) => state is null
        ? new StatusReport(Running: false, Healthy: false, Profile: null, StartedAt: null, [])
        : new StatusReport(
            state.Runner.IsAlive,
            state.Runner.IsAlive && state.AllHealthy,
            state.Profile,
            state.StartedAt,
            [.. state.Resources.Select(ResourceStatus.Of)]);
}

/// <param name="State">A <see cref="ResourcePhase"/> in lower case.</param>
/// <param name="ResidentMb">Resident memory in MiB.</param>
internal sealed record ResourceStatus(
    string Name,
    string Kind,
    string State,
    string? Url,
    int? Pid,
    double? ResidentMb,
    int Restarts,
    string? Reason,
    string? Log)
{
    public static ResourceStatus Of(ResourceState resource)
    {
        var process = resource.Process is { IsAlive: true } alive ? alive : null;
        return new ResourceStatus(
            resource.Name,
            resource.Kind,
            resource.Phase.ToString().ToLowerInvariant(),
            resource.Phase == ResourcePhase.Skipped ? null : resource.Url,
            process?.Pid,
            process?.ResidentMb is { } mb ? Math.Round(mb, 1) : null,
            resource.Restarts,
            resource.Reason,
            resource.Log);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(StatusReport))]
internal sealed partial class StatusJson : JsonSerializerContext;
