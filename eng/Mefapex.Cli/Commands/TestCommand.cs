using System.Diagnostics;
using System.Globalization;
using System.Xml.Linq;

namespace Mefapex.Cli;

internal static class TestCommand
{
    public static readonly Command Test = new(
        "test",
        "[FILTER]",
        "sets up what the tests need and runs them",
        """
        FILTER runs only the tests whose full name contains it, for instance Api.Chat or SupervisorTests.
        The last line says how many passed, failed and were skipped. Results: artifacts/tests/.
        """,
        RunAsync);

    private static async Task<int> RunAsync(CommandContext context, Arguments arguments, CancellationToken cancellationToken)
    {
        var filter = arguments.TakeWord();
        arguments.Finish("test");
        await context.SetupAsync(SetupParts.Build | SetupParts.Run | SetupParts.Tests, probeAnew: false, cancellationToken);

        var root = context.Workspace.Root;
        using (var step = context.Terminal.Begin("Building"))
        {
            await Build.RunAsync(context.Workspace, Path.Combine(root, "Mefapex.sln"), cancellationToken);
            step.Outcome = "Built";
        }

        var results = Path.Combine(root, "artifacts", "tests");
        AtomicFile.DeleteFolder(results);
        var exitCode = await RunTestsAsync(Path.Combine(root, "Mefapex.Tests"), results, filter, cancellationToken);
        var sums = TestSums.Read(results);
        if (sums.Passed + sums.Failed + sums.Skipped == 0)
        {
            context.Terminal.Fail(
                filter is null ? "No test ran." : $"No test's full name contains '{filter}'.", "The output above says why.");
            exitCode = exitCode == 0 ? 1 : exitCode;
        }

        Console.WriteLine(sums);
        return exitCode == 0 && sums.Failed > 0 ? 1 : exitCode;
    }

    // With this process's own streams: the tests' output is shown as it comes.
    private static async Task<int> RunTestsAsync(string project, string results, string? filter, CancellationToken cancellationToken)
    {
        List<string> arguments = ["test", project, "--no-build", "--nologo", "--logger", "trx", "--results-directory", results];
        if (filter is not null)
            arguments.AddRange(["--filter", $"FullyQualifiedName~{Escape(filter)}"]);
        var start = new ProcessStartInfo(Shell.Dotnet, arguments) { UseShellExecute = false };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["MSBUILDTERMINALLOGGER"] = "off";

        using var process = Process.Start(start)!;
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return process.ExitCode;
    }

    private static string Escape(string filter) =>
        string.Concat(filter.Select(letter => @"\()&|=!~".Contains(letter, StringComparison.Ordinal) ? $@"\{letter}" : letter.ToString()));
}

/// <summary>How many tests ended how, summed over all result files.</summary>
internal sealed record TestSums(int Passed, int Failed, int Skipped)
{
    public static TestSums Read(string folder)
    {
        XNamespace trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
        var outcomes = (Directory.Exists(folder) ? Directory.GetFiles(folder, "*.trx", SearchOption.AllDirectories) : [])
            .SelectMany(file => XDocument.Load(file).Descendants(trx + "UnitTestResult"))
            .Select(result => (string?)result.Attribute("outcome"))
            .ToList();
        var passed = outcomes.Count(outcome => outcome == "Passed");
        var skipped = outcomes.Count(outcome => outcome == "NotExecuted");
        return new TestSums(passed, outcomes.Count - passed - skipped, skipped);
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Passed} passed, {Failed} failed, {Skipped} skipped");
}
