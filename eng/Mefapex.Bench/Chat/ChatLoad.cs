using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Mefapex.Bench.Measuring;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;

namespace Mefapex.Bench.Chat;

/// <summary>Questions at a fixed rate, whether or not earlier ones are answered; a question's time begins when it is due.</summary>
internal sealed class ChatLoad(HttpClient http)
{
    private const int FailuresKept = 10;

    private readonly ConcurrentQueue<string> _failures = [];
    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);
    private int _failed;

    public Timings Timings { get; } = new();

    public int Failed => _failed;

    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>How many answers there were of each decision, degradation, and whether from the cache.</summary>
    public IReadOnlyDictionary<string, int> Answers => _answers;

    /// <summary>Asks each question once, evenly paced, and waits for the last answer.</summary>
    /// <returns>The time it took.</returns>
    public async Task<TimeSpan> RunAsync(IReadOnlyList<string> questions, double rate, Action<int> report, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        // A thread of its own is on time to the millisecond, however busy the pool is with answers.
        var calls = await Task.Factory.StartNew(
            () => Send(questions, rate, begin, report, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAll(calls);
        return Stopwatch.GetElapsedTime(begin);
    }

    private List<Task> Send(IReadOnlyList<string> questions, double rate, long begin, Action<int> report, CancellationToken cancellationToken)
    {
        var calls = new List<Task>(questions.Count);
        for (var sent = 0; sent < questions.Count; sent++)
        {
            var due = TimeSpan.FromSeconds(sent / rate);
            while (Stopwatch.GetElapsedTime(begin) < due && !cancellationToken.WaitHandle.WaitOne(1))
            {
            }

            cancellationToken.ThrowIfCancellationRequested();
            var question = questions[sent];
            calls.Add(Task.Run(() => AskAsync(question, begin, due, cancellationToken), cancellationToken));
            if (sent % (int)Math.Max(1, rate * 10) == 0)
                report(sent);
        }

        return calls;
    }

    private async Task AskAsync(string question, long begin, TimeSpan due, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/chat/public")
            {
                Content = JsonContent.Create(new ChatRequest(question), mediaType: null, WireJson.Options),
                Headers = { { "X-Tenant", BenchKnowledge.Slug } },
            };
            using var response = await http.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                Fail($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
                return;
            }

            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            Timings.Add(Stopwatch.GetElapsedTime(begin) - due);
            var answer = JsonSerializer.Deserialize<ChatAnswer>(body, WireJson.Options);
            _answers.AddOrUpdate($"{answer!.Decision}, {answer.Degradation}{(answer.Cached ? ", cached" : "")}", 1, (_, count) => count + 1);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Fail(e.Message);
        }
    }

    private void Fail(string what)
    {
        Interlocked.Increment(ref _failed);
        if (_failures.Count < FailuresKept)
            _failures.Enqueue(what);
    }
}
