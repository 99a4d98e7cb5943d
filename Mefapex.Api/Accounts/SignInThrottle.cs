using System.Security.Cryptography;
using System.Text;
using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Accounts;

/// <summary>
/// Makes guessing slow: after some failures each further one doubles the wait, for the account wherever the guesses come
/// from, and for the address whichever account it tries. Names are counted whether there is such an account or not. The
/// counts are in the database, so neither a restart nor another replica starts afresh.
/// </summary>
internal sealed class SignInThrottle(MefapexDb db, TimeProvider time)
{
    private static readonly Limit Account = new("account", FreeFailures: 5, LongestWait: TimeSpan.FromMinutes(15), Memory: TimeSpan.FromHours(24));

    // Many people may share an address, so it takes more failures and is forgotten sooner.
    private static readonly Limit Address = new("address", FreeFailures: 100, LongestWait: TimeSpan.FromMinutes(5), Memory: TimeSpan.FromHours(1));

    /// <summary>Under which the failures of a user name are kept.</summary>
    public static byte[] AccountKey(string username) => Account.KeyOf(username);

    /// <summary>How long to wait before another try; zero when there is no need.</summary>
    public async Task<TimeSpan> WaitAsync(string username, string address, CancellationToken cancellationToken)
    {
        var (account, place) = (Account.KeyOf(username), Address.KeyOf(address));
        var notBefore = await db.SignInFailures
            .Where(f => f.Subject == account || f.Subject == place)
            .MaxAsync(f => (DateTimeOffset?)f.NotBefore, cancellationToken);
        var left = (notBefore ?? default) - time.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <returns>Whether this failure is the one that locks the account.</returns>
    public async Task<bool> FailedAsync(string username, string address, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await CountAsync(Address, address, now, cancellationToken);
        return await CountAsync(Account, username, now, cancellationToken) == Account.FreeFailures;
    }

    /// <summary>The address keeps its failures: signing in to an account of one's own must not buy further guesses.</summary>
    public Task SucceededAsync(string username, CancellationToken cancellationToken)
    {
        var account = Account.KeyOf(username);
        return db.SignInFailures.Where(f => f.Subject == account).ExecuteDeleteAsync(cancellationToken);
    }

    private async Task<int> CountAsync(Limit limit, string name, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var subject = limit.KeyOf(name);
        var forgotten = now - limit.Memory;
        var longest = limit.LongestWait.TotalSeconds;
        return (await db.Database.SqlQuery<int>(
            $"""
            insert into sign_in_failures as known (subject, failures, not_before, failed_at) values ({subject}, 1, {now}, {now})
            on conflict (subject) do update set
                failures = case when known.failed_at < {forgotten} then 1 else known.failures + 1 end,
                not_before = {now} + make_interval(secs => case
                    when known.failed_at < {forgotten} or known.failures + 1 < {limit.FreeFailures} then 0
                    else least(power(2.0, least(known.failures + 1 - {limit.FreeFailures}, 30)), {longest}) end),
                failed_at = {now}
            returning failures as "Value"
            """).ToListAsync(cancellationToken))[0];
    }

    private sealed record Limit(string Kind, int FreeFailures, TimeSpan LongestWait, TimeSpan Memory)
    {
        // A hash, as people type their password where the name belongs.
        public byte[] KeyOf(string name) => SHA256.HashData(Encoding.UTF8.GetBytes($"{Kind}:{name}"));
    }
}

/// <summary>How often signing in failed for one account or from one address.</summary>
internal sealed class SignInFailure
{
    public required byte[] Subject { get; init; }

    public required int Failures { get; set; }

    public required DateTimeOffset NotBefore { get; set; }

    public required DateTimeOffset FailedAt { get; set; }
}

internal sealed class SignInFailureConfiguration : IEntityTypeConfiguration<SignInFailure>
{
    public void Configure(EntityTypeBuilder<SignInFailure> failure)
    {
        failure.ToTable("sign_in_failures");
        failure.HasKey(f => f.Subject);
        failure.HasIndex(f => f.FailedAt);
    }
}
