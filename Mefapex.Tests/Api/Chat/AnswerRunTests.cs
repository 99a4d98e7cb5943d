using Mefapex.Api.Chat;
using Mefapex.Contracts.Chat;

namespace Mefapex.Tests.Api.Chat;

public sealed class AnswerRunTests
{
    private static readonly ChatAnswer Answer = new()
    {
        Response = "Vardiya **08.00** de başlar [1], 16.00 da biter [2].",
        Source = "documents",
        SessionId = Guid.NewGuid().ToString(),
        MessageId = Guid.NewGuid().ToString(),
        Decision = Decision.Answer,
        Sources = [],
        Citations =
        [
            new(1, "b1", "Yönetmelik", 2, 4, "Çalışma", 10, 40, "Vardiya 08.00 de başlar."),
            new(2, "b1", "Yönetmelik", 2, 5, null, 80, 110, "16.00 da biter."),
        ],
        Understood = "Vardiya ne zaman?",
        Confidence = 0.9,
        Language = "tr",
        Degradation = Degradation.NoGenerator,
    };

    [Fact]
    public void Citations_come_between_the_text_and_the_whole_answer()
    {
        var (events, ended, _) = AnswerRun.Of(Answer, "Peki ne zaman?").From(0);

        ended.ShouldBeTrue();
        events.Select(e => e.Type).Distinct(StringComparer.Ordinal)
            .ShouldBe([ChatEvents.Meta, ChatEvents.Delta, ChatEvents.Citation, ChatEvents.Done]);
        events.Where(e => e.Type == ChatEvents.Citation).Select(e => e.Data).ShouldBe(Answer.Citations);
        events.Select(e => e.Id).ShouldBe(Enumerable.Range(0, events.Count).Select(i => $"{Answer.MessageId}:{i}"));
        ((ChatMeta)events[1].Data).Understood.ShouldBe(Answer.Understood);
    }

    [Fact]
    public void What_is_being_stored_can_no_longer_be_cancelled_and_what_was_cancelled_is_not_stored()
    {
        var storing = new AnswerRun(Guid.NewGuid(), Guid.NewGuid(), "Soru");
        storing.BeginStoring();
        storing.TryCancel().ShouldBeFalse();
        storing.Cancellation.IsCancellationRequested.ShouldBeFalse();

        var cancelled = new AnswerRun(Guid.NewGuid(), Guid.NewGuid(), "Soru");
        cancelled.TryCancel().ShouldBeTrue();
        cancelled.TryCancel().ShouldBeFalse();
        Should.Throw<OperationCanceledException>(cancelled.BeginStoring);
        cancelled.Cancellation.IsCancellationRequested.ShouldBeTrue();
    }
}
