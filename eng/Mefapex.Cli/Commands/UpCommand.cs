namespace Mefapex.Cli;

/// <summary>The commands that bring the topology up, down and into view; Mefapex.AppHost does the work.</summary>
internal static class UpCommand
{
    public static readonly Command Up = new(
        "up",
        "[--detach [--timeout SECONDS]]",
        "brings up everything and prints where it is",
        """
        In the foreground Ctrl+C stops it. With --detach it returns when all is healthy, or with an error
        and everything stopped again when that takes longer than the timeout (180 seconds).
        Ports: MEFAPEX_WEB_PORT, MEFAPEX_API_PORT, MEFAPEX_AI_PORT, MEFAPEX_POSTGRES_PORT,
        MEFAPEX_DASHBOARD_PORT, MEFAPEX_OTLP_PORT, MEFAPEX_OTLP_HTTP_PORT.
        MEFAPEX_STATE moves the folder of data, logs and secrets.
        """,
        UpAsync);

    public static readonly Command Down = new(
        "down",
        "",
        "stops it and keeps the data",
        "Returns when every process has gone and every port is free, also after the runner was killed.",
        DownAsync);

    public static readonly Command Status = new(
        "status",
        "[--json]",
        "shows the health of each resource",
        "Ends with 0 when all are healthy, 1 when not, 3 when nothing runs.",
        StatusAsync);

    private static async Task<int> UpAsync(CommandContext context, Arguments arguments, CancellationToken cancellationToken)
    {
        List<string> options = arguments.TakeFlag("--detach") ? ["--detach"] : [];
        if (arguments.TakeOption("--timeout") is { } seconds)
            options.AddRange(["--timeout", seconds]);
        arguments.Finish("up");

        // What runs is left as it is: building under it would change the files that it has open.
        var program = new AppHostProgram(context);
        if (await program.IsRunningAsync(cancellationToken))
            return await program.RunAsync(options, cancellationToken);

        await context.SetupAsync(SetupParts.Build | SetupParts.Run, probeAnew: false, cancellationToken);
        await program.BuildAsync(cancellationToken);
        return await program.RunAsync(options, cancellationToken);
    }

    private static async Task<int> DownAsync(CommandContext context, Arguments arguments, CancellationToken cancellationToken)
    {
        arguments.Finish("down");
        var program = new AppHostProgram(context);
        if (program.IsBuilt)
            return await program.RunAsync(["down"], cancellationToken);
        if (!program.HasState)
        {
            Console.WriteLine("Mefapex is not running.");
            return 0;
        }

        // Something runs, or has been left behind, whose program was deleted meanwhile.
        await context.SetupAsync(SetupParts.Build, probeAnew: false, cancellationToken);
        await program.BuildAsync(cancellationToken);
        return await program.RunAsync(["down"], cancellationToken);
    }

    private static async Task<int> StatusAsync(CommandContext context, Arguments arguments, CancellationToken cancellationToken)
    {
        var json = arguments.TakeFlag("--json");
        arguments.Finish("status");
        var program = new AppHostProgram(context);
        if (program.IsBuilt)
            return await program.RunAsync(json ? ["status", "--json"] : ["status"], cancellationToken);
        Console.WriteLine(json
            ? """{ "running": false, "healthy": false, "resources": [] }"""
            : "Mefapex is not running: it has not been built. Start it with ./mefapex up");
        return 3;
    }
}
