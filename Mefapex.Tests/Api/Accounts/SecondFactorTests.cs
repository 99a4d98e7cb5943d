using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Mefapex.Api.Accounts;
using Mefapex.Api.Accounts.SecondFactors;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Audit;
using Mefapex.Tests.Support;
using Npgsql;

namespace Mefapex.Tests.Api.Accounts;

public sealed class SecondFactorTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Factor = "/api/v1/account/second-factor";
    private const string Password = "uzun bir parola 17";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(59, "94287082")]
    [InlineData(1111111109, "07081804")]
    [InlineData(1111111111, "14050471")]
    [InlineData(1234567890, "89005924")]
    [InlineData(2000000000, "69279037")]
    [InlineData(20000000000, "65353130")]
    public void Codes_are_those_of_RFC_6238(long seconds, string code)
    {
        var secret = "12345678901234567890"u8;
        var now = DateTimeOffset.FromUnixTimeSeconds(seconds);

        Totp.CodeAt(secret, Totp.StepAt(now), digits: 8).ShouldBe(code);
        Totp.CodeAt(secret, Totp.StepAt(now)).ShouldBe(code[2..]);
        foreach (var (off, counts) in new[] { (-90, false), (-30, true), (0, true), (30, true), (60, false) })
            Totp.Match(secret, code[2..], now.AddSeconds(off)).HasValue.ShouldBe(counts, $"{off} s");
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Secrets_are_written_in_the_base_32_of_RFC_4648(string text, string expected) =>
        Totp.Base32(Encoding.ASCII.GetBytes(text)).ShouldBe(expected);

    [Fact]
    public async Task A_confirmed_app_makes_sign_in_take_a_code_on_every_path_and_each_code_once()
    {
        var person = await EnrolAsync("ikiadım");
        var login = new LoginRequest(person.Username, Password);

        foreach (var path in new[] { "/login", "/api/auth/login", "/api/v1/sign-in" })
        {
            using var missing = await api.Host.Anonymous.PostWireAsync(path, login);
            await missing.ShouldBeProblemAsync(401, "second-factor-required");
            missing.Headers.Contains("Set-Cookie").ShouldBeFalse();
            using var wrong = await api.Host.Anonymous.PostWireAsync(path, login with { Code = "abcdef" });
            await wrong.ShouldBeProblemAsync(401, "second-factor-wrong");
        }

        using var bothWrong = await api.Host.Anonymous.PostWireAsync("/login", login with { Password = "yanlış", Code = person.Code(1) });
        await bothWrong.ShouldBeProblemAsync(401, "wrong-credentials");
        await ExecuteAsync("delete from sign_in_failures");

        var (spent, code) = (person.Code(0), person.Code(1));
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
            api.Host.Anonymous.PostWireAsync("/login", login with { Code = $"{code[..3]} {code[3..]}" })));
        answers.Count(answer => answer.StatusCode == HttpStatusCode.OK).ShouldBe(1);
        using var older = await api.Host.Anonymous.PostWireAsync("/login", login with { Code = spent });
        await older.ShouldBeProblemAsync(401, "second-factor-wrong");
    }

    [Fact]
    public async Task The_challenge_of_a_right_password_takes_a_code_and_nothing_else()
    {
        var person = await EnrolAsync("soru");
        var challenge = await ChallengeAsync(person);

        using (var client = api.Host.Client(challenge))
        using (var me = await client.GetAsync(new Uri("/me", UriKind.Relative), Cancellation))
            await me.ShouldBeProblemAsync(401, "token-invalid");
        using var wrong = await ContinueAsync(challenge, "12345");
        await wrong.ShouldBeProblemAsync(401, "second-factor-wrong");
        foreach (var made in new[] { "", "uydurma", challenge[..^2] + "AA", challenge + "A" })
        {
            using var refused = await ContinueAsync(made, person.Code(1));
            await refused.ShouldBeProblemAsync(401, "challenge-invalid");
        }

        var code = person.Code(1);
        using var right = await ContinueAsync(challenge, code);
        (await right.ReadWireAsync<LoginResponse>()).UserInfo.Username.ShouldBe(person.Username);
        using var again = await ContinueAsync(challenge, code);
        await again.ShouldBeProblemAsync(401, "second-factor-wrong");

        using var signedIn = api.Host.Client((await right.ReadWireAsync<LoginResponse>()).AccessToken);
        var before = await ChallengeAsync(person);
        using var changed = await signedIn.PostWireAsync("/api/v1/account/password", new PasswordChange(Password, "başka uzun parola 3"));
        changed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var outdated = await ContinueAsync(before, person.RecoveryCodes[0]);
        await outdated.ShouldBeProblemAsync(401, "challenge-invalid");
    }

    [Fact]
    public async Task A_recovery_code_signs_in_once_and_new_ones_replace_the_old()
    {
        var person = await EnrolAsync("kurtarma");
        var login = new LoginRequest(person.Username, Password);
        person.RecoveryCodes.Count.ShouldBe(10);

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
            api.Host.Anonymous.PostWireAsync("/login", login with { Code = person.RecoveryCodes[0].ToUpperInvariant() })));
        using var client = api.Host.Client((await answers.Single(a => a.IsSuccessStatusCode).ReadWireAsync<LoginResponse>()).AccessToken);
        (await client.GetWireAsync<SecondFactorState>(Factor)).RecoveryCodesLeft.ShouldBe(9);

        using var unproven = await client.PostWireAsync($"{Factor}/recovery-codes", new SecondFactorProof(Password, "000"));
        await unproven.ShouldBeProblemAsync(400, "code-wrong");
        await ExecuteAsync("delete from sign_in_failures");
        var renewed = await client.PostWireAsync<RecoveryCodeList>(
            $"{Factor}/recovery-codes", new SecondFactorProof(Password, person.RecoveryCodes[1]));
        (await client.GetWireAsync<SecondFactorState>(Factor)).RecoveryCodesLeft.ShouldBe(10);
        using var old = await api.Host.Anonymous.PostWireAsync("/login", login with { Code = person.RecoveryCodes[2] });
        await old.ShouldBeProblemAsync(401, "second-factor-wrong");
        using var fresh = await api.Host.Anonymous.PostWireAsync("/login", login with { Code = renewed.RecoveryCodes[9] });
        fresh.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Wrong_codes_lock_the_account_and_the_right_password_does_not_open_it()
    {
        var person = await EnrolAsync("kilit");
        var challenge = await ChallengeAsync(person);

        for (var i = 0; i < 4; i++)
        {
            using var guess = await ContinueAsync(challenge, $"00000{i}");
            await guess.ShouldBeProblemAsync(401, "second-factor-wrong");
            await ChallengeAsync(person);
        }

        using var fifth = await ContinueAsync(challenge, "000004");
        await fifth.ShouldBeProblemAsync(401, "second-factor-wrong");
        // The account alone: the other tests sign in from the same address.
        var account = Convert.ToHexString(SignInThrottle.AccountKey(person.Username));
        await ExecuteAsync($"update sign_in_failures set not_before = now() + interval '1 hour' where subject = decode('{account}', 'hex')");
        using var locked = await ContinueAsync(challenge, person.Code(1));
        await locked.ShouldBeProblemAsync(429, "too-many-attempts");
        using var byPassword = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest(person.Username, Password));
        await byPassword.ShouldBeProblemAsync(429, "too-many-attempts");
    }

    [Fact]
    public async Task Setting_up_takes_the_password_and_counts_only_when_it_is_confirmed()
    {
        var (username, client) = await RegisterAsync("kurulum");
        using var _ = client;
        using var stranger = await client.PostWireAsync(Factor, new SecondFactorStart("yanlış"));
        await stranger.ShouldBeProblemAsync(400, "current-password-wrong");
        using var early = await client.PostWireAsync($"{Factor}/confirm", new SecondFactorConfirmation("000000"));
        await early.ShouldBeProblemAsync(400, "second-factor-not-confirmed");
        using var off = await client.PostWireAsync($"{Factor}/disable", new SecondFactorProof(Password, "000000"));
        await off.ShouldBeProblemAsync(409, "second-factor-off");

        var first = await client.PostWireAsync<SecondFactorSecret>(Factor, new SecondFactorStart(Password));
        var second = await client.PostWireAsync<SecondFactorSecret>(Factor, new SecondFactorStart(Password));
        second.Secret.ShouldNotBe(first.Secret);
        second.Uri.ShouldStartWith($"otpauth://totp/Mefapex:{username}?secret={second.Secret}&issuer=Mefapex");
        using var signIn = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest(username, Password));
        signIn.StatusCode.ShouldBe(HttpStatusCode.OK);

        await client.PostWireAsync<RecoveryCodeList>($"{Factor}/confirm", new SecondFactorConfirmation(CodeOf(second.Secret, 0)));
        (await client.GetWireAsync<SecondFactorState>(Factor)).Enabled.ShouldBeTrue();
        using var twice = await client.PostWireAsync(Factor, new SecondFactorStart(Password));
        await twice.ShouldBeProblemAsync(409, "second-factor-on");
        (await TextsAsync("select encode(sealed, 'escape') from second_factors")).ShouldNotContain(text => text.Contains(second.Secret));

        using var disabled = await client.PostWireAsync($"{Factor}/disable", new SecondFactorProof(Password, CodeOf(second.Secret, 1)));
        disabled.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var without = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest(username, Password));
        without.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_admin_of_the_tenant_resets_it_and_the_log_says_so()
    {
        var person = await EnrolAsync("sıfırla");
        var path = new Uri($"/api/v1/admin/users/{person.UserId}/second-factor", UriKind.Relative);
        using var member = await api.Host.SignInAsync("demo");
        using var forbidden = await member.DeleteAsync(path, Cancellation);
        await forbidden.ShouldBeProblemAsync(403, "forbidden");
        using var admin = await api.Host.SignInAsync("yonetici");
        using var nobody = await admin.DeleteAsync(
            new Uri($"/api/v1/admin/users/{await IdOfAsync("hasta")}/second-factor", UriKind.Relative), Cancellation);
        await nobody.ShouldBeProblemAsync(404, "user-not-found");

        using var reset = await admin.DeleteAsync(path, Cancellation);
        reset.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var again = await admin.DeleteAsync(path, Cancellation);
        await again.ShouldBeProblemAsync(409, "second-factor-off");
        await api.Host.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest(person.Username, Password));
        var audited = (await admin.GetWireAsync<Page<AuditItem>>("/api/v1/admin/audit?limit=200")).Items
            .Where(item => item.Subject.Id == person.UserId)
            .Select(item => item.Verb)
            .ToList();
        audited.ShouldContain("second-factor-enabled");
        audited.ShouldContain("second-factor-disabled");
    }

    private static string CodeOf(string secret, int ahead)
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        var bits = string.Concat(secret.Select(c => Convert.ToString(alphabet.IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        var bytes = bits.Chunk(8).Where(b => b.Length == 8).Select(b => Convert.ToByte(new string(b), 2)).ToArray();
        return Totp.CodeAt(bytes, Totp.StepAt(TimeProvider.System.GetUtcNow()) + ahead);
    }

    private Task<HttpResponseMessage> ContinueAsync(string challenge, string code) =>
        api.Host.Anonymous.PostWireAsync("/api/v1/sign-in/second-factor", new SecondFactorSignIn(challenge, code));

    private async Task<string> ChallengeAsync(Person person)
    {
        using var response = await api.Host.Anonymous.PostWireAsync("/api/v1/sign-in", new LoginRequest(person.Username, Password));
        await response.ShouldBeProblemAsync(401, "second-factor-required");
        var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!;
        problem["expires_in"]!.GetValue<int>().ShouldBe(300);
        return problem["challenge"]!.GetValue<string>();
    }

    private async Task<(string Username, HttpClient Client)> RegisterAsync(string username)
    {
        await api.Host.Anonymous.PostWireAsync<RegisterResponse>("/register", new RegisterRequest(username, "k@example.com", Password));
        var login = await api.Host.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest(username, Password));
        return (login.UserInfo.Username, api.Host.Client(login.AccessToken));
    }

    private async Task<Person> EnrolAsync(string username)
    {
        var (name, client) = await RegisterAsync(username);
        using var _ = client;
        var secret = await client.PostWireAsync<SecondFactorSecret>(Factor, new SecondFactorStart(Password));
        var codes = await client.PostWireAsync<RecoveryCodeList>(
            $"{Factor}/confirm", new SecondFactorConfirmation(CodeOf(secret.Secret, 0)));
        var me = await client.GetWireAsync<UserInfo>("/me");
        return new(name, me.UserId, ahead => CodeOf(secret.Secret, ahead), codes.RecoveryCodes);
    }

    private async Task<string> IdOfAsync(string username) =>
        (await TextsAsync($"select id::text from users where username = '{username}'")).Single();

    private Task<IReadOnlyList<string>> ExecuteAsync(string sql) => TextsAsync(sql);

    private async Task<IReadOnlyList<string>> TextsAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(api.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var texts = new List<string>();
        while (await reader.ReadAsync(Cancellation))
            texts.Add(reader.GetString(0));
        return texts;
    }

    /// <param name="Code">The app's code so many steps from now.</param>
    private sealed record Person(string Username, string UserId, Func<int, string> Code, IReadOnlyList<string> RecoveryCodes);
}
