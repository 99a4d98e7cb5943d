using Microsoft.AspNetCore.Identity;

namespace Mefapex.Api.Accounts;

/// <summary>Hashes and checks passwords a few at a time, so that a flood of sign-ins leaves the processors to others.</summary>
internal sealed class Passwords(IPasswordHasher<User> hasher) : IDisposable
{
    private const int LongestQueue = 200;

    /// <summary>Guesses at one account that come all at once must not fill the queue for everybody.</summary>
    private const int MostOfAccount = LongestQueue / 10;

    private readonly SemaphoreSlim _turns = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly Dictionary<string, int> _ofAccounts = new(StringComparer.Ordinal);
    private int _queued;

    /// <exception cref="PasswordsBusyException">Too many wait already.</exception>
    public Task<string> HashAsync(User user, string password, CancellationToken cancellationToken) =>
        InTurnAsync(() => Task.FromResult(hasher.HashPassword(user, password)), cancellationToken);

    /// <summary>Runs work that checks a password or a code when its turn comes; it must not ask for another turn.</summary>
    /// <exception cref="PasswordsBusyException">Too many wait already, in all or for this account.</exception>
    public async Task<T> InTurnAsync<T>(string account, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        lock (_ofAccounts)
        {
            var waiting = _ofAccounts.GetValueOrDefault(account);
            if (waiting >= MostOfAccount)
                throw new PasswordsBusyException();
            _ofAccounts[account] = waiting + 1;
        }

        try
        {
            return await InTurnAsync(work, cancellationToken);
        }
        finally
        {
            lock (_ofAccounts)
            {
                if (--_ofAccounts[account] == 0)
                    _ofAccounts.Remove(account);
            }
        }
    }

    private async Task<T> InTurnAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _queued) > LongestQueue)
                throw new PasswordsBusyException();
            await _turns.WaitAsync(cancellationToken);
            try
            {
                return await work();
            }
            finally
            {
                _turns.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _queued);
        }
    }

    public void Dispose() => _turns.Dispose();
}

/// <summary>More sign-ins than can be checked in good time.</summary>
internal sealed class PasswordsBusyException() : Exception("too many passwords are waiting to be checked");

internal static class BusyPasswords
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);

    /// <summary>Answers 429 where <see cref="Passwords"/> has no turn left.</summary>
    public static TBuilder RefusesWhenBusy<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) =>
        {
            try
            {
                return await next(context);
            }
            catch (PasswordsBusyException)
            {
                return SignIn.TooMany(context.HttpContext, Wait);
            }
        });
}
