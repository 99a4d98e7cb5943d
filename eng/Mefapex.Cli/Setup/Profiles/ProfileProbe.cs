using System.Text.RegularExpressions;

namespace Mefapex.Cli;

/// <summary>Asks the package registry, with one restore of every package of the Full profile, what it can serve.</summary>
internal sealed partial class ProfileProbe(Workspace workspace, Terminal terminal, TimeProvider time)
{
    public static string Project(Workspace workspace) => Path.Combine(workspace.PackageProjects, "Probe.csproj");

    public async Task<ProfileAnswer> AskAsync(bool anew, CancellationToken cancellationToken)
    {
        using var step = terminal.Begin("Asking the package registry which profile it can serve");
        var work = Path.Combine(workspace.Work, "probe");
        AtomicFile.DeleteFolder(work);
        List<string> arguments = ["restore", Project(workspace), "--verbosity", "quiet", $"-p:MefapexWork={work}"];
        if (anew)
            arguments.Add("--no-http-cache");
        // A folder of its own: a package made here for Partial, lying in the usual folder, would pass for the registry's.
        var environment = new Dictionary<string, string?>
        {
            ["NUGET_PACKAGES"] = Path.Combine(work, "packages"),
            ["MefapexPackages"] = null,
        };
        var result = await Shell.DotnetAsync(arguments, cancellationToken, environment);
        var missing = Judge(result);
        AtomicFile.DeleteFolder(work);
        var reason = missing.Count switch
        {
            0 => "the registry carries every package",
            1 => $"the registry lacks {missing[0]}",
            _ => $"the registry lacks {missing[0]} and {missing.Count - 1} more",
        };
        return new ProfileAnswer(
            missing.Count == 0 ? PackageProfile.Full : PackageProfile.Partial,
            reason,
            missing,
            ProfileAnswer.Fingerprint(workspace),
            time.GetUtcNow());
    }

    /// <summary>Reads from what a restore printed which packages the registry lacks: none if it succeeded.</summary>
    /// <exception cref="SetupException">The restore failed for a reason that says nothing about the packages.</exception>
    internal static IReadOnlyList<string> Judge(ShellResult restore)
    {
        if (restore.ExitCode == 0)
            return [];

        var errors = ErrorCode().Matches(restore.Output).Select(match => match.Groups["code"].Value).ToHashSet();
        if (errors.Any(code => code.StartsWith("NU13", StringComparison.Ordinal)))
        {
            throw new SetupException(
                "The package registry could not be reached, so it is unknown which packages can be restored:"
                + Environment.NewLine + FirstError(restore),
                "Check the network, the proxy (HTTPS_PROXY) and `dotnet nuget list source`, or decide yourself with --packages Full|Partial.");
        }

        var missing = Missing().Matches(restore.Output).Select(match => match.Groups["id"].Value)
            .Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        if (missing.Count > 0)
            return missing;

        throw new SetupException(
            "The restore that finds out the package profile failed for another reason than a missing package:"
            + Environment.NewLine + FirstError(restore),
            "Mend that, or decide yourself with --packages Full|Partial.");
    }

    private static string FirstError(ShellResult restore) =>
        FirstErrorLine().Match(restore.Output) is { Success: true } line ? line.Groups["text"].Value.Trim() : restore.Tail(5);

    [GeneratedRegex(@"error (?<text>(NU|MSB|NETSDK)\d+: [^\n]*)")]
    private static partial Regex FirstErrorLine();

    [GeneratedRegex(@"error (?<code>(NU|MSB|NETSDK)\d+)\b")]
    private static partial Regex ErrorCode();

    [GeneratedRegex(
        @"error (NU110[123]: Unable to find (a stable )?package |NU1603: .*? depends on |MSB4236: The SDK ')(?<id>[\w-]+(\.[\w-]+)*)")]
    private static partial Regex Missing();
}
