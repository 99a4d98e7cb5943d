using System.Runtime.InteropServices;
using System.Text;

namespace Mefapex.Cli;

/// <summary>Finds the command that the arguments name and runs it.</summary>
internal static class CommandLine
{
    private static readonly Command[] Commands =
    [
        UpCommand.Up, UpCommand.Down, UpCommand.Status, TestCommand.Test, BenchCommand.Bench, EvalCommand.Eval,
        AuditPermissionsCommand.AuditPermissions, SetupCommand.Setup,
        new("help", "[command]", "says what a command does", "", Help),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        var verbose = arguments.TakeFlag("--verbose");
        var fromBuild = arguments.TakeFlag("--from-build");
        var terminal = Terminal.Standard(Console.Out, Console.IsOutputRedirected, fromBuild);
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            var forced = Profile(arguments.TakeOption("--packages"));
            var wantsHelp = arguments.TakeFlag("--help") | arguments.TakeFlag("-h");
            var name = arguments.TakeWord();
            var command = Find(wantsHelp || name is null ? "help" : name);
            if (wantsHelp)
                arguments = new Arguments(name is null ? [] : [name]);
            var context = new CommandContext(Workspace.Find(), terminal, forced, fromBuild);
            return await command.RunAsync(context, arguments, stop.Token);
        }
        catch (Exception exception)
        {
            return Failure.Report(terminal, exception, verbose);
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static Command Find(string name) =>
        Commands.FirstOrDefault(command => command.Name == name)
        ?? throw SetupException.Usage(
            $"There is no command '{name}'.", $"There are {string.Join(", ", Commands.Select(command => command.Name))}.");

    private static PackageProfile? Profile(string? value) => value switch
    {
        null => null,
        _ when Enum.TryParse<PackageProfile>(value, ignoreCase: true, out var profile) && Enum.IsDefined(profile) => profile,
        _ => throw SetupException.Usage($"--packages takes Full or Partial, not '{value}'.", "See ./mefapex help."),
    };

    private static Task<int> Help(CommandContext context, Arguments arguments, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        if (arguments.TakeWord() is { } name)
        {
            var command = Find(name);
            text.AppendLine($"./mefapex {command.Name} {command.Usage}".TrimEnd())
                .AppendLine($"  {command.Summary}");
            foreach (var line in command.Details.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                text.AppendLine($"  {line.TrimEnd()}");
        }
        else
        {
            text.AppendLine("Usage: ./mefapex [--packages Full|Partial] [--verbose] <command>").AppendLine();
            foreach (var command in Commands)
                text.AppendLine($"  {$"{command.Name} {command.Usage}",-36}{command.Summary}");
            text.AppendLine().AppendLine("./mefapex help <command> says more.");
        }

        Console.Out.Write(text);
        return Task.FromResult(0);
    }
}
