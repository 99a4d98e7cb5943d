using System.Text.Json;
using System.Text.Json.Serialization;
using Mefapex.AppHost.Processes;

namespace Mefapex.AppHost.State;

/// <summary>What runs, as the process that runs it last wrote down. Replaced whole, never half.</summary>
internal sealed record TopologyState(
    ProcessIdentity Runner,
    string Profile,
    DateTimeOffset StartedAt,
    IReadOnlyList<ResourceState> Resources)
{
    /// <summary>Whether nothing is missing: what was left out on purpose does not count.</summary>
    [JsonIgnore]
    public bool AllHealthy => Resources.Count > 0 && Resources.All(r => r.Phase is ResourcePhase.Healthy or ResourcePhase.Skipped);

    /// <summary>The last state written to a file, or null when there is none.</summary>
    public static TopologyState? Read(string file)
    {
        try
        {
            return File.Exists(file)
                ? JsonSerializer.Deserialize(File.ReadAllText(file), TopologyJson.Default.TopologyState)
                : null;
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return null;
        }
    }

    public void Write(string file)
    {
        var draft = file + ".new";
        File.WriteAllText(draft, JsonSerializer.Serialize(this, TopologyJson.Default.TopologyState));
        File.Move(draft, file, overwrite: true);
    }
}

/// <summary>One resource of the topology.</summary>
internal sealed record ResourceState(string Name, string Kind)
{
    public ResourcePhase Phase { get; init; }

    public ProcessIdentity? Process { get; init; }

    /// <summary>The signal that ends the process in order.</summary>
    public ProcessSignal StopSignal { get; init; } = ProcessSignal.Terminate;

    public string? Url { get; init; }

    /// <summary>How many times it was started again.</summary>
    public int Restarts { get; init; }

    public string? Log { get; init; }

    /// <summary>Why it is in this phase, where that is not plain.</summary>
    public string? Reason { get; init; }
}

/// <summary>Where a resource stands.</summary>
internal enum ResourcePhase
{
    /// <summary>For what it depends on.</summary>
    Waiting,
    Starting,
    Healthy,

    /// <summary>It runs, but says that it cannot work.</summary>
    Unhealthy,

    /// <summary>It died and is started again after a delay.</summary>
    Restarting,
    Stopped,

    /// <summary>It cannot be had here and is not needed.</summary>
    Skipped,
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true,
    Converters = [typeof(LowerCaseEnum<ResourcePhase>), typeof(LowerCaseEnum<ProcessSignal>)])]
[JsonSerializable(typeof(TopologyState))]
internal sealed partial class TopologyJson : JsonSerializerContext;

internal sealed class LowerCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase)
    where T : struct, Enum;
