using System.Diagnostics;
using System.Globalization;
using Mefapex.Bench.Chat;
using Mefapex.Bench.Measuring;
using Spectre.Console;

namespace Mefapex.Bench.SignIn;

/// <summary>
/// A flood of wrong passwords beside people who ask and people who sign in: on one account, which locks, and over many
/// accounts, where every guess has to be hashed.
/// </summary>
internal static class SignInBenchmark
{
    private const double ChatLimit = 100;
    private const int WarmUpQuestions = 1000;
    private const string Attacked = "hasta";
    private const string Bystander = "demo";
    private const string Password = "1234";

    private static readonly TimeSpan SignInEvery = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(Options options, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var guesses = (int)options.Take("--guesses", 10_000, 10, 1_000_000);
        var seconds = options.Take("--seconds", 30, 1, 3600);
        var rate = options.Take("--rate", 100, 1, 10_000);
        var entries = (int)options.Take("--entries", 1000, 10, 100_000);
        var chunks = (int)options.Take("--chunks", 2000, 0, 1_000_000);
        var json = options.Take("--json");
        options.Finish();

        var report = new Report("sign-in");
        await using (var system = await ChatSystem.StartAsync(
            new Dictionary<string, string> { ["Edge__TrustedProxies"] = "127.0.0.1" }, console, cancellationToken))
        {
            var topics = BenchTopics.Make(entries);
            await system.FillAsync(topics, chunks, cancellationToken);
            var asked = ChatBenchmark.Questions(topics);
            var count = (int)(rate * seconds);
            var needed = (3 * count) + WarmUpQuestions;
            if (asked.Count < needed)
                throw new BenchException(string.Create(CultureInfo.InvariantCulture, $"{entries} entries give {asked.Count} different questions, {needed} are needed: say more --entries, or a lower --rate or --seconds."));
            await new ChatLoad(system.Api.Http).RunAsync([.. asked.TakeLast(WarmUpQuestions)], rate, _ => { }, cancellationToken);

            console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{guesses} guesses within {seconds} s, beside {rate} questions a second and a sign-in of somebody else every second"));
            console.WriteLine($"{"",14} {"questions",9} {"failed",6} {"p50 ms",7} {"p95 ms",7} {"max ms",7} {"sign-ins",8} {"failed",6} {"p95 ms",7}  guesses by status");
            var phase = new Phase(system.Api, rate, TimeSpan.FromSeconds(seconds), report, console);
            await phase.RunAsync("no flood", [.. asked.Take(count)], guesses: 0, _ => Attacked, cancellationToken);
            await phase.RunAsync("one account", [.. asked.Skip(count).Take(count)], guesses, _ => Attacked, cancellationToken);
            var locked = await GuessLoad.SignInAsync(system.Api.Http, Attacked, Password, "192.0.2.1", cancellationToken);
            await phase.RunAsync(
                "many accounts",
                [.. asked.Skip(2 * count).Take(count)],
                guesses,
                number => string.Create(CultureInfo.InvariantCulture, $"kisi-{number}"),
                cancellationToken,
                judgeSignIns: false);
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"After the flood the right password of '{Attacked}' was answered {locked}."));
            report.Judge("attacked account locked (429)", locked, "", 429, atLeast: true);
        }

        report.ShowVerdicts(console);
        await report.WriteJsonAsync(json, console, cancellationToken);
        return report.Passed ? 0 : 1;
    }

    private sealed class Phase(ServiceProcess api, double rate, TimeSpan time, Report report, IAnsiConsole console)
    {
        public async Task RunAsync(
            string name,
            IReadOnlyList<string> questions,
            int guesses,
            Func<int, string> names,
            CancellationToken cancellationToken,
            bool judgeSignIns = true)
        {
            var chat = new ChatLoad(api.Http);
            var flood = new GuessLoad(api.Http, names);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var others = SignInOthersAsync(over.Token, cancellationToken);
            await Task.WhenAll(
                chat.RunAsync(questions, rate, _ => { }, cancellationToken),
                flood.RunAsync(guesses, time, cancellationToken));
            await over.CancelAsync();
            var (signIns, failed) = await others;

            var (latency, signInLatency) = (chat.Timings.Summary(), signIns.Summary());
            var statuses = string.Join(", ", flood.Answers.OrderBy(a => a.Key).Select(a => string.Create(CultureInfo.InvariantCulture, $"{a.Value} × {a.Key}")));
            console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,14} {questions.Count,9} {chat.Failed,6} {latency.P50,7:0.0} {latency.P95,7:0.0} {latency.Max,7:0.0} {signIns.Count + failed,8} {failed,6} {signInLatency.P95,7:0.0}  {statuses}"));
            foreach (var failure in chat.Failures)
                console.WriteLine($"failed: {failure}");
            report.Add(new { phase = name, questions = questions.Count, chat.Failed, latency, signIns = signIns.Count, signInsFailed = failed, signInLatency, guesses = flood.Answers });
            report.Judge($"chat p95, {name}", latency.P95, "ms", ChatLimit, atLeast: false);
            report.Judge($"failed questions, {name}", chat.Failed, "", 0, atLeast: false);
            if (judgeSignIns)
                report.Judge($"failed sign-ins of others, {name}", failed, "", 0, atLeast: false);
            var broken = flood.Answers.Where(a => a.Key is not (401 or 429)).Sum(a => a.Value);
            report.Judge($"guesses not refused, {name}", broken, "", 0, atLeast: false);
        }

        private async Task<(Timings Timings, int Failed)> SignInOthersAsync(CancellationToken over, CancellationToken cancellationToken)
        {
            var timings = new Timings();
            var failed = 0;
            for (var number = 0; !over.IsCancellationRequested; number++)
            {
                var begin = Stopwatch.GetTimestamp();
                var address = string.Create(CultureInfo.InvariantCulture, $"198.51.100.{number % 250}");
                if (await GuessLoad.SignInAsync(api.Http, Bystander, Password, address, cancellationToken) == 200)
                    timings.Add(Stopwatch.GetElapsedTime(begin));
                else
                    failed++;
                await Task.Delay(SignInEvery, over).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }

            return (timings, failed);
        }
    }
}
