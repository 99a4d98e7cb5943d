using System.Diagnostics.Metrics;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Counts of answers, never their text.</summary>
internal sealed class AnswerMetrics
{
    public const string Name = "Mefapex.Answers";

    private readonly Counter<long> _answers;
    private readonly Counter<long> _cache;
    private readonly Histogram<double> _steps;

    public AnswerMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(Name);
        _answers = meter.CreateCounter<long>("mefapex.answers", "{answer}", "Answers by decision and level of degradation");
        _cache = meter.CreateCounter<long>("mefapex.answers.cache", "{question}", "Questions by what the answer cache did for them");
        _steps = meter.CreateHistogram<double>("mefapex.answers.step.duration", "ms", "Time of each step of an answer");
    }

    public void Answered(AnswerResult result)
    {
        _answers.Add(
            1,
            new KeyValuePair<string, object?>("decision", result.Decision),
            new KeyValuePair<string, object?>("degradation", result.Degradation),
            new KeyValuePair<string, object?>("cached", result.Cached));
        foreach (var (step, took) in result.Why.Timings)
            _steps.Record(took, new KeyValuePair<string, object?>("step", step));
    }

    public void CacheHit() => Cache("hit");

    public void CacheMiss() => Cache("miss");

    /// <summary>An equal question was being worked on.</summary>
    public void CacheShared() => Cache("shared");

    private void Cache(string outcome) => _cache.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
