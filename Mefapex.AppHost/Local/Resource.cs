using Mefapex.AppHost.Processes;

namespace Mefapex.AppHost.Local;

/// <summary>Something the runner keeps alive: a process, what it waits for, and how one sees that it works.</summary>
internal sealed class Resource(string name, string kind)
{
    public string Name { get; } = name;

    /// <summary><c>project</c> for our own services, <c>executable</c> for others' programs.</summary>
    public string Kind { get; } = kind;

    /// <summary>Called before each start: makes ready what the process needs and says how to start it.</summary>
    public required Func<CancellationToken, Task<Command>> PrepareAsync { get; init; }

    /// <summary>Whether it can do its work now.</summary>
    public required Func<CancellationToken, Task<bool>> IsHealthyAsync { get; init; }

    /// <summary>Resources that must be healthy before this one is started for the first time.</summary>
    public IReadOnlyList<Resource> WaitsFor { get; init; } = [];

    /// <summary>Where people or other programs reach it.</summary>
    public string? Url { get; init; }

    public ProcessSignal StopSignal { get; init; } = ProcessSignal.Terminate;

    /// <summary>Set when it cannot be had here: it is shown with this reason and not started.</summary>
    public string? SkippedBecause { get; init; }
}
