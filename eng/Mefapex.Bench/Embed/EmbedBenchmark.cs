using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Mefapex.Bench.Measuring;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Languages;
using Spectre.Console;

namespace Mefapex.Bench.Embed;

/// <summary>
/// Encoders: a MiniLM-shaped one beside the same graph and texts under transformers.js, in turns; the bundled one; and what
/// HTTP adds to it.
/// </summary>
internal static class EmbedBenchmark
{
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(700);
    private static readonly int[] BatchSizes = [1, 8, 32];
    private static readonly (int Least, int Most)[] Lengths = [(8, 8), (32, 32), (128, 128), (8, 128)];

    public static async Task<int> RunAsync(Options options, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var rounds = (int)options.Take("--rounds", 5, 1, 1000);
        var noPeer = options.TakeFlag("--no-peer");
        var model = options.Take("--model");
        var json = options.Take("--json");
        options.Finish();

        var report = new Report("embed");
        using (var folder = new EncoderFolder(model))
        {
            using var encoder = TransformerEncoder.Load(folder.Path, new TransformerOptions { Threads = Environment.ProcessorCount });
            using var peer = noPeer ? null : Peer.Start();
            await CompareAsync(encoder, folder.Path, peer, rounds, report, console, cancellationToken);
        }

        using (var bundled = SubwordEncoder.LoadBundled())
            await MeasureBundledAsync(bundled, rounds, report, console, cancellationToken);
        report.ShowVerdicts(console);
        await report.WriteJsonAsync(json, console, cancellationToken);
        return report.Passed ? 0 : 1;
    }

