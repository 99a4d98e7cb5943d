using System.Globalization;
using System.Text.Json;
using Mefapex.Cli;

namespace Mefapex.Tests.Cli.Evaluation;

public sealed class EvalReportTests
{
    private static readonly EvalOutcome[] Outcomes =
    [
        Outcome(2, "izin", "answer", "izin"),
        Outcome(3, "izin", "clarify", "servis", "izin"),
        Outcome(4, "izin|mola", "answer", "a", "b", "mola"),
        Outcome(5, "izin", "decline", "izin"),
        Outcome(6, "izin", "answer", "servis"),
        Outcome(7, "NONE", "decline", "servis"),
        Outcome(8, "NONE", "clarify", "servis", "izin"),
        Outcome(9, "NONE", "smalltalk"),
        Outcome(10, "NONE", "decline"),
    ];

    [Fact]
    public void Every_decision_counts_as_the_help_says()
    {
        var all = EvalScore.Of(Outcomes)[0];

        (all.Group, all.Answerable, all.Unanswerable).ShouldBe(("all", 5, 4));
        all.HitAt1.ShouldBe(0.2, 1e-9);
        all.HitAt3.ShouldBe(0.6, 1e-9);
        all.Mrr.ShouldBe((1 + (1 / 2.0) + (1 / 3.0)) / 5, 1e-9);
        all.WronglyDeclined.ShouldBe(0.2, 1e-9);
        all.DeclinedCorrectly.ShouldBe(0.5, 1e-9);
    }

    [Fact]
    public void Figures_are_broken_down_by_tenant_language_and_kind()
    {
        var scores = EvalScore.Of(
        [
            Outcome(2, "izin", "answer", "izin"),
            Outcome(3, "izin", "decline") with { Question = Question(3, "izin") with { Tenant = "klinik", Lang = "en", Kind = "hard" } },
        ]);

        scores.Select(s => $"{s.Group} {s.Name} {s.HitAt1.ToString(CultureInfo.InvariantCulture)}").ShouldBe(
            ["all  0.5", "tenant fabrika 1", "tenant klinik 0", "lang en 0", "lang tr 1", "kind hard 0", "kind typo 1"]);
    }

    [Fact]
    public void The_table_and_the_misses_fit_into_100_columns()
    {
        var text = EvalReport.Render(
            Result([.. Outcomes, Outcome(11, new string('x', 90), "answer", new string('y', 90)) with { Question = Question(11, "z") with { Text = new string('ğ', 300) } }]),
            misses: 100);

        text.Split('\n').Max(line => line.TrimEnd('\r').Length).ShouldBeLessThanOrEqualTo(100);
    }

    [Fact]
    public void Misses_say_what_was_asked_expected_and_got()
    {
        var text = EvalReport.Render(Result(Outcomes), misses: 1);

        text.ShouldContain("Misses: 6");
        text.ShouldContain("    3  fabrika tr typo: soru 3");
        text.ShouldContain("expected izin");
        text.ShouldContain("got clarify: servis 0.50, izin 0.25");
        text.ShouldNotContain("soru 4");
        text.ShouldContain("… and 5 more; --misses 6 lists all");
    }

    [Fact]
    public void What_was_stopped_or_answered_without_vectors_says_so()
    {
        var lexical = Outcome(2, "izin", "answer", "izin");
        lexical = lexical with { Answer = lexical.Answer! with { Degradation = "lexical" } };

        var text = EvalReport.Render(new EvalResult([lexical], Asked: 3, default, TimeSpan.FromSeconds(1)), misses: 5);

        text.ShouldContain("PARTIAL: stopped after 1 of 3 questions");
        text.ShouldContain("1 answers came without vectors");
    }

    [Fact]
    public void The_JSON_holds_every_outcome_and_leaves_out_what_was_not_counted()
    {
        using var json = JsonDocument.Parse(EvalReport.ToJson(Result(Outcomes[..2]), "q.tsv", new Uri("http://localhost:8000")));

        var root = json.RootElement;
        root.GetProperty("questions").GetInt32().ShouldBe(2);
        root.GetProperty("scores")[0].GetProperty("hit_at1").GetDouble().ShouldBe(0.5);
        root.GetProperty("scores")[0].TryGetProperty("declined_correctly", out _).ShouldBeFalse();
        var outcome = root.GetProperty("outcomes")[1];
        outcome.GetProperty("line").GetInt32().ShouldBe(3);
        outcome.GetProperty("right").GetBoolean().ShouldBeFalse();
        outcome.GetProperty("rank").GetInt32().ShouldBe(2);
        outcome.GetProperty("sources")[1].GetProperty("id").GetString().ShouldBe("izin");
    }

    [Theory]
    [InlineData("--min-hit1", 0.2, true)]
    [InlineData("--min-hit1", 0.3, false)]
    [InlineData("--min-declined", 0.6, false)]
    [InlineData("--max-wrongly-declined", 0.2, true)]
    [InlineData("--max-wrongly-declined", 0.1, false)]
    public void Limits_are_kept_or_not(string option, double limit, bool kept)
    {
        var floor = EvalFloor.All.Single(f => f.Option == option) with { Limit = limit };

        floor.IsKept(EvalScore.Of(Outcomes)[0]).ShouldBe(kept);
    }

    private static EvalResult Result(EvalOutcome[] outcomes) => new(outcomes, outcomes.Length, default, TimeSpan.FromSeconds(2));

    private static EvalQuestion Question(int line, string expected) => new(
        line, "fabrika", "tr", $"soru {line}", expected == "NONE" ? [] : expected.Split('|'), "typo");

    private static EvalOutcome Outcome(int line, string expected, string decision, params string[] sources) => new(
        Question(line, expected),
        new EvalAnswer(decision, [.. sources.Select((id, i) => new EvalSource(id, 0.5 / (i + 1)))], 0.5, "tr", "no-generator", 3),
        Problem: null);
}
