using System.Globalization;
using Mefapex.Bench.Measuring;
using Spectre.Console;

namespace Mefapex.Bench.Chat;

/// <summary>
/// How long an answer takes under load: a fresh PostgreSQL, the AI service, the API and this load generator share the
/// machine's processors.
/// </summary>
internal static class ChatBenchmark
{
    private const double UncachedLimit = 40;
    private const double CachedLimit = 5;
    private const int WarmUpQuestions = 3000;
    private const int Repeated = 200;

    /// <summary>A long file must be searched within so many seconds, and be asked beside for as long.</summary>
    private const double IngestionLimit = 60;
    private const double IngestionSeconds = 40;

    public static async Task<int> RunAsync(Options options, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var rate = options.Take("--rate", 100, 1, 10_000);
        var seconds = options.Take("--seconds", 60, 1, 3600);
        var entries = (int)options.Take("--entries", 2000, 10, 100_000);
        var chunks = (int)options.Take("--chunks", 20_000, 0, 1_000_000);
        var json = options.Take("--json");
        var hold = options.TakeFlag("--hold");
        options.Finish();

        var report = new Report("chat");
        await using (var system = await ChatSystem.StartAsync(new Dictionary<string, string>(), console, cancellationToken))
        {
            var (ai, api) = (system.Ai, system.Api);
            var topics = BenchTopics.Make(entries);
            await system.FillAsync(topics, chunks, cancellationToken);
            if (hold)
            {
                console.WriteLine($"{api.Address} {system.ConnectionString}");
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            var asked = Questions(topics);
            var count = (int)(rate * seconds);
            var beside = (int)(rate * IngestionSeconds);
            var needed = count + beside + WarmUpQuestions;
            if (asked.Count < needed)
                throw new BenchException(string.Create(CultureInfo.InvariantCulture, $"{entries} entries give {asked.Count} different questions, {needed} are needed: say more --entries, or a lower --rate or --seconds."));
            await new ChatLoad(api.Http).RunAsync([.. asked.TakeLast(WarmUpQuestions)], rate, _ => { }, cancellationToken);
            console.WriteLine($"{"",10} {"questions",9} {"failed",6} {"per s",7} {"p50 ms",8} {"p95 ms",8} {"p99 ms",8} {"max ms",8} {"API ms",7} {"AI ms",7} {"API MB",7} {"AI MB",6} {"load",5}");
            await MeasureAsync("different", [.. asked.Take(count)], UncachedLimit, rate, ai, api, report, console, cancellationToken);
            var repeated = asked.Take(Repeated).ToList();
            await new ChatLoad(api.Http).RunAsync(repeated, rate, _ => { }, cancellationToken);
            await MeasureAsync(
                "repeated", [.. Enumerable.Range(0, count).Select(i => repeated[i % Repeated])], CachedLimit, rate, ai, api, report, console, cancellationToken);

            var ingestion = new BenchDocument(api.Http).IngestAsync([.. topics.SelectMany(t => t.Known).Select(k => k.Text)], cancellationToken);
            await MeasureAsync(
                "beside PDF", [.. asked.Skip(count).Take(beside)], UncachedLimit, rate, ai, api, report, console, cancellationToken);
            var took = await ingestion;
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"A PDF of {BenchDocument.Pages} pages was searched after {took.TotalSeconds:0.0} s"));
            report.Judge("PDF searched after", took.TotalSeconds, "s", IngestionLimit, atLeast: false);
        }

        report.ShowVerdicts(console);
        await report.WriteJsonAsync(json, console, cancellationToken);
        return report.Passed ? 0 : 1;
    }

    private static async Task MeasureAsync(
        string name,
        IReadOnlyList<string> questions,
        double limit,
        double rate,
        ServiceProcess ai,
        ServiceProcess api,
        Report report,
        IAnsiConsole console,
        CancellationToken cancellationToken)
    {
        var load = new ChatLoad(api.Http);
        var (aiTime, apiTime) = (ai.ProcessorTime, api.ProcessorTime);
        var took = await load.RunAsync(questions, rate, _ => { }, cancellationToken);
        var latency = load.Timings.Summary();
        var (aiMs, apiMs) = ((ai.ProcessorTime - aiTime).TotalMilliseconds / questions.Count, (api.ProcessorTime - apiTime).TotalMilliseconds / questions.Count);
        var machine = MachineLoad();
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,10} {questions.Count,9} {load.Failed,6} {questions.Count / took.TotalSeconds,7:0.0} {latency.P50,8:0.00} {latency.P95,8:0.00} {latency.P99,8:0.00} {latency.Max,8:0.00} {apiMs,7:0.00} {aiMs,7:0.00} {api.ResidentMb,7:0} {ai.ResidentMb,6:0} {machine,5:0.0}"));
        foreach (var (kind, count) in load.Answers.OrderByDescending(a => a.Value))
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"",10} {count,9} {kind}"));
        foreach (var failure in load.Failures)
            console.WriteLine($"failed: {failure}");
        report.Add(new { questions = name, count = questions.Count, load.Failed, seconds = took.TotalSeconds, latency, apiMs, aiMs, api.ResidentMb, aiResidentMb = ai.ResidentMb, machine, load.Answers });
        report.Judge($"p95, {name} questions", latency.P95, "ms", limit, atLeast: false);
        report.Judge($"failed, {name} questions", load.Failed, "", 0, atLeast: false);
    }

    /// <summary>Different questions, topics mixed, the same in every run.</summary>
    internal static List<string> Questions(IReadOnlyList<BenchTopic> topics)
    {
        string[] openings = ["", "Merhaba, ", "Pardon, "];
        var random = new Random(3);
#pragma warning disable CA5394 // A benchmark needs repeatable numbers, not secret ones.
        return
        [
            .. openings.SelectMany(opening => topics.SelectMany(t => t.Asked).Distinct(StringComparer.Ordinal)
                .OrderBy(_ => random.Next())
                .Select(question => opening + question)),
        ];
#pragma warning restore CA5394
    }

    /// <summary>Runnable processes of the last minute, on average; NaN where the system does not tell.</summary>
    private static double MachineLoad() => File.Exists("/proc/loadavg")
        ? double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture)
        : double.NaN;
}