    private static async Task CompareAsync(
        TransformerEncoder encoder,
        string folder,
        Peer? peer,
        int rounds,
        Report report,
        IAnsiConsole console,
        CancellationToken cancellationToken)
    {
        console.WriteLine($"{encoder.Manifest.Name}: {encoder.Dimensions} dimensions, {encoder.Manifest.Bytes / 1e6:0.0} MB, {Environment.ProcessorCount} processors, median of {rounds} turns");
        console.WriteLine($"{"tokens",8} {"batch",5} {"p50 ms",9} {"p95 ms",9} {"p99 ms",9} {"texts/s",9} {"tokens/s",9} {"peer p50",9} {"peer t/s",9} {"ratio",6}");
        var texts = new SampleTexts(text => encoder.Tokenize(text).Length, seed: 11);
        double peerMb = 0;
        foreach (var (least, most) in Lengths)
        {
            foreach (var size in BatchSizes)
            {
                var batches = texts.Batches(16, size, least, most);
                var tokens = batches.Average(batch => batch.Sum(text => encoder.Tokenize(text).Length));
                var ours = new Timings();
                var ownRates = new List<double>();
                var theirs = new Timings();
                var peerRates = new List<double>();
                Time(batches, texts => encoder.Encode(texts, cancellationToken: cancellationToken), TimeSpan.Zero);
                for (var round = 0; round < rounds; round++)
                {
                    var own = Time(batches, texts => encoder.Encode(texts, cancellationToken: cancellationToken), Turn);
                    Keep(own, size, ours, ownRates);
                    if (peer is null)
                        continue;
                    (var milliseconds, peerMb) = await peer.TimeAsync(folder, batches, Turn, cancellationToken);
                    Keep(milliseconds, size, theirs, peerRates);
                }

                var row = new Row(
                    least == most ? $"{least}" : $"{least}-{most}", size, tokens, ours.Summary(), Median(ownRates), theirs.Summary(), Median(peerRates));
                Show(row, report, console);
                if (peer is null)
                    continue;
                if (least != most && size == 32)
                    report.Judge("throughput, mixed lengths, batches of 32, to the peer's", row.Ratio, "times", 1.5, atLeast: true);
                if (size == 1)
                    report.Judge($"p50 of one text of {row.Tokens} tokens, to the peer's", row.Own.P50 / row.Peer.P50, "times", 1, atLeast: false);
            }
        }

        using var process = Process.GetCurrentProcess();
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"resident: {process.WorkingSet64 / 1048576.0:0} MB{(peer is null ? "" : $", peer {peerMb:0} MB")}"));
        console.WriteLine();
    }

    private static async Task MeasureBundledAsync(
        SubwordEncoder encoder, int rounds, Report report, IAnsiConsole console, CancellationToken cancellationToken)
    {
        console.WriteLine($"{encoder.Manifest.Name}, bundled: {encoder.Dimensions} dimensions, {encoder.Manifest.Bytes / 1e6:0.0} MB, one thread; tokens are words");
        console.WriteLine($"{"tokens",8} {"batch",5} {"p50 ms",9} {"p95 ms",9} {"p99 ms",9} {"texts/s",9} {"tokens/s",9}");
        var texts = new SampleTexts(text => text.Count(c => c == ' ') + 1, seed: 12);
        foreach (var (least, most) in Lengths)
        {
            foreach (var size in BatchSizes)
            {
                var batches = texts.Batches(64, size, least, most);
                var own = new Timings();
                var rates = new List<double>();
                Time(batches, texts => encoder.Encode(texts, cancellationToken: cancellationToken), TimeSpan.Zero);
                for (var round = 0; round < rounds; round++)
                    Keep(Time(batches, texts => encoder.Encode(texts, cancellationToken: cancellationToken), Turn / 2), size, own, rates);
                var row = new Row(least == most ? $"{least}" : $"{least}-{most}", size, size * (least + most) / 2.0, own.Summary(), Median(rates), new Latency(0, 0, 0, 0, 0, 0), double.NaN);
                Show(row, report, console);
                if (size == 1 && most == 8)
                    report.Judge("p50 of a short text, bundled encoder, in process", row.Own.P50, "ms", 0.3, atLeast: false);
            }
        }

        await MeasureHttpAsync(encoder, texts, rounds, report, console, cancellationToken);
    }

    /// <summary>One caller, one connection, texts that no cache has seen; vector and language in turns here and there.</summary>
    private static async Task MeasureHttpAsync(
        SubwordEncoder encoder, SampleTexts texts, int rounds, Report report, IAnsiConsole console, CancellationToken cancellationToken)
    {
        const int calls = 500;
        const int warmUps = 4;
        await using var service = await ServiceProcess.StartAsync(
            "Mefapex.Ai", new Dictionary<string, string> { ["Models__CacheSize"] = "0" }, cancellationToken);
        using var detector = LanguageDetector.LoadBundled();
        var inProcess = new Timings();
        var overHttp = new Timings();
        for (var round = 0; round < warmUps + rounds; round++)
        {
            if (round == warmUps)
            {
                inProcess.Clear();
                overHttp.Clear();
            }

            foreach (var text in texts.Batches(calls, 1, 8, 8).Select(batch => batch[0]))
            {
                var begin = Stopwatch.GetTimestamp();
                encoder.Encode(text, cancellationToken: cancellationToken);
                detector.Detect(text);
                inProcess.Add(Stopwatch.GetElapsedTime(begin));

                begin = Stopwatch.GetTimestamp();
                using var response = await service.Http.PostAsJsonAsync("/embedding", new { text }, cancellationToken);
                await response.Content.LoadIntoBufferAsync(cancellationToken);
                overHttp.Add(Stopwatch.GetElapsedTime(begin));
                response.EnsureSuccessStatusCode();
            }
        }

        var (inside, outside) = (inProcess.Summary(), overHttp.Summary());
        console.WriteLine();
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"POST /embedding, one caller, 8 words: p50 {outside.P50:0.000} ms, p95 {outside.P95:0.000} ms, p99 {outside.P99:0.000} ms; in process p50 {inside.P50:0.000} ms; service {service.ResidentMb:0} MB resident"));
        report.Add(new { http = outside, inProcess = inside, serviceMb = service.ResidentMb });
        report.Judge("HTTP adds to the p50 of a short text", outside.P50 - inside.P50, "ms", 0.5, atLeast: false);
    }

    /// <summary>Milliseconds of each batch, going round until the budget is spent, at least once each.</summary>
    private static double[] Time(string[][] batches, Func<string[], float[][]> encode, TimeSpan budget)
    {
        var times = new List<double>();
        var begin = Stopwatch.GetTimestamp();
        for (var i = 0; i < batches.Length || Stopwatch.GetElapsedTime(begin) < budget; i++)
        {
            var start = Stopwatch.GetTimestamp();
            encode(batches[i % batches.Length]);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return [.. times];
    }

    private static void Keep(double[] milliseconds, int size, Timings timings, List<double> rates)
    {
        foreach (var value in milliseconds)
            timings.Add(value);
        rates.Add(milliseconds.Length * size / (milliseconds.Sum() / 1000));
    }

    private static double Median(List<double> values) =>
        values.Count == 0 ? double.NaN : values.Order().ElementAt(values.Count / 2);

    private static void Show(Row row, Report report, IAnsiConsole console)
    {
        var tokenRate = row.Rate * row.TokensPerBatch / row.Batch;
        var peer = double.IsNaN(row.PeerRate)
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $" {row.Peer.P50,9:0.00} {row.PeerRate,9:0} {row.Ratio,6:0.00}");
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Tokens,8} {row.Batch,5} {row.Own.P50,9:0.000} {row.Own.P95,9:0.000} {row.Own.P99,9:0.000} {row.Rate,9:0} {tokenRate,9:0}{peer}"));
        report.Add(new { row.Tokens, row.Batch, own = row.Own, textsPerSecond = row.Rate, tokensPerSecond = tokenRate, peer = double.IsNaN(row.PeerRate) ? null : new { row.Peer.P50, row.Peer.P95, row.Peer.P99, textsPerSecond = row.PeerRate, row.Ratio } });
    }

    /// <param name="Rate">Texts a second, median of the turns.</param>
    private sealed record Row(string Tokens, int Batch, double TokensPerBatch, Latency Own, double Rate, Latency Peer, double PeerRate)
    {
        public double Ratio => Rate / PeerRate;
    }
}
