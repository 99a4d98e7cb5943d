using System.Diagnostics;
using System.Globalization;
using Mefapex.Bench.Measuring;
using Mefapex.Inference.Generation;
using Microsoft.Extensions.AI;
using Spectre.Console;

namespace Mefapex.Bench.Generate;

/// <summary>The language model: time to the first token, tokens a second, alone and with several callers, and memory.</summary>
internal static class GenerateBenchmark
{
    private static readonly int[] Callers = [1, 2, 4];

    public static async Task<int> RunAsync(Options options, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var model = options.Take("--model");
        var tokens = (int)options.Take("--tokens", 64, 1, 100_000);
        var promptTokens = (int)options.Take("--prompt-tokens", 64, 1, 100_000);
        var rounds = (int)options.Take("--rounds", 20, 1, 10_000);
        var json = options.Take("--json");
        options.Finish();

        var report = new Report("generate");
        using var tiny = model is null ? new TinyGenerator(promptTokens + tokens + 64) : null;
        using (var client = OnnxChatClient.Load(
            model ?? tiny!.Folder, new OnnxChatClientOptions { MaxConcurrent = Callers.Max(), MaxQueued = 64 }))
        {
            console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{client.Folder.Name}: {client.Folder.ModelType}, {client.Folder.Bytes / 1e6:0.0} MB, context {client.Folder.ContextLength}; {tokens} tokens after a prompt of about {promptTokens}, {rounds} answers each, times in ms"));
            if (tiny is not null)
                console.WriteLine("The project's tiny model shows what the path costs, not what a real model takes: name one with --model.");
            console.WriteLine($"{"callers",8} {"first p50",10} {"first p95",10} {"token p50",10} {"token p95",10} {"token p99",10} {"tokens/s",10} {"resident MB",12}");
            foreach (var callers in Callers)
                await MeasureAsync(client, Prompt(promptTokens), tokens, callers, rounds, report, console, cancellationToken);
        }

        await report.WriteJsonAsync(json, console, cancellationToken);
        return 0;
    }

    private static async Task MeasureAsync(
        OnnxChatClient client,
        string prompt,
        int tokens,
        int callers,
        int rounds,
        Report report,
        IAnsiConsole console,
        CancellationToken cancellationToken)
    {
        var first = new Timings();
        var each = new Timings();
        long generated = 0;
        await AnswerAsync(client, prompt, tokens, new Timings(), new Timings(), cancellationToken);
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(
            async () =>
            {
                for (var round = 0; round < rounds; round++)
                    Interlocked.Add(ref generated, await AnswerAsync(client, prompt, tokens, first, each, cancellationToken));
            },
            cancellationToken)));
        var rate = generated / Stopwatch.GetElapsedTime(begin).TotalSeconds;
        var (start, step) = (first.Summary(), each.Summary());
        using var process = Process.GetCurrentProcess();
        var residentMb = process.WorkingSet64 / 1048576.0;
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{callers,8} {start.P50,10:0.00} {start.P95,10:0.00} {step.P50,10:0.000} {step.P95,10:0.000} {step.P99,10:0.000} {rate,10:0} {residentMb,12:0}"));
        report.Add(new { callers, firstTokenMs = start, tokenMs = step, tokensPerSecond = rate, residentMb });
    }

    /// <returns>Tokens generated.</returns>
    private static async Task<long> AnswerAsync(
        OnnxChatClient client, string prompt, int tokens, Timings first, Timings each, CancellationToken cancellationToken)
    {
        var last = Stopwatch.GetTimestamp();
        var any = false;
        long generated = 0;
        await foreach (var piece in client.GetStreamingResponseAsync(
            [new ChatMessage(ChatRole.User, prompt)],
            new ChatOptions { MaxOutputTokens = tokens, Temperature = 0 },
            cancellationToken))
        {
            var took = Stopwatch.GetElapsedTime(last);
            last = Stopwatch.GetTimestamp();
            if (piece.Contents.OfType<UsageContent>().FirstOrDefault() is { } usage)
                generated = usage.Details.OutputTokenCount ?? 0;
            else if (any)
                each.Add(took);
            else
                first.Add(took);
            any = true;
        }

        return generated;
    }

    /// <summary>One letter is one token of the tiny model, and about a third of one of others.</summary>
    private static string Prompt(int tokens) =>
        string.Concat(Enumerable.Repeat("yıllık izin ", (tokens / 12) + 1))[..tokens];
}
