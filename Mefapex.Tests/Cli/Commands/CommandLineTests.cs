using System.Diagnostics;
using Mefapex.Cli;

namespace Mefapex.Tests.Cli.Commands;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("up")]
    [InlineData("down")]
    [InlineData("status")]
    [InlineData("test")]
    [InlineData("eval")]
    [InlineData("audit-permissions")]
    [InlineData("setup")]
    public async Task Every_command_is_listed_and_explains_itself(string command)
    {
        (await RunAsync("help")).Output.ShouldContain($"  {command} ");

        var (exitCode, help) = await RunAsync("help", command);

        exitCode.ShouldBe(0);
        help.ShouldStartWith($"./mefapex {command}");
        (await RunAsync(command, "--help")).Output.ShouldBe(help);
    }

    [Theory]
    [InlineData("There is no command 'fly'.", "There are up, down", "fly")]
    [InlineData("'--fast' is not understood.", "See ./mefapex help up.", "up", "--fast")]
    [InlineData("--packages takes Full or Partial, not 'Half'.", "See ./mefapex help.", "--packages", "Half", "status")]
    public async Task What_is_not_understood_is_refused_with_a_hint(string message, string hint, params string[] arguments)
    {
        var (exitCode, output) = await RunAsync(arguments);

        exitCode.ShouldBe(2);
        output.ShouldContain(message);
        output.ShouldContain(hint);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(CommandLine).Assembly.Location, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }
}
