using System.Globalization;
using System.Threading.Channels;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Mail;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Accounts;

/// <summary>Requests for new passwords, mailed after the request was answered so that its time tells nothing.</summary>
internal sealed partial class PasswordResetQueue(
    IServiceScopeFactory scopes,
    IMailer mailer,
    DatabaseState database,
    TimeProvider time,
    ILogger<PasswordResetQueue> logger) : BackgroundService
{
    private const int LongestQueue = 1000;
    private const int MostAccounts = 5;
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Channel<Request> _requests = Channel.CreateBounded<Request>(
        new BoundedChannelOptions(LongestQueue) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <param name="by">Who asks for somebody else; null when anybody asked.</param>
    public void Add(string? username, string? email, CultureInfo culture, AuditActor? by = null) =>
        _requests.Writer.TryWrite(new(username, email, culture, by ?? AuditActor.Anonymous));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await database.WhenReadyAsync(stoppingToken);
        await foreach (var request in _requests.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await MailAsync(request, stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailed(e);
            }
        }
    }

    private async Task MailAsync(Request request, CancellationToken cancellationToken)
    {
        using var all = DataScope.AllTenants();
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MefapexDb>();
        var now = time.GetUtcNow();
        var name = Clean(request.Username);
        var email = Clean(request.Email);
        var recently = now - Pause;
        var users = await db.Users
            .Where(u => u.Email != null && u.DisabledAt == null
                && ((name.Length > 0 && u.Username == name) || (email.Length > 0 && u.Email == email)))
            .Where(u => !db.PasswordResets.Any(r => r.UserId == u.Id && r.CreatedAt > recently))
            .Take(MostAccounts)
            .AsNoTracking()
            .ToListAsync(cancellationToken);
        foreach (var user in users)
        {
            var token = OpaqueToken.New();
            db.PasswordResets.Add(new PasswordReset
            {
                Hash = OpaqueToken.HashOf(token),
                UserId = user.Id,
                CreatedAt = now,
                ExpiresAt = now + Lifetime,
            });
            await db.SaveChangesAsync(cancellationToken);
            CultureInfo.CurrentUICulture = request.Culture;
            await mailer.SendAsync(
                new(
                    user.Email!,
                    AccountProblems.Text("reset-mail.subject"),
                    AccountProblems.Text("reset-mail.text", user.Username, token, (int)Lifetime.TotalMinutes)),
                cancellationToken);
            await scope.ServiceProvider.GetRequiredService<IAuditLog>().RecordAsync(
                new(AuditVerbs.PasswordResetRequested, user.TenantId, AuditSubject.User(user.Id)) { Actor = request.By },
                cancellationToken);
        }
    }

    private static string Clean(string? said) => User.NameKey(said ?? "").Replace("\0", "", StringComparison.Ordinal);

    [LoggerMessage(LogLevel.Error, "A mail for a new password could not be sent; the person has to ask again")]
    private partial void LogFailed(Exception exception);

    private sealed record Request(string? Username, string? Email, CultureInfo Culture, AuditActor By);
}
