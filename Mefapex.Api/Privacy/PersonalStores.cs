using Mefapex.Api.Accounts;
using Mefapex.Api.Chat;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Mail;
using Mefapex.Contracts.Privacy;

namespace Mefapex.Api.Privacy;

/// <summary>Mails that wait for somebody to collect them.</summary>
internal sealed class WaitingMails(OutboxMailer outbox) : IPersonalStore
{
    public string Name => "mail outbox";

    public string Kind => ErasedKind.Files;

    public Task<int> EraseAsync(User person, CancellationToken cancellationToken) =>
        person.Email is { } email ? outbox.RemoveForAsync(email, cancellationToken) : Task.FromResult(0);
}

/// <summary>Answers that this replica is making for the person; those of others find nobody to store them for.</summary>
internal sealed class AnswersUnderWay(RunningAnswers answers) : IPersonalStore
{
    public string Name => "running answers";

    public string Kind => ErasedKind.Memory;

    public Task<int> EraseAsync(User person, CancellationToken cancellationToken) => Task.FromResult(answers.CancelOf(person.Id));
}

/// <summary>What the person's conversations are about, and answers that were kept, as the questions they answer may be the person's;
/// also those in Redis. While that is away they are not seen any more, and go when it is back or within an hour.</summary>
internal sealed class KeptAnswers(ConversationContexts contexts, AnswerClearing answers) : IPersonalStore
{
    public string Name => "kept answers";

    public string Kind => ErasedKind.Memory;

    public async Task<int> EraseAsync(User person, CancellationToken cancellationToken)
    {
        await contexts.ForgetAsync(person.Id, cancellationToken);
        return (await answers.ClearAsync(person.TenantId, cancellationToken)).Cleared;
    }
}
