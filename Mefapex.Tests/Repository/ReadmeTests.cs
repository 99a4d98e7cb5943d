using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Mefapex.Tests.Repository;

/// <summary>Every path, command, variable and address that the README names exists.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Text = File.ReadAllText(RepositoryRoot.File("README.md"));

    [Fact]
    public void Every_path_exists()
    {
        var links = MarkdownLink().Matches(Text).Select(m => m.Groups[1].Value)
            .Where(target => !target.StartsWith("http", StringComparison.Ordinal));
        var code = InlineCode().Matches(Text).Select(m => m.Groups[1].Value)
            .Where(value => PathLike().IsMatch(value));
        var paths = links.Concat(code).Distinct(StringComparer.Ordinal).ToList();

        paths.Count.ShouldBeGreaterThan(8);
        paths.Where(path => !Exists(path)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_mefapex_command_and_option_is_in_its_help()
    {
        var help = await HelpAsync();
        var invocations = MefapexCommand().Matches(Text).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        var options = Option().Matches(CommandTable()).Select(m => m.Value).ToHashSet(StringComparer.Ordinal);

        invocations.Count.ShouldBeGreaterThan(4);
        invocations.Where(verb => !Regex.IsMatch(help, $@"^\s+(mefapex )?{verb}\b", RegexOptions.Multiline)).ShouldBeEmpty();
        options.Where(option => !help.Contains(option, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public void Every_dotnet_command_names_a_project_that_exists()
    {
        var projects = DotnetTarget().Matches(Text).Select(m => m.Groups[1].Value).ToList();

        projects.ShouldNotBeEmpty();
        projects.Where(project => !Exists(project)).ShouldBeEmpty();
    }

    [Fact]
    public void Every_variable_is_read_somewhere()
    {
        var variables = Variable().Matches(Text).Select(m => m.Value).ToHashSet(StringComparer.Ordinal);
        var sources = string.Join('\n', SourceFiles().Select(File.ReadAllText));

        variables.Count.ShouldBeGreaterThan(6);
        variables.Where(name => !sources.Contains(name, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public void Every_port_is_a_default_of_the_topology()
    {
        var ports = Port().Matches(Text).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        var topology = string.Join('\n', Directory
            .EnumerateFiles(RepositoryRoot.File("Mefapex.AppHost"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .Select(File.ReadAllText)).Replace("_", "", StringComparison.Ordinal);

        ports.Count.ShouldBeGreaterThan(5);
        ports.Where(port => !topology.Contains(port, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private static bool Exists(string path)
    {
        // What a run makes is named, and is kept out of git: the ignore file knows it.
        if (File.ReadAllLines(RepositoryRoot.File(".gitignore")).Contains(path, StringComparer.Ordinal))
            return true;
        var full = RepositoryRoot.File(path.Split('/'));
        return File.Exists(full) || Directory.Exists(full);
    }

    private static string CommandTable() =>
        string.Join('\n', Text.Split('\n').Where(line => line.StartsWith("| `./mefapex", StringComparison.Ordinal)));

    private static async Task<string> HelpAsync()
    {
        using var process = Process.Start(new ProcessStartInfo(RepositoryRoot.File("mefapex"), "help")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var help = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, await errors);
        return help;
    }

    private static IEnumerable<string> SourceFiles() =>
        Directory.EnumerateFiles(RepositoryRoot.Path, "*", new EnumerationOptions { RecurseSubdirectories = true })
            .Where(file => Path.GetExtension(file) is ".cs" or ".props" or ".targets" or ".csproj")
            .Where(file => !GeneratedFolder().IsMatch(file) && !file.Contains("Mefapex.Tests", StringComparison.Ordinal));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex MarkdownLink();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"^(Mefapex\.[\w./]+|\.?[\w-]+(/[\w.-]+)+|[\w.-]+/|[\w-]+\.(md|sln|ps1|json|props)|eng|docs)$")]
    private static partial Regex PathLike();

    [GeneratedRegex(@"\./mefapex ([a-z]+)")]
    private static partial Regex MefapexCommand();

    [GeneratedRegex(@"(?<=`)--[a-z]+")]
    private static partial Regex Option();

    [GeneratedRegex(@"dotnet (?:run --project|build|test) ([\w.]+)")]
    private static partial Regex DotnetTarget();

    [GeneratedRegex(@"\bMEFAPEX_[A-Z_]+\b|\bMefapexPackages\b")]
    private static partial Regex Variable();

    [GeneratedRegex(@"localhost:(\d{4,5})")]
    private static partial Regex Port();

    [GeneratedRegex(@"[\\/](bin|obj|\.mefapex|artifacts)[\\/]")]
    private static partial Regex GeneratedFolder();
}
