namespace Mefapex.Api.Mail;

/// <summary>Section <c>Mail</c>.</summary>
internal sealed class MailOptions
{
    public const string Section = "Mail";

    /// <summary>Where mails are laid down as <c>.eml</c> files, relative to the content root: never under what the web serves.</summary>
    public string Outbox { get; init; } = Path.Combine("App_Data", "outbox");

    /// <summary>Whom mails are from.</summary>
    public string From { get; init; } = "mefapex@localhost";
}
