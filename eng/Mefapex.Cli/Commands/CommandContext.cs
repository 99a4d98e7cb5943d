namespace Mefapex.Cli;

/// <summary>What every command works with.</summary>
/// <param name="Forced">The package profile to take without asking the registry.</param>
internal sealed record CommandContext(Workspace Workspace, Terminal Terminal, PackageProfile? Forced, bool FromBuild)
{
    /// <summary>Sets the clone up; from then on every dotnet command started here builds with the profile found.</summary>
    public async Task SetupAsync(SetupParts parts, bool probeAnew, CancellationToken cancellationToken) =>
        await new Setup(Workspace, Terminal, TimeProvider.System)
            .RunAsync(new SetupOptions(parts, Forced, probeAnew), cancellationToken);
}
