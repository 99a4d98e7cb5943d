using System.Text.Json;

namespace Mefapex.Cli;

/// <summary>The system of this clone: the one that runs, or one that is started here and stopped at the end.</summary>
internal sealed class RunningSystem : IAsyncDisposable
{
    private readonly AppHostProgram? _mine;

    private RunningSystem(Uri api, AppHostProgram? mine) => (Api, _mine) = (api, mine);

    public Uri Api { get; }

    /// <summary>Whether it was started here, so that it may still be embedding its knowledge.</summary>
    public bool IsNew => _mine is not null;

    public static async Task<RunningSystem> FindOrStartAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var program = new AppHostProgram(context);
        if (await program.IsRunningAsync(cancellationToken))
            return new RunningSystem(Address(context.Workspace), mine: null);

        await context.SetupAsync(SetupParts.Build | SetupParts.Run, probeAnew: false, cancellationToken);
        await program.BuildAsync(cancellationToken);
        using (var step = context.Terminal.Begin("Starting Mefapex for this; ./mefapex up would keep it running"))
        {
            await program.StartAsync(cancellationToken);
            step.Outcome = "Started Mefapex for this";
        }

        try
        {
            return new RunningSystem(Address(context.Workspace), program);
        }
        catch (SetupException)
        {
            await program.StopAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_mine is not null)
            await _mine.StopAsync();
    }

    /// <summary>Where the running topology says that its API is.</summary>
    internal static Uri Address(Workspace workspace)
    {
        var file = Path.Combine(workspace.State, "run", "topology.json");
        try
        {
            using var state = JsonDocument.Parse(File.ReadAllText(file));
            foreach (var resource in state.RootElement.GetProperty("resources").EnumerateArray())
            {
                if (resource.GetProperty("name").GetString() == "api" && resource.TryGetProperty("url", out var url))
                    return new Uri(url.GetString()!);
            }
        }
        catch (Exception exception) when (exception is IOException or JsonException or KeyNotFoundException or UriFormatException)
        {
            throw new SetupException($"{file} does not say where the API is: {exception.Message}", "See ./mefapex status, or name it with --api URL.");
        }

        throw new SetupException($"{file} names no API.", "See ./mefapex status, or name it with --api URL.");
    }
}
