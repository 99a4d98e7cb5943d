using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Mefapex.Bench.Measuring;

namespace Mefapex.Bench.Soak;

/// <summary>Calls of every kind in the proportions of a busy day, evenly paced, with a burst now and then.</summary>
internal sealed class MixedLoad(HttpClient http)
{
    private const int BurstEvery = 2000;
    private const int Burst = 200;
    private const int FailuresKept = 20;

    private readonly Texts _texts = new(seed: 7);
    private readonly ConcurrentQueue<string> _failures = [];
    private long _requests;
    private long _refused;
    private long _failed;
    private long _unloads;

    public Timings Timings { get; } = new();

    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Answers 429: deliberate under a burst.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    public long Failed => Interlocked.Read(ref _failed);

    public long Unloads => Interlocked.Read(ref _unloads);

    public IReadOnlyList<string> Failures => [.. _failures];

    /// <summary>Sends <paramref name="rate"/> requests a second until cancelled, and then waits for those under way.</summary>
    public async Task RunAsync(double rate, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var under = new ConcurrentDictionary<Task, bool>();
        for (long sent = 0; !cancellationToken.IsCancellationRequested; sent++)
        {
            var due = TimeSpan.FromSeconds(sent / rate) - Stopwatch.GetElapsedTime(begin);
            if (due > TimeSpan.FromMilliseconds(1))
                await Task.Delay(due, cancellationToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

            for (var i = 0; i < (sent % BurstEvery == BurstEvery - 1 ? Burst : 1); i++)
            {
                var call = CallAsync(_texts.Next());
                under[call] = true;
                _ = call.ContinueWith(done => under.TryRemove(done, out bool _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }

        await Task.WhenAll(under.Keys);
    }

    public async Task UnloadEveryAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await CountAsync("/models/unload", () => http.PostAsync("/models/unload", null, CancellationToken.None));
                Interlocked.Increment(ref _unloads);
            }
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }
    }

    private Task CallAsync(MixedCall call) => CountAsync(
        call.Path, () => http.PostAsJsonAsync(call.Path, call.Body, CancellationToken.None));

    private async Task CountAsync(string path, Func<Task<HttpResponseMessage>> send)
    {
        Interlocked.Increment(ref _requests);
        var begin = Stopwatch.GetTimestamp();
        try
        {
            using var response = await send();
            await response.Content.LoadIntoBufferAsync();
            if (response.IsSuccessStatusCode)
                Timings.Add(Stopwatch.GetElapsedTime(begin));
            else if (response.StatusCode == HttpStatusCode.TooManyRequests && response.Headers.RetryAfter is not null)
                Interlocked.Increment(ref _refused);
            else
                Fail($"{path} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            Fail($"{path}: {exception.Message}");
        }
    }

    private void Fail(string what)
    {
        Interlocked.Increment(ref _failed);
        if (_failures.Count < FailuresKept)
            _failures.Enqueue(what);
    }
}
