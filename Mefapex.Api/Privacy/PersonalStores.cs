using Mefapex.Api.Accounts;
using Mefapex.Api.Chat;
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
