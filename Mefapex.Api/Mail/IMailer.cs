namespace Mefapex.Api.Mail;

/// <summary>Takes mails on their way to people.</summary>
internal interface IMailer
{
    /// <summary>Hands a mail over; returns once it cannot get lost on our side.</summary>
    /// <exception cref="IOException">It could not be taken.</exception>
    Task SendAsync(MailToSend mail, CancellationToken cancellationToken);
}

/// <summary>A mail in plain text.</summary>
/// <param name="To">One address.</param>
internal sealed record MailToSend(string To, string Subject, string Text);
