using Mefapex.Cli;

var arguments = args.ToList();
var verbose = arguments.Remove("--verbose");
var fromBuild = arguments.Remove("--from-build");
var terminal = Terminal.Standard(Console.Out, Console.IsOutputRedirected, fromBuild);
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, signal) =>
{
    signal.Cancel = true;
    stop.Cancel();
};

try
{
    var forced = TakeProfile(arguments);
    var command = arguments.FirstOrDefault() ?? "help";
    switch (command)
    {
        case "setup":
            var parts = fromBuild ? SetupParts.Build
                : arguments.Contains("--tests") ? SetupParts.Build | SetupParts.Run | SetupParts.Tests
                : SetupParts.Build | SetupParts.Run;
            var setup = new Setup(Workspace.Find(), terminal, TimeProvider.System);
            return await setup.RunAsync(new SetupOptions(parts, forced, arguments.Contains("--probe")), stop.Token);
        case "help" or "--help" or "-h":
            Help();
            return 0;
        default:
            terminal.Fail($"There is no command '{command}'.", null);
            Help();
            return 2;
    }
}
catch (Exception exception)
{
    return Failure.Report(terminal, exception, verbose);
}

static PackageProfile? TakeProfile(List<string> arguments)
{
    var at = arguments.IndexOf("--packages");
    if (at < 0)
        return null;
    var value = arguments.ElementAtOrDefault(at + 1);
    if (!Enum.TryParse<PackageProfile>(value, ignoreCase: true, out var profile))
        throw new SetupException($"--packages takes Full or Partial, not '{value}'.", "See ./mefapex help.");
    arguments.RemoveRange(at, 2);
    return profile;
}

static void Help() => Console.WriteLine("""
    Usage: ./mefapex [--packages Full|Partial] [--verbose] <command>

      setup [--probe] [--tests]   makes everything ready to build and run; --probe asks the package registry anew
      help                        this text
    """);
