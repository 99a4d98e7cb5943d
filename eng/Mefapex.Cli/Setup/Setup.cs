using System.Globalization;
using System.Xml.Linq;

namespace Mefapex.Cli;

/// <summary>
/// Brings a clone to where it can be built, run and tested. Safe to run at any time, twice at once, and again after
/// it was interrupted: what is done stays done, what is half done is done anew.
/// </summary>
internal sealed class Setup(Workspace workspace, Terminal terminal, TimeProvider time)
{
    private ProfileAnswer? _profile;

    /// <summary>The profile in force, once <see cref="RunAsync"/> has found it.</summary>
    public ProfileAnswer Profile => _profile ?? throw new InvalidOperationException("The setup has not run yet.");

    /// <returns>0; whatever stands in the way is thrown.</returns>
    /// <exception cref="SetupException">Something that a person can mend.</exception>
    public async Task<int> RunAsync(SetupOptions options, CancellationToken cancellationToken)
    {
        ForgetOuterBuild();
        Directory.CreateDirectory(workspace.Home);

        var standing = options.ProbeAnew ? null : Standing(options);
        if (standing is not null && await IsReadyAsync(standing, options.Parts, cancellationToken))
        {
            Take(standing);
            return 0;
        }

        using var held = await SetupLock.AcquireAsync(workspace.LockFile, terminal, time, cancellationToken);
        var answer = options.ProbeAnew ? null : Standing(options);
        if (answer is null)
        {
            answer = await new ProfileProbe(workspace, terminal, time).AskAsync(options.ProbeAnew, cancellationToken);
            answer.Write(workspace.Answer);
        }

        Take(answer);
        await WorkAsync(answer, options.Parts, cancellationToken);
        return 0;
    }

    /// <summary>The profile that is forced, or that an earlier probe found for the same package list.</summary>
    private ProfileAnswer? Standing(SetupOptions options)
    {
        if (options.Forced is { } forced)
            return ProfileAnswer.Forced(forced, "--packages");
        if (Environment.GetEnvironmentVariable("MefapexPackages") is { Length: > 0 } variable)
        {
            return Enum.TryParse<PackageProfile>(variable, out var profile)
                ? ProfileAnswer.Forced(profile, "the variable MefapexPackages")
                : throw new SetupException(
                    $"The variable MefapexPackages is '{variable}'.", "Set it to Full or Partial, or unset it.");
        }

        return ProfileAnswer.Read(workspace.Answer) is { } answer && answer.Asked == ProfileAnswer.Fingerprint(workspace)
            ? answer
            : null;
    }

    /// <summary>Says which profile is in force, and lets every dotnet command started from here build with it.</summary>
    private void Take(ProfileAnswer answer)
    {
        _profile = answer;
        terminal.Say(answer.ToString());
        Environment.SetEnvironmentVariable("MefapexPackages", answer.Profile.ToString());
    }

    private async Task<bool> IsReadyAsync(ProfileAnswer answer, SetupParts parts, CancellationToken cancellationToken)
    {
        using var http = Downloader.CreateClient();
        var plan = await PlanAsync(answer, parts, http, cancellationToken);
        if (plan.Jobs.Count > 0 || plan.Prerequisites.Any(one => !one.IsThere()))
            return false;
        MarkReady(answer);
        return true;
    }

    private async Task WorkAsync(ProfileAnswer answer, SetupParts parts, CancellationToken cancellationToken)
    {
        using var http = Downloader.CreateClient();
        var plan = await PlanAsync(answer, parts, http, cancellationToken);
        ClearScratch();
        await new SystemPackages(workspace, terminal).EnsureAsync(plan.Prerequisites, cancellationToken);
        await RunTogetherAsync(plan.Jobs, cancellationToken);
        MarkReady(answer);
    }

    /// <summary>What is still to be done.</summary>
    private async Task<(List<Prerequisite> Prerequisites, List<Func<CancellationToken, Task>> Jobs)> PlanAsync(
        ProfileAnswer answer, SetupParts parts, HttpClient http, CancellationToken cancellationToken)
    {
        List<Prerequisite> prerequisites = [SystemPackages.Icu];
        List<Func<CancellationToken, Task>> jobs = [];
        var downloader = new Downloader(http, NpmRegistry.Read(), workspace.Cache, terminal, time);

        if (answer.Profile is PackageProfile.Partial)
        {
            var maker = new FeedMaker(workspace, terminal);
            var dashboardComes = false;
            foreach (var recipe in await RecipesAsync(answer, downloader, cancellationToken))
            {
                if (maker.IsUpToDate(recipe))
                    continue;
                if (recipe.Packages.Any(made => made.Id == Recipes.LibrdkafkaPackage))
                    prerequisites.AddRange([SystemPackages.Compiler, SystemPackages.Make, SystemPackages.TlsHeaders]);
                dashboardComes |= recipe.Packages.Any(made => made.Id == Recipes.BlazorPackage);
                jobs.Add(token => maker.MakeAsync(recipe, token));
            }

            if (parts.HasFlag(SetupParts.Run) && !dashboardComes && NpmPackage.Pinned(workspace, "aspire") is { } source)
            {
                var aspire = new AspireCli(workspace, downloader, terminal, source);
                if (!aspire.IsUpToDate)
                    jobs.Add(token => DashboardAsync(aspire, token));
            }
        }

        var postgres = new PostgresServer(workspace, downloader, terminal);
        // Full runs PostgreSQL in a container where it can; the tests want a server of their own in any case.
        var inContainer = answer.Profile is PackageProfile.Full && !parts.HasFlag(SetupParts.Tests)
            && (Shell.Which("docker") is not null || Shell.Which("podman") is not null);
        if (parts.HasFlag(SetupParts.Run) && !inContainer && !postgres.IsUpToDate)
        {
            if (SystemPackages.CanInstall)
                prerequisites.Add(SystemPackages.Postgres);
            jobs.Add(async token =>
            {
                if (!await postgres.FindAsync(token))
                    await postgres.UnpackAsync(token);
            });
        }

        if (parts.HasFlag(SetupParts.Run))
            prerequisites.Add(SystemPackages.Poppler);
        if (parts.HasFlag(SetupParts.Tests))
            prerequisites.Add(SystemPackages.Chromium);
        return (prerequisites, jobs);
    }

