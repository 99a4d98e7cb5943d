using System.Diagnostics;
using System.Globalization;
using Mefapex.AppHost.Postgres;
using Mefapex.Bench.Measuring;
using Mefapex.Contracts;
using Npgsql;
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

    private static readonly TimeSpan IndexTimeout = TimeSpan.FromMinutes(15);

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
        var folder = Directory.CreateTempSubdirectory("mefapex-bench-");
        var data = Path.Combine(folder.FullName, "data");
        var postgres = await PostgresServer.PrepareAsync(
            new PostgresOptions
            {
                DataFolder = data,
                PasswordFile = Path.Combine(folder.FullName, "password"),
                ToolsFolder = Path.Combine(Checkout.Root, ".mefapex", "tools"),
                Port = ServiceProcess.FreePort(),
                Database = ResourceNames.Database,
            },
            console.WriteLine,
            cancellationToken);
        await postgres.StartAsync(cancellationToken);
        try
        {
            await using var ai = await ServiceProcess.StartAsync("Mefapex.Ai", new Dictionary<string, string>(), cancellationToken);
            await using var api = await ServiceProcess.StartAsync(
                "Mefapex.Api",
                new Dictionary<string, string>
                {
                    [$"ConnectionStrings__{ResourceNames.Database}"] = postgres.ConnectionString,
                    [$"services__{ResourceNames.Ai}__http__0"] = ai.Address.ToString(),
                    ["Tokens__SigningKey"] = Guid.NewGuid().ToString(),
                    ["Files__Folder"] = Path.Combine(folder.FullName, "files"),
                    // All questions come from one address; limits stay on, as they are part of the way.
                    ["Limits__Chat__Address__Permits"] = "1000000",
                    ["ASPNETCORE_ENVIRONMENT"] = "Development",
                },
                cancellationToken);
            await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
            var topics = BenchTopics.Make(entries);
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Filling a tenant with {entries} entries and {chunks} chunks"));
            var tenantId = await new BenchKnowledge(source).FillAsync(topics, chunks, console.WriteLine, cancellationToken);
            await IndexedAsync(source, tenantId, chunks, console, cancellationToken);
            if (hold)
            {
                console.WriteLine($"{api.Address} {postgres.ConnectionString}");
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
        finally
        {
            await postgres.StopAsync(CancellationToken.None);
            folder.Delete(recursive: true);
            if (Directory.Exists(postgres.DataFolder))
                Directory.Delete(postgres.DataFolder, recursive: true);
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
    private static List<string> Questions(IReadOnlyList<BenchTopic> topics)
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

    /// <summary>Waits until no text lacks its vector.</summary>
    private static async Task IndexedAsync(
        NpgsqlDataSource source, Guid tenantId, int chunks, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        while (true)
        {
            await using var command = source.CreateCommand(
                """
                select (select count(*) from chunk_vectors where tenant_id = $1), (
                    select count(*) from knowledge_entries e where e.tenant_id = $1 and not exists (
                        select from knowledge_vectors v where v.tenant_id = $1 and v.entry_id = e.id))
                """);
            command.Parameters.Add(new() { Value = tenantId });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            await row.ReadAsync(cancellationToken);
            var (embedded, entriesLeft) = (row.GetInt64(0), row.GetInt64(1));
            if (embedded == chunks && entriesLeft == 0)
                break;
            if (Stopwatch.GetElapsedTime(begin) > IndexTimeout)
                throw new BenchException($"The vectors were not there after {IndexTimeout.TotalMinutes} minutes.");
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Vectors: {entriesLeft} entries and {chunks - embedded} chunks to go"));
            await Task.Delay(TimeSpan.FromSeconds(3), cancellationToken);
        }

        // The index switches over just after its last vector is stored; what PostgreSQL owes for the filling it pays now.
        await Task.Delay(TimeSpan.FromSeconds(10), cancellationToken);
        foreach (var sql in (string[])["vacuum analyze", "checkpoint"])
        {
            await using var settle = source.CreateCommand(sql);
            settle.CommandTimeout = 600;
            await settle.ExecuteNonQueryAsync(cancellationToken);
        }

        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Vectors are there after {Stopwatch.GetElapsedTime(begin).TotalSeconds:0} s"));
    }

    /// <summary>Runnable processes of the last minute, on average; NaN where the system does not tell.</summary>
    private static double MachineLoad() => File.Exists("/proc/loadavg")
        ? double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture)
        : double.NaN;
}
