using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mefapex.Cli;

/// <summary>An evaluation as a person reads it, in lines of at most 100 characters, and as JSON.</summary>
internal static class EvalReport
{
    private const int Width = 100;
    private const int NameWidth = 31;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <param name="misses">The most misses to list.</param>
    public static string Render(EvalResult result, int misses)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{"",-NameWidth}  answer-                            wrongly    must be   declined");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"",-NameWidth}     able   hit@1   hit@3     MRR  declined   declined  correctly");
        var group = "all";
        foreach (var score in result.Scores)
        {
            if (score.Group != group)
                text.AppendLine();
            group = score.Group;
            text.AppendLine(Line(score));
        }

        text.AppendLine();
        Notes(text, result);
        Misses(text, [.. result.Outcomes.Where(outcome => !outcome.IsRight)], misses);
        return text.ToString();
    }

    public static string ToJson(EvalResult result, string file, Uri api) => JsonSerializer.Serialize(
        new
        {
            File = file,
            Api = api.ToString(),
            result.StartedAt,
            Seconds = Math.Round(result.Took.TotalSeconds, 3),
            Questions = result.Asked,
            Answered = result.Outcomes.Count,
            Partial = result.IsPartial,
            Scores = result.Scores.Select(score => new
            {
                score.Group,
                Name = score.Name.Length > 0 ? score.Name : null,
                score.Answerable,
                HitAt1 = Figure(score.HitAt1),
                HitAt3 = Figure(score.HitAt3),
                Mrr = Figure(score.Mrr),
                WronglyDeclined = Figure(score.WronglyDeclined),
                score.Unanswerable,
                DeclinedCorrectly = Figure(score.DeclinedCorrectly),
            }),
            Outcomes = result.Outcomes.Select(outcome => new
            {
                outcome.Question.Line,
                outcome.Question.Tenant,
                outcome.Question.Lang,
                Question = outcome.Question.Text,
                outcome.Question.Expected,
                outcome.Question.Kind,
                Right = outcome.IsRight,
                outcome.Rank,
                outcome.Declined,
                outcome.Answer?.Decision,
                outcome.Answer?.Sources,
                outcome.Answer?.Confidence,
                outcome.Answer?.Language,
                outcome.Answer?.Degradation,
                outcome.Answer?.ResponseTimeMs,
                outcome.Problem,
            }),
        },
        Json) + "\n";

    private static string Line(EvalScore score)
    {
        var name = Fit(score.Name.Length > 0 ? $"{score.Group}  {score.Name}" : score.Group, NameWidth);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-NameWidth}  {score.Answerable,7}  {Share(score.HitAt1)}  {Share(score.HitAt3)}  {Share(score.Mrr)}    {Share(score.WronglyDeclined)}  {score.Unanswerable,9}      {Share(score.DeclinedCorrectly)}");
    }

    private static void Notes(StringBuilder text, EvalResult result)
    {
        if (result.IsPartial)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture, $"PARTIAL: stopped after {result.Outcomes.Count} of {result.Asked} questions; the figures are of those.");
        }

        var times = result.Outcomes.Where(o => o.Answer is not null).Select(o => o.Answer!.ResponseTimeMs).Order().ToList();
        var speed = times.Count == 0 ? "" : string.Create(
            CultureInfo.InvariantCulture, $", {times[times.Count / 2]:0.0} ms in the middle, {times[(int)(0.95 * (times.Count - 1))]:0.0} ms at p95");
        text.AppendLine(CultureInfo.InvariantCulture, $"{result.Outcomes.Count} questions in {result.Took.TotalSeconds:0.0} s{speed}");

        var degraded = result.Outcomes.Count(outcome => outcome.Answer is { IsDegraded: true });
        if (degraded > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"{degraded} answers came without vectors: the AI service is away or its index is not ready.");
        var problems = result.Outcomes.Where(outcome => outcome.Problem is not null).ToList();
        if (problems.Count > 0)
        {
            text.AppendLine(Fit(
                string.Create(CultureInfo.InvariantCulture, $"{problems.Count} questions got no answer and count as misses; line {problems[0].Question.Line}: {problems[0].Problem}"),
                Width));
        }
    }

    private static void Misses(StringBuilder text, List<EvalOutcome> misses, int most)
    {
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"Misses: {misses.Count}");
        foreach (var miss in misses.Take(most))
        {
            var question = miss.Question;
            text.AppendLine(Fit(
                string.Create(CultureInfo.InvariantCulture, $"  {question.Line,5}  {question.Tenant} {question.Lang} {question.Kind}: {question.Text}"), Width));
            var expected = question.MustBeDeclined ? "to decline" : string.Join(" | ", question.Expected);
            text.AppendLine(Fit($"         expected {expected}", Width));
            text.AppendLine(Fit($"         got {Got(miss)}", Width));
        }

        if (misses.Count > most && most > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"  … and {misses.Count - most} more; --misses {misses.Count} lists all, --json FILE keeps every line.");
    }

    private static string Got(EvalOutcome miss) => miss.Answer is not { } answer
        ? $"no answer: {miss.Problem}"
        : $"{answer.Decision}: " + (answer.Sources.Count == 0
            ? "no source"
            : string.Join(", ", answer.Sources.Take(3).Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Id} {s.Score:0.00}"))));

    private static string Share(double share) =>
        double.IsNaN(share) ? "    –" : share.ToString("0.000", CultureInfo.InvariantCulture);

    private static double? Figure(double share) => double.IsNaN(share) ? null : Math.Round(share, 4);

    private static string Fit(string text, int width)
    {
        var line = string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
        var elements = new StringInfo(line);
        return elements.LengthInTextElements <= width ? line : elements.SubstringByTextElements(0, width - 1) + "…";
    }
}
