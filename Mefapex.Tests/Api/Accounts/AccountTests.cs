using System.Net;
using System.Text.RegularExpressions;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Tests.Support;
using Npgsql;

namespace Mefapex.Tests.Api.Accounts;

public sealed partial class AccountTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const string Password = "üç mavi balık gezer";
    private const string OtherPassword = "beş kırmızı kuş öter";
    private readonly string _outbox = Path.Combine(Path.GetTempPath(), $"mefapex-outbox-{Guid.NewGuid():N}");
    private string _database = "";
    private ApiHost _host = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await ApiFactory.CreateDatabaseAsync(postgres);
        _host = await ApiHost.Start(_database, new Dictionary<string, string?>(StringComparer.Ordinal) { ["Mail:Outbox"] = _outbox }).ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        if (Directory.Exists(_outbox))
            Directory.Delete(_outbox, recursive: true);
    }

    [Theory]
    [InlineData("/register")]
    [InlineData("/api/auth/register")]
    public async Task Who_registers_becomes_a_member_and_signs_in(string path)
    {
        var name = $"ayşe.{Guid.NewGuid():N}";
        using var response = await _host.Anonymous.PostWireAsync(
            path, new RegisterRequest(name.ToUpperInvariant(), "ayse@example.com", Password, "Ayşe Yılmaz"));

        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        var registered = await response.ReadWireAsync<RegisterResponse>();
        registered.Message.ShouldNotBeEmpty();
        var login = await LoginAsync(registered.Username, Password);
        login.UserInfo.UserId.ShouldBe(registered.UserId);
        login.UserInfo.Tenant.ShouldBe("fabrika");
        login.UserInfo.Roles.ShouldBe([Roles.Member]);
        login.UserInfo.FullName.ShouldBe("Ayşe Yılmaz");

        using var again = await _host.Anonymous.PostWireAsync(path, new RegisterRequest(registered.Username, "b@example.com", Password));
        await again.ShouldBeProblemAsync(409, "username-taken");
    }

    [Fact]
    public async Task Of_registrations_of_one_name_at_once_one_succeeds()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            _host.Anonymous.PostWireAsync("/register", new RegisterRequest("tekil", "t@example.com", Password))));

        answers.Count(a => a.StatusCode == HttpStatusCode.Created).ShouldBe(1);
        answers.Count(a => a.StatusCode == HttpStatusCode.Conflict).ShouldBe(7);
    }

    [Theory]
    [InlineData("a", "a@example.com", Password, "username-invalid")]
    [InlineData("boş luk", "a@example.com", Password, "username-invalid")]
    [InlineData("biri", "adres", Password, "email-invalid")]
    [InlineData("biri", "Biri <a@example.com>", Password, "email-invalid")]
    [InlineData("biri", "a@example.com", "kısa1!", "password-length")]
    [InlineData("biri", "a@example.com", null, "password-length")]
    [InlineData("biri", "a@example.com", "Password2026!", "password-common")]
    [InlineData("biri", "a@example.com", "Galatasaray1905", "password-common")]
    [InlineData("biri", "a@example.com", "1234567890", "password-common")]
    [InlineData("biri", "a@example.com", "ababababababab", "password-common")]
    [InlineData("uzunkullanıcı", "a@example.com", "UzunKullanıcı", "password-is-name")]
    public async Task What_does_not_fit_is_400(string username, string email, string? password, string slug)
    {
        using var response = await _host.Anonymous.PostWireAsync("/register", new RegisterRequest(username, email, password));

        await response.ShouldBeProblemAsync(400, slug);
    }

    [Fact]
    public async Task Passwords_need_no_mixture_and_may_be_128_characters_long()
    {
        var longest = string.Concat(Enumerable.Range(0, 32).Select(i => $"söz{i % 10}"));
        foreach (var (name, password) in new[] { ("yalın", "yalnızküçükharf"), ("uzun", longest) })
        {
            await _host.Anonymous.PostWireAsync<RegisterResponse>("/register", new RegisterRequest(name, "a@example.com", password));
            (await LoginAsync(name, password)).UserInfo.Username.ShouldBe(name);
        }

        using var tooLong = await _host.Anonymous.PostWireAsync("/register", new RegisterRequest("fazla", "a@example.com", longest + "x"));
        await tooLong.ShouldBeProblemAsync(400, "password-length");
    }

    [Fact]
    public async Task A_tenant_opens_closes_or_asks_for_an_invitation_of_one_use()
    {
        using var admin = await _host.SignInAsync("yonetici");
        using var closed = await admin.PutWireAsync("/api/v1/admin/registration", new RegistrationSetting("closed"));
        closed.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await RegisterAsync("kapalı", null)).ShouldBe((403, "registration-closed"));

        using var invited = await admin.PutWireAsync("/api/v1/admin/registration", new RegistrationSetting("invitation"));
        (await admin.GetWireAsync<RegistrationSetting>("/api/v1/admin/registration")).Mode.ShouldBe("invitation");
        (await RegisterAsync("davetsiz", null)).ShouldBe((403, "invitation-needed"));
        (await RegisterAsync("davetsiz", "uydurma")).ShouldBe((400, "invitation-invalid"));

        var invitation = await admin.PostWireAsync<InvitationInfo>("/api/v1/admin/invitations", new InvitationRequest("a@example.com", [Roles.Editor]));
        (await MailsAsync(1))[0].ShouldContain(invitation.Token!);
        (await RegisterAsync("başkası", invitation.Token, "b@example.com")).ShouldBe((400, "invitation-invalid"));
        (await admin.GetWireAsync<Page<InvitationInfo>>("/api/v1/admin/invitations")).Items.ShouldHaveSingleItem().Token.ShouldBeNull();
        (await RegisterAsync("davetli", invitation.Token)).Status.ShouldBe(201);
        (await LoginAsync("davetli", Password)).UserInfo.Roles.ShouldBe([Roles.Editor]);
        (await RegisterAsync("ikinci", invitation.Token)).ShouldBe((400, "invitation-invalid"));

        var withdrawn = await admin.PostWireAsync<InvitationInfo>("/api/v1/admin/invitations", new InvitationRequest());
        using var gone = await admin.DeleteAsync(new Uri($"/api/v1/admin/invitations/{withdrawn.Id}", UriKind.Relative), Cancellation);
        gone.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await RegisterAsync("geç", withdrawn.Token)).ShouldBe((400, "invitation-invalid"));
    }

    [Fact]
    public async Task Invitations_are_for_administrators_and_give_no_more_than_they_may()
    {
        using var member = await _host.SignInAsync("demo");
        using var refused = await member.PostWireAsync("/api/v1/admin/invitations", new InvitationRequest());
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        using var admin = await _host.SignInAsync("yonetici");
        foreach (var role in new[] { Roles.Operator, Roles.Owner, "tanrı" })
        {
            using var tooMuch = await admin.PostWireAsync("/api/v1/admin/invitations", new InvitationRequest(null, [role]));
            await tooMuch.ShouldBeProblemAsync(400, "role-not-grantable");
        }
    }

    [Fact]
    public async Task Outside_of_development_registration_is_closed()
    {
        var database = await postgres.CreateDatabaseAsync("registration_production");
        await using var host = await ApiHost.Start(database, environment: "Production").ReadyAsync();

        using var response = await host.Anonymous.PostWireAsync("/register", new RegisterRequest("biri", "a@example.com", Password));
        await response.ShouldBeProblemAsync(403, "registration-closed");
    }

    [Fact]
    public async Task People_see_their_sessions_and_end_them()
    {
        await NewAccountAsync("oturumlu");
        var first = await LoginAsync("oturumlu", Password);
        var second = await LoginAsync("oturumlu", Password);
        await LoginAsync("oturumlu", Password);
        using var client = _host.Client(first.AccessToken);

        var sessions = (await client.GetWireAsync<Page<SessionInfo>>("/api/v1/account/sessions")).Items;
        sessions.Count.ShouldBe(3);
        sessions.ShouldAllBe(s => s.Address.Contains("127.0.0.1", StringComparison.Ordinal));
        var current = sessions.Single(s => s.Current);
        current.ShouldBe(sessions[2]);
        var page = await client.GetWireAsync<Page<SessionInfo>>("/api/v1/account/sessions?limit=2");
        page.Items.Count.ShouldBe(2);
        (await client.GetWireAsync<Page<SessionInfo>>($"/api/v1/account/sessions?limit=2&cursor={page.Next}")).Items.ShouldHaveSingleItem();

        using var ended = await client.DeleteAsync(new Uri($"/api/v1/account/sessions/{sessions[1].Id}", UriKind.Relative), Cancellation);
        ended.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await ShouldBeOverAsync(second.AccessToken);
        using var again = await client.DeleteAsync(new Uri($"/api/v1/account/sessions/{sessions[1].Id}", UriKind.Relative), Cancellation);
        await again.ShouldBeProblemAsync(404, "session-not-found");
        using var stranger = await _host.SignInAsync("demo");
        using var notTheirs = await stranger.DeleteAsync(new Uri($"/api/v1/account/sessions/{current.Id}", UriKind.Relative), Cancellation);
        await notTheirs.ShouldBeProblemAsync(404, "session-not-found");

        using var others = await client.DeleteAsync(new Uri("/api/v1/account/sessions", UriKind.Relative), Cancellation);
        (await others.ReadWireAsync<SessionsEnded>()).Ended.ShouldBe(1);
        (await client.GetWireAsync<Page<SessionInfo>>("/api/v1/account/sessions")).Items.ShouldHaveSingleItem().Current.ShouldBeTrue();
    }

    [Fact]
    public async Task A_new_password_ends_the_other_sessions()
    {
        await NewAccountAsync("değişen");
        var other = await LoginAsync("değişen", Password);
        using var client = _host.Client((await LoginAsync("değişen", Password)).AccessToken);

        using var wrong = await client.PostWireAsync("/api/v1/account/password", new PasswordChange("bu değil ki", OtherPassword));
        await wrong.ShouldBeProblemAsync(400, "current-password-wrong");
        using var weak = await client.PostWireAsync("/api/v1/account/password", new PasswordChange(Password, "1234"));
        await weak.ShouldBeProblemAsync(400, "password-length");
        using var changed = await client.PostWireAsync("/api/v1/account/password", new PasswordChange(Password, OtherPassword));
        changed.StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await client.GetWireAsync<UserInfo>("/me")).Username.ShouldBe("değişen");
        await ShouldBeOverAsync(other.AccessToken);
        using var old = await _host.Anonymous.PostWireAsync("/login", new LoginRequest("değişen", Password));
        await old.ShouldBeProblemAsync(401, "wrong-credentials");
        await LoginAsync("değişen", OtherPassword);
    }

    [Fact]
    public async Task A_mailed_code_sets_a_new_password_once_and_ends_every_session()
    {
        await NewAccountAsync("unutan");
        var before = await LoginAsync("unutan", Password);

        using var unknown = await _host.Anonymous.PostWireAsync("/api/v1/account/password-reset", new PasswordResetRequest("kimse"));
        using var known = await _host.Anonymous.PostWireAsync("/api/v1/account/password-reset", new PasswordResetRequest("Unutan"));
        known.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        unknown.StatusCode.ShouldBe(known.StatusCode);
        (await unknown.Content.ReadAsStringAsync(Cancellation)).ShouldBe(await known.Content.ReadAsStringAsync(Cancellation));

        var mail = (await MailsAsync(1)).ShouldHaveSingleItem();
        mail.ShouldContain("unutan@example.com");
        var token = Code().Match(mail).Value.TrimEnd('\r');
        token.Length.ShouldBe(43);
        using var weak = await ConfirmAsync(token, "kısa");
        await weak.ShouldBeProblemAsync(400, "password-length");

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ConfirmAsync(token, OtherPassword)));
        answers.Count(a => a.StatusCode == HttpStatusCode.NoContent).ShouldBe(1);
        await answers.First(a => a.StatusCode != HttpStatusCode.NoContent).ShouldBeProblemAsync(400, "reset-token-invalid");
        await ShouldBeOverAsync(before.AccessToken);
        await LoginAsync("unutan", OtherPassword);
    }

    [Fact]
    public async Task A_hash_of_fewer_rounds_is_made_anew_at_sign_in()
    {
        await NewAccountAsync("eskimiş");
        var before = await HashAsync("eskimiş");
        var more = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Accounts:HashIterations"] = "120000" };
        await using var stronger = await ApiHost.Start(_database, more).ReadyAsync();

        await stronger.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest("eskimiş", Password));
        (await HashAsync("eskimiş")).ShouldNotBe(before);
        await LoginAsync("eskimiş", Password);
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{43}\r?$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Code();

    private Task<HttpResponseMessage> ConfirmAsync(string token, string password) => _host.Anonymous.PostWireAsync(
        "/api/v1/account/password-reset/confirm", new PasswordResetConfirmation(token, password));

    private Task<RegisterResponse> NewAccountAsync(string name) =>
        _host.Anonymous.PostWireAsync<RegisterResponse>("/register", new RegisterRequest(name, $"{name}@example.com", Password));

    private Task<LoginResponse> LoginAsync(string name, string password) =>
        _host.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest(name, password));

    private async Task<(int Status, string? Slug)> RegisterAsync(string name, string? invitation, string email = "a@example.com")
    {
        using var response = await _host.Anonymous.PostWireAsync(
            "/register", new RegisterRequest(name, email, Password, Invitation: invitation));
        var type = response.IsSuccessStatusCode
            ? null
            : System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation)).RootElement.GetProperty("type").GetString();
        return ((int)response.StatusCode, type?["urn:mefapex:problem:".Length..]);
    }

    private async Task ShouldBeOverAsync(string accessToken)
    {
        using var client = _host.Client(accessToken);
        using var me = await client.GetAsync(new Uri("/me", UriKind.Relative), Cancellation);
        await me.ShouldBeProblemAsync(401, "session-ended");
    }

    private async Task<IReadOnlyList<string>> MailsAsync(int count)
    {
        while (!Directory.Exists(_outbox) || Directory.GetFiles(_outbox, "*.eml").Length < count)
            await Task.Delay(20, Cancellation);
        await Task.Delay(50, Cancellation);
        return [.. Directory.GetFiles(_outbox, "*.eml").Select(f => Decode(File.ReadAllText(f)))];
    }

    /// <summary>The mail with its text as people read it.</summary>
    private static string Decode(string mail)
    {
        var end = mail.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var (headers, body) = (mail[..end], mail[(end + 4)..]);
        return headers + "\r\n\r\n" + (headers.Contains("base64", StringComparison.Ordinal)
            ? System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(body))
            : body.Replace("=\r\n", "", StringComparison.Ordinal).Replace("=0A", "\n", StringComparison.Ordinal).Replace("=0D", "\r", StringComparison.Ordinal));
    }

    private async Task<object?> HashAsync(string name)
    {
        await using var source = NpgsqlDataSource.Create(_database);
        await using var command = source.CreateCommand("select password_hash from users where username = $1");
        command.Parameters.Add(new() { Value = name });
        return await command.ExecuteScalarAsync(Cancellation);
    }
}
