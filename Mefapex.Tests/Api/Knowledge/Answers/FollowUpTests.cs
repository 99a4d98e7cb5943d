using System.Globalization;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Contracts.Chat;
using Mefapex.Inference.Text;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Knowledge.Answers;

public sealed class FollowUpTests(KnowledgeFixture fixture, ITestOutputHelper output) : IClassFixture<KnowledgeFixture>
{
    private static readonly ConversationContext Shuttle = new("Servis kaçta?", "servis-saatleri", "Servis saatleri ve güzergâhları");

    [Theory]
    [InlineData("peki cumartesi?", "Servis saatleri ve güzergâhları: cumartesi?")]
    [InlineData("PEKİ YA Cumartesi?", "Servis saatleri ve güzergâhları: Cumartesi?")]
    [InlineData("o zaman cumartesi kaçta", "Servis saatleri ve güzergâhları: cumartesi kaçta")]
    [InlineData("What about Saturday?", "Servis saatleri ve güzergâhları: Saturday?")]
    [InlineData("and how long does it wait?", "Servis saatleri ve güzergâhları: how long does it wait?")]
    [InlineData("bunu kim onaylıyor", "Servis saatleri ve güzergâhları: bunu kim onaylıyor")]
    [InlineData("gece?", "Servis saatleri ve güzergâhları: gece?")]
    public void A_question_that_may_lean_on_the_one_before_is_put_together_with_it(string question, string expected) =>
        FollowUp.Of(FoldedText.Of(question), Shuttle)!.Question.ShouldBe(expected);

    [Theory]
    [InlineData("Yeni başlayan bir çalışan personel kartını hangi gün nereden teslim alır?")]
    [InlineData("Şirket e-postasını kişisel telefonuma kurdum ama açılmıyor")]
    [InlineData("?")]
    public void A_long_or_empty_question_stands_alone(string question) =>
        FollowUp.Of(FoldedText.Of(question), Shuttle).ShouldBeNull();

    [Fact]
    public void Without_a_question_before_nothing_is_a_follow_up() => FollowUp.Of(FoldedText.Of("peki cumartesi?"), null).ShouldBeNull();

    [Fact]
    public void Where_nothing_answered_before_the_question_itself_is_leant_on() =>
        FollowUp.Of(FoldedText.Of("peki cumartesi?"), new ConversationContext("Kantin açık mı", null, null))!.Question
            .ShouldBe("Kantin açık mı: cumartesi?");

    [Fact]
    public async Task Follow_ups_are_understood_and_new_topics_left_alone()
    {
        var results = new List<(FollowUpLine Line, AnswerResult Answer)>();
        foreach (var line in FollowUpLine.All)
            results.Add((line, await KnowledgeFixture.AskAsync(fixture.Vectors, line.Tenant, line.Question, line.ContextOf())));

        // The thresholds were chosen by the even lines; the odd ones were never looked at one by one.
        foreach (var line in results.Where(r => r.Line.Number % 2 == 0 && !r.Line.IsRight(r.Answer)))
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"[{line.Line.Source}] {line.Line.Question} -> {line.Answer.Decision} {line.Answer.Confidence:0.00} {string.Join(' ', line.Answer.Sources.Select(s => s.Id))}; understood: {line.Answer.Understood}"));
        }

        var halves = results.GroupBy(r => r.Line.Number % 2, Measured.Of).ToList();
        foreach (var half in halves)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"understood {half.Understood:0.000} of {half.FollowUps}, wrongly joined {half.Joined} of {half.Changes}"));
        halves.ShouldAllBe(h => h.Understood >= 0.82 && h.Joined <= 1);
    }

    [Fact]
    public async Task A_warning_sign_is_taken_at_its_word_in_the_middle_of_another_topic()
    {
        var answer = await KnowledgeFixture.AskAsync(
            fixture.Vectors, "klinik", "peki nefes alamıyorum", new ConversationContext("Otelde kahvaltı var mı?", "otel-konaklama", "Otel ve konaklama"));

        answer.Decision.ShouldBe(Decision.Escalate);
        answer.Understood.ShouldBeNull();
    }

    private sealed record Measured(int FollowUps, double Understood, int Changes, int Joined)
    {
        public static Measured Of(int half, IEnumerable<(FollowUpLine Line, AnswerResult Answer)> results)
        {
            var follows = results.Where(r => r.Line.IsFollowUp).ToList();
            var changes = results.Where(r => !r.Line.IsFollowUp).ToList();
            return new Measured(
                follows.Count,
                follows.Count(r => r.Line.IsRight(r.Answer)) / (double)follows.Count,
                changes.Count,
                changes.Count(r => !r.Line.IsRight(r.Answer)));
        }
    }

    private sealed record FollowUpLine(int Number, string Tenant, string Before, string Source, string Question, string[] Expected, bool IsFollowUp)
    {
        public static IReadOnlyList<FollowUpLine> All { get; } =
        [
            .. File.ReadLines(Path.Combine(RepositoryRoot.Path, "Mefapex.Tests", "Api", "Knowledge", "Answers", "follow-ups.tsv")).Skip(1)
                .Select(line => line.Split('\t'))
                .Select((cells, number) => new FollowUpLine(
                    number, cells[0], cells[2], cells[3], cells[4], cells[5] == "NONE" ? [] : cells[5].Split('|'), cells[6] == "follow")),
        ];

        public ConversationContext ContextOf() => new(Before, Source, SampleKnowledge.Title(Tenant, Source));

        public bool IsRight(AnswerResult answer) => IsFollowUp
            ? answer.Decision == Decision.Answer && Expected.Contains(answer.Sources[0].Id)
            : answer.Understood is null;
    }
}
