using System.Collections.Concurrent;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Mefapex.Web.Shell;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;

namespace Mefapex.Web.Accounts;

/// <summary>
/// Holds who is signed in, and their tokens, on the server: the browser's cookie carries only a session key. With a
/// state folder each session is also kept there, encrypted, so that a restart signs nobody out.
/// </summary>
internal sealed partial class SessionStore : ITicketStore
{
    /// <summary>The claim by which a circuit finds its session again.</summary>
    public const string KeyClaim = "session";

    private const string TokenName = "access_token";

    private readonly ConcurrentDictionary<string, AuthenticationTicket> _tickets = new(StringComparer.Ordinal);
    private readonly IDataProtector _protector;
    private readonly TimeProvider _clock;
    private readonly ILogger<SessionStore> _logger;
    private readonly DirectoryInfo? _folder;

    public SessionStore(
        IDataProtectionProvider protection,
        StateFolder state,
        TimeProvider clock,
        ILogger<SessionStore> logger)
    {
        _protector = protection.CreateProtector("Mefapex.Web.Sessions");
        _folder = state.Private("sessions");
        _clock = clock;
        _logger = logger;
    }

    /// <summary>The properties to sign in with: an API token and the moment it expires.</summary>
    public static AuthenticationProperties PropertiesFor(string token, DateTimeOffset expires)
    {
        var properties = new AuthenticationProperties { ExpiresUtc = expires, IsPersistent = true, AllowRefresh = false };
        properties.StoreTokens([new AuthenticationToken { Name = TokenName, Value = token }]);
        return properties;
    }

    /// <summary>The API token of a session, or null when it ended.</summary>
    public async Task<string?> TokenOfAsync(string key, CancellationToken cancellationToken) =>
        (await RetrieveAsync(key, cancellationToken))?.Properties.GetTokenValue(TokenName);

    public Task<string> StoreAsync(AuthenticationTicket ticket) => StoreAsync(ticket, CancellationToken.None);

    public async Task<string> StoreAsync(AuthenticationTicket ticket, CancellationToken cancellationToken)
    {
        DropExpired();
        var key = WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(32));
        (ticket.Principal.Identity as ClaimsIdentity)?.AddClaim(new Claim(KeyClaim, key));
        await RenewAsync(key, ticket, cancellationToken);
        return key;
    }

    public Task RenewAsync(string key, AuthenticationTicket ticket) => RenewAsync(key, ticket, CancellationToken.None);

    public async Task RenewAsync(string key, AuthenticationTicket ticket, CancellationToken cancellationToken)
    {
        _tickets[key] = ticket;
        if (FileOf(key) is not { } file)
            return;

        try
        {
            var sealedTicket = _protector.Protect(TicketSerializer.Default.Serialize(ticket));
            await File.WriteAllBytesAsync(file, sealedTicket, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKept(file, e);
        }
    }

    public Task<AuthenticationTicket?> RetrieveAsync(string key) => RetrieveAsync(key, CancellationToken.None);

    public async Task<AuthenticationTicket?> RetrieveAsync(string key, CancellationToken cancellationToken)
    {
        var ticket = _tickets.GetValueOrDefault(key) ?? await ReadAsync(key, cancellationToken);
        if (ticket is null || !IsExpired(ticket))
            return ticket;

        Remove(key);
        return null;
    }

    public Task RemoveAsync(string key) => RemoveAsync(key, CancellationToken.None);

    public Task RemoveAsync(string key, CancellationToken cancellationToken)
    {
        Remove(key);
        return Task.CompletedTask;
    }

    private void Remove(string key)
    {
        _tickets.TryRemove(key, out _);
        if (FileOf(key) is { } file)
            File.Delete(file);
    }

    private async Task<AuthenticationTicket?> ReadAsync(string key, CancellationToken cancellationToken)
    {
        if (FileOf(key) is not { } file || !File.Exists(file))
            return null;

        try
        {
            var sealedTicket = await File.ReadAllBytesAsync(file, cancellationToken);
            var ticket = TicketSerializer.Default.Deserialize(_protector.Unprotect(sealedTicket));
            return ticket is null ? null : _tickets.GetOrAdd(key, ticket);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            LogNotRead(file, e);
            return null;
        }
    }

    private void DropExpired()
    {
        foreach (var (key, ticket) in _tickets)
        {
            if (IsExpired(ticket))
                Remove(key);
        }
    }

    private bool IsExpired(AuthenticationTicket ticket) => ticket.Properties.ExpiresUtc <= _clock.GetUtcNow();

    /// <summary>Named by the key's hash: reading the folder's names must not hand out working session keys.</summary>
    private string? FileOf(string key) =>
        _folder is null
            ? null
            : Path.Combine(_folder.FullName, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))));

    [LoggerMessage(LogLevel.Warning, "The session file {File} could not be written: its person signs in again after a restart.")]
    private partial void LogNotKept(string file, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The session file {File} could not be read: its person signs in again.")]
    private partial void LogNotRead(string file, Exception exception);
}
