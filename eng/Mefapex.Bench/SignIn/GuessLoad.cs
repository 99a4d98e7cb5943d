using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Mefapex.Bench.Measuring;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;

namespace Mefapex.Bench.SignIn;

/// <summary>Wrong passwords at a fixed rate, each from an address of its own as a proxy reports it.</summary>
/// <param name="names">Whose account the guess of this number is for.</param>
internal sealed class GuessLoad(HttpClient http, Func<int, string> names)
{
    private readonly ConcurrentDictionary<int, int> _answers = [];

    /// <summary>How many answers there were of each status; 0 where there was none.</summary>
    public IReadOnlyDictionary<int, int> Answers => _answers;

    public Timings Timings { get; } = new();

    public async Task RunAsync(int guesses, TimeSpan over, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var calls = new List<Task>(guesses);
        for (var sent = 0; sent < guesses; sent++)
        {
            var due = (over * ((double)sent / guesses)) - Stopwatch.GetElapsedTime(begin);
            if (due > TimeSpan.Zero)
                await Task.Delay(due, cancellationToken);
            calls.Add(GuessAsync(sent, cancellationToken));
        }

        await Task.WhenAll(calls);
    }

    /// <returns>What signing in as this person answers, from an address of its own.</returns>
    public static async Task<int> SignInAsync(
        HttpClient http, string username, string password, string address, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/login")
        {
            Content = JsonContent.Create(new LoginRequest(username, password), mediaType: null, WireJson.Options),
            Headers = { { "X-Forwarded-For", address } },
        };
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            return (int)response.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return 0;
        }
    }

    private async Task GuessAsync(int number, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var address = new IPAddress([10, (byte)(number >> 16), (byte)(number >> 8), (byte)number]).ToString();
        var status = await SignInAsync(
            http, names(number), string.Create(CultureInfo.InvariantCulture, $"tahmin {number}"), address, cancellationToken);
        Timings.Add(Stopwatch.GetElapsedTime(begin));
        _answers.AddOrUpdate(status, 1, (_, count) => count + 1);
    }
}
