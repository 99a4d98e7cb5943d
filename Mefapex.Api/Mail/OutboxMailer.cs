using System.Net.Mail;
using System.Net.Mime;
using System.Text;
using Mefapex.Api.Admin;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Mail;

/// <summary>Lays mails down as files in a folder that only this account can read, for a mail server to collect.</summary>
internal sealed class OutboxMailer(IOptions<MailOptions> options, IHostEnvironment environment) : IMailer
{
    private const string Receiver = "X-Receiver:";

    private readonly string _folder = Path.GetFullPath(Path.Combine(environment.ContentRootPath, options.Value.Outbox));

    public string Folder => _folder;

    public async Task SendAsync(MailToSend mail, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(_folder);
        else
            Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        using var message = new MailMessage(options.Value.From, mail.To, mail.Subject, mail.Text.ReplaceLineEndings("\r\n"))
        {
            SubjectEncoding = Encoding.UTF8,
            BodyEncoding = Encoding.UTF8,
            BodyTransferEncoding = TransferEncoding.QuotedPrintable,
        };
        using var client = new SmtpClient
        {
            DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory,
            PickupDirectoryLocation = _folder,
        };
        try
        {
            await client.SendMailAsync(message, cancellationToken);
        }
        catch (SmtpException e)
        {
            throw new IOException($"the outbox {_folder} does not take mails", e);
        }
    }

    /// <summary>Takes back the mails to an address that nobody has collected yet.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> RemoveForAsync(string address, CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var file in Waiting())
        {
            if (await IsToAsync(file, address, cancellationToken))
            {
                file.Delete();
                removed++;
            }
        }

        return removed;
    }

    /// <summary>Removes the mails that nobody has collected since a moment.</summary>
    /// <returns>How many there were.</returns>
    public int RemoveBefore(DateTimeOffset moment)
    {
        var removed = 0;
        foreach (var file in Waiting().Where(file => file.LastWriteTimeUtc < moment.UtcDateTime))
        {
            file.Delete();
            removed++;
        }

        return removed;
    }

    private IEnumerable<FileInfo> Waiting()
    {
        var folder = new DirectoryInfo(_folder);
        return folder.Exists ? folder.EnumerateFiles("*.eml") : [];
    }

    /// <summary>Mails begin with whom they are really for.</summary>
    private static async Task<bool> IsToAsync(FileInfo file, string address, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var line in File.ReadLinesAsync(file.FullName, cancellationToken))
            {
                if (line.Length == 0)
                    return false;
                if (line.StartsWith(Receiver, StringComparison.OrdinalIgnoreCase)
                    && line[Receiver.Length..].Trim().Equals(address, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }
        catch (FileNotFoundException)
        {
            // Collected a moment ago.
        }

        return false;
    }
}

internal static class MailExtensions
{
    public static WebApplicationBuilder AddMail(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<MailOptions>().BindConfiguration(MailOptions.Section);
        builder.Services.AddSingleton<OutboxMailer>();
        builder.Services.AddSingleton<IMailer>(services => services.GetRequiredService<OutboxMailer>());
        builder.Services.AddAdapter("mail", services => $"files in {services.GetRequiredService<OutboxMailer>().Folder}");
        return builder;
    }
}
