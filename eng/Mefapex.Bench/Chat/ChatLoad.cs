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
        var calls = new List<Task>(questions.Count);
        for (var sent = 0; sent < questions.Count; sent++)
        {
            var due = TimeSpan.FromSeconds(sent / rate);
            var wait = due - Stopwatch.GetElapsedTime(begin);
            if (wait > TimeSpan.FromMilliseconds(1))
                await Task.Delay(wait, cancellationToken);
            calls.Add(AskAsync(questions[sent], begin, due, cancellationToken));
            if (sent % (int)Math.Max(1, rate * 10) == 0)
                report(sent);
        }

        await Task.WhenAll(calls);
        return Stopwatch.GetElapsedTime(begin);
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

            var answer = await response.Content.ReadFromJsonAsync<ChatAnswer>(WireJson.Options, cancellationToken);
            Timings.Add(Stopwatch.GetElapsedTime(begin) - due);
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
