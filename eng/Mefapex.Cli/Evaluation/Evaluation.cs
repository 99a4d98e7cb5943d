using System.Collections.Concurrent;
using System.Globalization;

namespace Mefapex.Cli;

/// <summary>Asks every labelled question of a file, a few at a time.</summary>
internal sealed class Evaluation(ChatApi api, Terminal progress, TimeProvider time)
{
    private const int AtOnce = 4;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Makes sure that every tenant exists. A system that was just started may still be embedding its knowledge; its
    /// answers come without vectors until then, so it is given <paramref name="patience"/> for that.
    /// </summary>
    public async Task PrepareAsync(IReadOnlyList<EvalQuestion> questions, TimeSpan patience, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        foreach (var question in questions.DistinctBy(question => question.Tenant, StringComparer.Ordinal))
        {
            while ((await api.AskAsync(question, cancellationToken)).Answer is { IsDegraded: true } && time.GetElapsedTime(since) < patience)
                await Task.Delay(Glance, time, cancellationToken);
        }
    }

    /// <summary>The outcomes in the order of the questions; only those that came in when the call was cancelled.</summary>
    public async Task<EvalResult> RunAsync(IReadOnlyList<EvalQuestion> questions, CancellationToken cancellationToken)
    {
        var started = time.GetUtcNow();
        var since = time.GetTimestamp();
        var outcomes = new ConcurrentBag<EvalOutcome>();
        using (var step = progress.Begin("Asking"))
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
            try
            {
                await Parallel.ForEachAsync(questions, options, async (question, token) =>
                {
                    outcomes.Add(await api.AskAsync(question, token));
                    step.Progress(string.Create(CultureInfo.InvariantCulture, $"{outcomes.Count} of {questions.Count}"));
                });
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // What has come in by then is the result, and says that it is partial.
            }
        }

        return new EvalResult(
            [.. outcomes.OrderBy(outcome => outcome.Question.Line)], questions.Count, started, time.GetElapsedTime(since));
    }
}

/// <param name="Asked">How many questions the file has; more than there are outcomes where it was stopped early.</param>
internal sealed record EvalResult(IReadOnlyList<EvalOutcome> Outcomes, int Asked, DateTimeOffset StartedAt, TimeSpan Took)
{
    public bool IsPartial => Outcomes.Count < Asked;

    /// <summary>The scores, <c>all</c> first.</summary>
    public IReadOnlyList<EvalScore> Scores { get; } = EvalScore.Of(Outcomes);
}