    /// <summary>The packages to make: those the registry lacks, or all of them where nobody asked it.</summary>
    private async Task<List<Recipe>> RecipesAsync(
        ProfileAnswer answer, Downloader downloader, CancellationToken cancellationToken)
    {
        var recipes = new Recipes(workspace, downloader, terminal);
        List<Recipe> wanted = [];
        if (IsMissing(Recipes.OnnxRuntimePackage))
            wanted.Add(recipes.OnnxRuntime());
        if (IsMissing(Recipes.OnnxRuntimeGenAIPackage))
            wanted.Add(recipes.OnnxRuntimeGenAI());
        if (IsMissing(Recipes.LibrdkafkaPackage))
            wanted.Add(recipes.Librdkafka());
        if (IsMissing(Recipes.BlazorPackage))
            wanted.Add(recipes.BlazorAssets(await BlazorVersionAsync(cancellationToken)));
        return wanted;

        bool IsMissing(string id) => answer.Missing?.Contains(id, StringComparer.OrdinalIgnoreCase) ?? true;
    }

    /// <summary>Everything but the dashboard runs without the Aspire CLI.</summary>
    private async Task DashboardAsync(AspireCli aspire, CancellationToken cancellationToken)
    {
        try
        {
            await aspire.EnsureAsync(cancellationToken);
        }
        catch (MissingPackageException missing)
        {
            terminal.Warn($"{missing.Message}, so the dashboard is left out.");
        }
    }

    /// <summary>The version of Blazor's browser script that the SDK in use asks for.</summary>
    private static async Task<string> BlazorVersionAsync(CancellationToken cancellationToken)
    {
        var asked = await Task.WhenAll(
            Shell.DotnetAsync(["--version"], cancellationToken), Shell.DotnetAsync(["--list-sdks"], cancellationToken));
        var version = asked[0].Output.Trim();
        var line = asked[1].Output.Split('\n').FirstOrDefault(one => one.StartsWith(version + " [", StringComparison.Ordinal));
        if (asked[0].ExitCode != 0 || line is null)
        {
            throw new SetupException(
                $"No .NET SDK that global.json accepts is installed:{Environment.NewLine}{asked[0].Tail(8)}",
                "Install the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0");
        }

        var sdk = Path.Combine(line[(line.IndexOf('[', StringComparison.Ordinal) + 1)..].TrimEnd().TrimEnd(']'), version);
        return XDocument.Load(Path.Combine(sdk, "Microsoft.NETCoreSdk.BundledVersions.props"))
            .Descendants()
            .Where(element => element.Name.LocalName == "KnownAspNetCorePack"
                && (string?)element.Attribute("TargetFramework") == "net10.0")
            .Select(element => (string)element.Attribute("AspNetCorePackVersion")!)
            .First();
    }

    /// <summary>Runs the jobs side by side; the first to fail stops the others.</summary>
    private static async Task RunTogetherAsync(List<Func<CancellationToken, Task>> jobs, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? first = null;
        await Task.WhenAll(jobs.Select(async job =>
        {
            try
            {
                await Task.Run(() => job(stop.Token), stop.Token);
            }
            catch (Exception exception)
            {
                if (Interlocked.CompareExchange(ref first, exception, null) is null)
                    await stop.CancelAsync();
            }
        }));

        cancellationToken.ThrowIfCancellationRequested();
        if (first is MissingPackageException missing)
        {
            throw new SetupException(
                missing.Message + ".",
                "Use a registry that does (NPM_CONFIG_REGISTRY), or one that carries the official NuGet packages and `./mefapex setup --probe`.",
                missing);
        }

        if (first is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
    }

    /// <summary>Removes what an interrupted setup left; whatever still holds it goes with a later run.</summary>
    private void ClearScratch()
    {
        try
        {
            AtomicFile.DeleteFolder(workspace.Work);
        }
        catch (IOException exception)
        {
            terminal.Say($"{workspace.Work} could not be cleared: {exception.Message}");
        }
    }

    /// <summary>Tells plain dotnet builds, which compare file times, that this setup stands.</summary>
    private void MarkReady(ProfileAnswer answer)
    {
        var now = time.GetUtcNow();
        AtomicFile.Write(
            Path.Combine(workspace.Home, $"ready.{answer.Profile}"), now.ToString("O", CultureInfo.InvariantCulture) + "\n");
        if (answer.AskedAt is not null)
            File.SetLastWriteTimeUtc(workspace.Answer, now.UtcDateTime);
    }

    /// <summary>Drops what an outer dotnet build put into the environment, which would lead inner ones astray.</summary>
    private static void ForgetOuterBuild()
    {
        foreach (var name in new[] { "MSBUILD_EXE_PATH", "MSBuildSDKsPath", "MSBuildExtensionsPath", "MSBuildLoadMicrosoftTargetsReadOnly" })
            Environment.SetEnvironmentVariable(name, null);
    }
}
