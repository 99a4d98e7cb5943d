using Mefapex.Api.Knowledge.Entries;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>A draft made of unanswered questions has no answer yet; people must not be answered with nothing.</summary>
internal sealed class AnswerCheck : IPublishCheck
{
    public Task<IReadOnlyList<PublishFinding>> CheckAsync(PublishSet set, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<PublishFinding>>(
        [
            .. set.Versions
                .Where(v => !v.Texts.Any(t => t.HasText) || v.Texts.Any(t => t.HasText && string.IsNullOrWhiteSpace(t.Answer)))
                .Select(v => new PublishFinding(v.EntryId, "answer-missing", ReviewTexts.Format("AnswerMissing", v.Title), Blocking: true)),
        ]);
}
