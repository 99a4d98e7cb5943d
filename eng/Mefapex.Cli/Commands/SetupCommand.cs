namespace Mefapex.Cli;

internal static class SetupCommand
{
    public static readonly Command Setup = new(
        "setup",
        "[--probe] [--tests]",
        "makes everything ready to build and run",
        """
        --probe   asks the package registry anew which profile it can serve
        --tests   also what the tests need: a browser
        Every other command does this by itself when it is due.
        """,
        RunAsync);

    private static async Task<int> RunAsync(CommandContext context, Arguments arguments, CancellationToken cancellationToken)
    {
        var parts = context.FromBuild ? SetupParts.Build
            : arguments.TakeFlag("--tests") ? SetupParts.Build | SetupParts.Run | SetupParts.Tests
            : SetupParts.Build | SetupParts.Run;
        var probeAnew = arguments.TakeFlag("--probe");
        arguments.Finish("setup");
        await context.SetupAsync(parts, probeAnew, cancellationToken);
        return 0;
    }
}
