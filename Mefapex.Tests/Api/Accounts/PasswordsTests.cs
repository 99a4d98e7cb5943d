using Mefapex.Api.Accounts;
using Microsoft.AspNetCore.Identity;

namespace Mefapex.Tests.Api.Accounts;

public sealed class PasswordsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Guesses_at_one_account_leave_room_in_the_queue_for_others()
    {
        using var passwords = new Passwords(new PasswordHasher<User>());
        var open = new TaskCompletionSource();

        var guesses = Enumerable.Range(0, 300).Select(_ => TryAsync(passwords, "demo", open.Task)).ToList();
        var other = TryAsync(passwords, "hasta", open.Task);
        open.SetResult();

        (await other).ShouldBeTrue();
        (await Task.WhenAll(guesses)).Count(taken => taken).ShouldBe(20);
        (await TryAsync(passwords, "demo", Task.CompletedTask)).ShouldBeTrue();
    }

    [Fact]
    public async Task Guesses_at_many_accounts_are_refused_once_the_queue_is_full()
    {
        using var passwords = new Passwords(new PasswordHasher<User>());
        var open = new TaskCompletionSource();

        var guesses = Enumerable.Range(0, 300).Select(number => TryAsync(passwords, $"kisi-{number}", open.Task)).ToList();
        open.SetResult();

        (await Task.WhenAll(guesses)).Count(taken => taken).ShouldBe(200);
    }

    private static async Task<bool> TryAsync(Passwords passwords, string account, Task until)
    {
        try
        {
            return await passwords.InTurnAsync(
                account,
                async () =>
                {
                    await until;
                    return true;
                },
                Cancellation);
        }
        catch (PasswordsBusyException)
        {
            return false;
        }
    }
}
