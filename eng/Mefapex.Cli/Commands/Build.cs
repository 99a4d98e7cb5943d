namespace Mefapex.Cli;

/// <summary>Builds with dotnet and says tersely what is wrong.</summary>
internal static class Build
{
    private const int Shown = 20;

    /// <exception cref="SetupException">It does not compile; the message holds the compiler's errors.</exception>
    public static async Task RunAsync(
        Workspace workspace, string project, CancellationToken cancellationToken, string configuration = "Debug")
    {
        var result = await Shell.DotnetAsync(
            ["build", project, "-c", configuration, "--nologo", "-v:q", "-clp:NoSummary"], cancellationToken);
        if (result.ExitCode == 0)
            return;

        var errors = result.Output.Split('\n')
            .Where(line => line.Contains("error ", StringComparison.Ordinal))
            .Select(line => Shorten(workspace, line))
            .Distinct(StringComparer.Ordinal)
            .ToList();
        var said = errors.Count > 0 ? string.Join(Environment.NewLine, errors.Take(Shown)) : result.Tail(Shown);
        throw new SetupException(
            $"The build failed:{Environment.NewLine}{said}",
            errors.Count > Shown ? $"These are {Shown} of {errors.Count} errors." : "Mend that and run the command again.");
    }

    // "/clone/Mefapex.Api/Program.cs(3,1): error CS1002: ; expected [/clone/Mefapex.Api/Mefapex.Api.csproj]"
    private static string Shorten(Workspace workspace, string line)
    {
        var project = line.LastIndexOf(" [", StringComparison.Ordinal);
        var text = project > 0 && line.TrimEnd().EndsWith(']') ? line[..project] : line;
        return "  " + text.Replace(workspace.Root + Path.DirectorySeparatorChar, "", StringComparison.Ordinal).Trim();
    }
}
