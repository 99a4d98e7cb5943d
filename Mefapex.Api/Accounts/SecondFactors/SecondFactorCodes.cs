using System.Security.Cryptography;
using System.Text;
using Mefapex.Api.Data;
using Mefapex.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Accounts.SecondFactors;

/// <summary>Keeps secrets of authenticator apps and recovery codes, and takes the codes of both, each once.</summary>
internal sealed class SecondFactorCodes(MefapexDb db, IOptions<TokenOptions> options, TimeProvider time)
{
    private const int RecoveryCodes = 10;

    /// <summary>80 bits, too many to be guessed from a hash without salt; 16 characters of base 32.</summary>
    private const int RecoveryBytes = 10;

    private const int RecoveryLength = RecoveryBytes * 8 / 5;

    private readonly SecretBox _box = new(options.Value, "second-factors");

    /// <summary>Whether signing in to the account takes a code.</summary>
    public Task<bool> IsOnAsync(Guid userId, CancellationToken cancellationToken) =>
        db.SecondFactors.AnyAsync(f => f.UserId == userId && f.ConfirmedAt != null, cancellationToken);

    /// <summary>A new secret, to be confirmed; one that was never confirmed is forgotten.</summary>
    /// <returns>Null where a confirmed one is there.</returns>
    public async Task<byte[]?> StartAsync(User user, CancellationToken cancellationToken)
    {
        var secret = Totp.NewSecret();
        var box = _box.Seal(secret, user.Id.ToString());
        var now = time.GetUtcNow();
        var kept = await db.Database.ExecuteSqlAsync(
            $"""
            insert into second_factors as known (user_id, tenant_id, sealed, created_at, last_step)
            values ({user.Id}, {user.TenantId}, {box}, {now}, 0)
            on conflict (user_id) do update set sealed = excluded.sealed, created_at = excluded.created_at
            where known.confirmed_at is null
            """,
            cancellationToken);
        return kept == 0 ? null : secret;
    }

    /// <summary>Turns the factor on by a first code. To be called in a transaction.</summary>
    /// <returns>Recovery codes; null where the code is wrong or nothing waits to be confirmed.</returns>
    public async Task<IReadOnlyList<string>?> ConfirmAsync(User user, string code, CancellationToken cancellationToken)
    {
        if (await StepOfAsync(user.Id, code, confirmed: false, cancellationToken) is not { } step)
            return null;
        var now = time.GetUtcNow();
        var confirmed = await db.SecondFactors.Where(f => f.UserId == user.Id && f.ConfirmedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(f => f.ConfirmedAt, now).SetProperty(f => f.LastStep, step), cancellationToken);
        return confirmed == 0 ? null : await RenewRecoveryCodesAsync(user, cancellationToken);
    }

    /// <summary>Takes a code of the app or a recovery code; none counts twice, on whichever replica.</summary>
    public async Task<CodeKind?> UseAsync(Guid userId, string code, CancellationToken cancellationToken)
    {
        if (await StepOfAsync(userId, code, confirmed: true, cancellationToken) is { } step)
        {
            var used = await db.SecondFactors.Where(f => f.UserId == userId && f.LastStep < step)
                .ExecuteUpdateAsync(set => set.SetProperty(f => f.LastStep, step), cancellationToken);
            return used == 1 ? CodeKind.App : null;
        }

        var said = Plain(code);
        if (said.Length != RecoveryLength)
            return null;
        var hash = HashOf(said);
        return await db.RecoveryCodes.Where(c => c.UserId == userId && c.Hash == hash).ExecuteDeleteAsync(cancellationToken) == 1
            ? CodeKind.Recovery
            : null;
    }

    /// <summary>New recovery codes in place of the old ones. To be called in a transaction.</summary>
    public async Task<IReadOnlyList<string>> RenewRecoveryCodesAsync(User user, CancellationToken cancellationToken)
    {
        await db.RecoveryCodes.Where(c => c.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        var codes = Enumerable.Range(0, RecoveryCodes)
            .Select(_ => Totp.Base32(RandomNumberGenerator.GetBytes(RecoveryBytes)).ToLowerInvariant())
            .ToList();
        db.RecoveryCodes.AddRange(
            codes.Select(code => new RecoveryCode { Hash = HashOf(code), UserId = user.Id, TenantId = user.TenantId }));
        await db.SaveChangesAsync(cancellationToken);
        return [.. codes.Select(code => string.Join('-', code.Chunk(4).Select(part => new string(part))))];
    }

    /// <summary>Signing in takes no code any more. To be called in a transaction.</summary>
    /// <returns>Whether it took one before.</returns>
    public async Task<bool> RemoveAsync(Guid userId, CancellationToken cancellationToken)
    {
        await db.RecoveryCodes.Where(c => c.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        return await db.SecondFactors.Where(f => f.UserId == userId && f.ConfirmedAt != null).ExecuteDeleteAsync(cancellationToken) == 1;
    }

    /// <summary>As people may type a code: in groups, in capitals.</summary>
    private static string Plain(string code) =>
        string.Concat(code.Where(c => !char.IsWhiteSpace(c) && c != '-')).ToLowerInvariant();

    private static byte[] HashOf(string code) => SHA256.HashData(Encoding.UTF8.GetBytes(code));

    private async Task<long?> StepOfAsync(Guid userId, string code, bool confirmed, CancellationToken cancellationToken)
    {
        var said = Plain(code);
        if (said.Length != Totp.Digits)
            return null;
        var box = await db.SecondFactors.Where(f => f.UserId == userId && f.ConfirmedAt != null == confirmed)
            .Select(f => f.Sealed)
            .SingleOrDefaultAsync(cancellationToken);
        return box is not null && _box.Open(box, userId.ToString()) is { } secret ? Totp.Match(secret, said, time.GetUtcNow()) : null;
    }
}

/// <summary>Where a code came from.</summary>
internal enum CodeKind
{
    App,
    Recovery,
}
