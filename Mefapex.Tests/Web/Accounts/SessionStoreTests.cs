using System.Security.Claims;
using System.Text;
using Mefapex.Contracts.Accounts;
using Mefapex.Web.Accounts;
using Mefapex.Web.Shell;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Web.Accounts;

public sealed class SessionStoreTests : IDisposable
{
    private const string Token = "a-token-that-must-not-be-readable";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mefapex-sessions-");
    private readonly MovableClock _clock = new();

    [Fact]
    public async Task A_session_survives_a_restart_and_its_file_tells_nothing()
    {
        var key = await Store().StoreAsync(Ticket(), Cancellation);

        var restarted = Store();
        (await restarted.TokenOfAsync(key, Cancellation)).ShouldBe(Token);
        (await restarted.RetrieveAsync(key, Cancellation)).ShouldNotBeNull().Principal.Identity!.Name.ShouldBe("demo");

        var file = _folder.EnumerateFiles("*", SearchOption.AllDirectories).ShouldHaveSingleItem();
        file.Name.ShouldNotContain(key);
        Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file.FullName, Cancellation)).ShouldNotContain(Token);
    }

    [Fact]
    public async Task A_session_ends_when_its_token_does()
    {
        var store = Store();
        var key = await store.StoreAsync(Ticket(), Cancellation);

        _clock.Advance(TimeSpan.FromMinutes(61));

        (await store.RetrieveAsync(key, Cancellation)).ShouldBeNull();
        (await Store().TokenOfAsync(key, Cancellation)).ShouldBeNull();
        _folder.EnumerateFiles("*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_session_that_was_ended_is_gone_everywhere()
    {
        var store = Store();
        var key = await store.StoreAsync(Ticket(), Cancellation);

        await store.RemoveAsync(key, Cancellation);

        (await store.TokenOfAsync(key, Cancellation)).ShouldBeNull();
        (await Store().TokenOfAsync(key, Cancellation)).ShouldBeNull();
    }

    [Fact]
    public async Task A_damaged_file_means_signing_in_again()
    {
        var key = await Store().StoreAsync(Ticket(), Cancellation);
        await File.WriteAllTextAsync(
            _folder.EnumerateFiles("*", SearchOption.AllDirectories).Single().FullName, "bozuk", Cancellation);

        (await Store().RetrieveAsync(key, Cancellation)).ShouldBeNull();
    }

    [Fact]
    public async Task Without_a_folder_sessions_live_as_long_as_the_process()
    {
        var store = Store(folder: null);
        var key = await store.StoreAsync(Ticket(), Cancellation);

        (await store.TokenOfAsync(key, Cancellation)).ShouldBe(Token);
        (await Store(folder: null).TokenOfAsync(key, Cancellation)).ShouldBeNull();
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly IDataProtectionProvider Protection = new EphemeralDataProtectionProvider();

    private SessionStore Store() => Store(_folder.FullName);

    private SessionStore Store(string? folder) => new(
        Protection,
        new StateFolder(Options.Create(new WebOptions { StateFolder = folder })),
        _clock,
        NullLogger<SessionStore>.Instance);

    private AuthenticationTicket Ticket()
    {
        ClaimsPrincipal person = Person.PrincipalOf(
            new UserInfo("demo", "7d1c", "Demo Çalışan", Email: null, "fabrika", "Mefapex Fabrika", [Roles.Member]));
        return new AuthenticationTicket(person, SessionStore.PropertiesFor(Token, _clock.GetUtcNow().AddHours(1)), "Cookies");
    }

    private sealed class MovableClock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

        public void Advance(TimeSpan time) => _now += time;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
