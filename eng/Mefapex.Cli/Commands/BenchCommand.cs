using System.Diagnostics;

namespace Mefapex.Cli;

internal static class BenchCommand
{
    private const string Configuration = "Release";

    public static readonly Command Bench = new(
        "bench",
        "chat|embed|generate|sign-in|soak|vectors [options]",
        "measures speed and memory, as tables and with --json FILE as JSON",
        """
        chat      questions over HTTP to API, AI service and PostgreSQL, all on this machine, at a fixed rate: once
                  all different, once the same ones again, once while a PDF of 300 pages is taken in
                  --rate QUESTIONS-A-SECOND (100)   --seconds N (60)   --entries N (2000)   --chunks N (20000)
        embed     encoders at batch 1, 8, 32 and 8, 32, 128 tokens, and what HTTP adds; beside the same
                  graph and texts under @huggingface/transformers, which Node.js runs in turns with it
                  --rounds N (5)   --no-peer   --model DIR for an encoder folder of your own
        generate  time to the first token, tokens a second, memory; with the project's tiny generator or
                  --model DIR   --tokens N (64)   --prompt-tokens N (64)
        sign-in   a flood of wrong passwords from many addresses, on one account and over many, beside questions
                  and people who sign in   --guesses N (10000)   --seconds N (30)   --rate QUESTIONS-A-SECOND (100)
                  --entries N (1000)   --chunks N (2000)
        soak      mixed load on the AI service: failures, and growth of memory after the warm-up
                  --minutes N (30)   --warm-up N (5)   --rate REQUESTS-A-SECOND (100)
                  --reload SECONDS, to unload all models so often
        vectors   the exact vector index beside plain comparison of all vectors: time and recall
                  --vectors N (100000)   --dimensions N (256)   --searches N (400)
        Ends with 0 when all targets are met, 1 when not.
        """,
        RunAsync);

    private static async Task<int> RunAsync(CommandContext context, Arguments arguments, CancellationToken cancellationToken)
    {
        var rest = arguments.TakeAll();
        if (rest.Length == 0 || rest[0].StartsWith('-'))
            throw SetupException.Usage("Which benchmark?", "./mefapex bench chat, embed, generate, sign-in, soak or vectors; ./mefapex help bench says more.");
        await context.SetupAsync(SetupParts.Build, probeAnew: false, cancellationToken);

        var project = Path.Combine(context.Workspace.Root, "eng", "Mefapex.Bench");
        using (var step = context.Terminal.Begin("Building"))
        {
            await Build.RunAsync(context.Workspace, project, cancellationToken, Configuration);
            step.Outcome = "Built";
        }

        // The peer stands beside encoders only.
        if (rest[0] == "embed" && !rest.Contains("--no-peer"))
        {
            var peer = new TransformersJs(context.Workspace, context.Terminal);
            await peer.EnsureAsync(cancellationToken);
            Environment.SetEnvironmentVariable("MEFAPEX_PEER", peer.Folder);
        }

        string[] command = [Shell.Dotnet, Path.Combine(project, "bin", Configuration, "net10.0", "Mefapex.Bench.dll"), .. rest];
        if (!OperatingSystem.IsWindows())
            Exec.Replace(command);
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false })!;
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }
}
