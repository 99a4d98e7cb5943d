using System.Globalization;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Knowledge.Answers;

/// <summary>
/// Measures the answers to the questions of the test half. The floors lie a little below what was measured when they
/// were written; whoever raises the figures raises them.
/// </summary>
public sealed class AnswerQualityTests(KnowledgeFixture fixture, ITestOutputHelper output) : IClassFixture<KnowledgeFixture>
{
    [Fact]
    public async Task Lexical_answers_keep_their_quality()
    {
        var quality = await MeasureAsync(fixture.Lexical, "lexical");

        quality.HitAt1.ShouldBeGreaterThanOrEqualTo(0.66);
        quality.HitAt3.ShouldBeGreaterThanOrEqualTo(0.74);
        quality.DeclinedRightly.ShouldBeGreaterThanOrEqualTo(0.78);
        quality.DeclinedWrongly.ShouldBeLessThanOrEqualTo(0.24);
        quality.WarningsFirst.ShouldBeGreaterThanOrEqualTo(0.9);
    }

    [Fact]
    public async Task Answers_with_vectors_keep_their_quality()
    {
        var quality = await MeasureAsync(fixture.Vectors, "with vectors");

        quality.HitAt1.ShouldBeGreaterThanOrEqualTo(0.83);
        quality.HitAt3.ShouldBeGreaterThanOrEqualTo(0.90);
        quality.DeclinedRightly.ShouldBeGreaterThanOrEqualTo(0.78);
        quality.DeclinedWrongly.ShouldBeLessThanOrEqualTo(0.09);
        quality.WarningsFirst.ShouldBeGreaterThanOrEqualTo(0.92);
    }

    private async Task<Quality> MeasureAsync(ApiHost host, string mode)
    {
        var results = new List<(LabelledQuestion Question, AnswerResult Answer)>();
        foreach (var question in LabelledQuestion.Test)
            results.Add((question, await KnowledgeFixture.AskAsync(host, question.Tenant, question.Text)));

        Write($"{mode}: all", Quality.Of(results));
        foreach (var tenant in results.GroupBy(r => r.Question.Tenant, StringComparer.Ordinal))
            Write($"{mode}: {tenant.Key}", Quality.Of([.. tenant]));
        foreach (var language in results.GroupBy(r => r.Question.Language, StringComparer.Ordinal))
            Write($"{mode}: {language.Key}", Quality.Of([.. language]));
        foreach (var kind in results.GroupBy(r => r.Question.Kind, StringComparer.Ordinal).OrderBy(k => k.Key, StringComparer.Ordinal))
            Write($"{mode}: {kind.Key}", Quality.Of([.. kind]));
        return Quality.Of(results);
    }

    private void Write(string name, Quality q) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-28} hit@1 {q.HitAt1:0.000}  hit@3 {q.HitAt3:0.000}  of {q.Answerable,3}  declined rightly {q.DeclinedRightly:0.000} of {q.Unanswerable,2}  declined wrongly {q.DeclinedWrongly:0.000}"));

    private sealed record Quality(
        int Answerable,
        int Unanswerable,
        double HitAt1,
        double HitAt3,
        double DeclinedRightly,
        double DeclinedWrongly,
        double WarningsFirst)
    {
        public static Quality Of(IReadOnlyCollection<(LabelledQuestion Question, AnswerResult Answer)> results)
        {
            var answerable = results.Where(r => !r.Question.MustBeDeclined).ToList();
            var unanswerable = results.Where(r => r.Question.MustBeDeclined).ToList();
            return new Quality(
                answerable.Count,
                unanswerable.Count,
                Share(answerable, r => Hit(r, 1)),
                Share(answerable, r => Hit(r, 3)),
                Share(unanswerable, r => r.Answer.Decision == Decision.Decline),
                Share(answerable, r => r.Answer.Decision == Decision.Decline),
                Share([.. answerable.Where(r => r.Question.Kind == "warning")], r => Hit(r, 1)));
        }

        private static bool Hit((LabelledQuestion Question, AnswerResult Answer) r, int depth) =>
            r.Answer.Decision != Decision.Decline && r.Answer.Sources.Take(depth).Any(s => r.Question.Expected.Contains(s.Id));

        private static double Share<T>(List<T> all, Func<T, bool> when) => all.Count == 0 ? double.NaN : all.Count(when) / (double)all.Count;
    }
}
