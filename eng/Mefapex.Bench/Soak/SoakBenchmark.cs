using System.Diagnostics;
using System.Globalization;
using Mefapex.Bench.Generate;
using Mefapex.Bench.Measuring;
using Spectre.Console;

namespace Mefapex.Bench.Soak;

/// <summary>Mixed load on the AI service for a long time: does memory grow, does anything fail?</summary>
internal static class SoakBenchmark
{
    private const double GrowthLimit = 0.2;
    private const double MemoryLimit = 350;

    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(Options options, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var minutes = options.Take("--minutes", 30, 0.1, 24 * 60);
        var warmUp = Math.Min(options.Take("--warm-up", 5, 0, 60), minutes / 2);
        var rate = options.Take("--rate", 100, 1, 10_000);
        var reload = options.Take("--reload", 0, 0, 3600);
        var json = options.Take("--json");
        options.Finish();

        var report = new Report("soak");
        using var generator = new TinyGenerator(contextLength: 1024);
        await using var service = await ServiceProcess.StartAsync(
            "Mefapex.Ai", new Dictionary<string, string> { ["Models__Generator__Path"] = generator.Folder }, cancellationToken);
        var load = new MixedLoad(service.Http);
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{minutes} minutes at {rate} requests a second{(reload > 0 ? $", all models unloaded every {reload} s" : "")}; the first {warmUp} minutes are not counted for growth."));
        console.WriteLine($"{"minute",6} {"requests",9} {"429",6} {"failed",6} {"p50 ms",8} {"p99 ms",8} {"resident MB",12}");

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(TimeSpan.FromMinutes(minutes));
        var begin = Stopwatch.GetTimestamp();
        var work = load.RunAsync(rate, end.Token);
        var unloading = reload > 0 ? load.UnloadEveryAsync(TimeSpan.FromSeconds(reload), end.Token) : Task.CompletedTask;

        var samples = new List<(double Minute, double Mb)>();
        var shown = 0;
        while (!end.IsCancellationRequested && !service.HasExited)
        {
            await Task.Delay(SampleEvery, end.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            if (service.HasExited)
                break;
            var minute = Stopwatch.GetElapsedTime(begin).TotalMinutes;
            samples.Add((minute, service.ResidentMb));
            if ((int)minute > shown)
            {
                shown = (int)minute;
                Show(console, report, load, shown, samples[^1].Mb);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (service.HasExited)
            throw new BenchException("The AI service ended by itself.");
        await Task.WhenAll(work, unloading);

        var counted = samples.Where(sample => sample.Minute >= warmUp).ToList();
        report.Add(new { load.Requests, load.Refused, load.Failed, load.Unloads, failures = load.Failures, samples = samples.Select(sample => new { sample.Minute, sample.Mb }) });
        foreach (var failure in load.Failures)
            console.WriteLine($"failed: {failure}");
        report.Judge("growth after the warm-up", Trend.Slope(counted), "MB/min", GrowthLimit, atLeast: false);
        report.Judge("resident memory at most", samples.Max(sample => sample.Mb), "MB", MemoryLimit, atLeast: false);
        report.Judge("failed requests", load.Failed, "", 0, atLeast: false);
        report.ShowVerdicts(console);
        await report.WriteJsonAsync(json, console, cancellationToken);
        return report.Passed ? 0 : 1;
    }

    private static void Show(IAnsiConsole console, Report report, MixedLoad load, int minute, double residentMb)
    {
        var latency = load.Timings.Summary();
        load.Timings.Clear();
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{minute,6} {load.Requests,9} {load.Refused,6} {load.Failed,6} {latency.P50,8:0.00} {latency.P99,8:0.00} {residentMb,12:0.0}"));
        report.Add(new { minute, load.Requests, load.Refused, load.Failed, latency.P50, latency.P99, residentMb });
    }
}
