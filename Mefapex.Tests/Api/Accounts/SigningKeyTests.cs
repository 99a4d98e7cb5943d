using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Mefapex.Api.Accounts.SigningKeys;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Audit;
using Mefapex.ServiceDefaults;
using Mefapex.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Base64Url = System.Buffers.Text.Base64Url;

namespace Mefapex.Tests.Api.Accounts;

public sealed class SigningKeyTests(TwoReplicas replicas) : IClassFixture<TwoReplicas>
{
    private const string Keys = "/api/v1/admin/signing-keys";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ApiHost One => replicas.One;

    private ApiHost Other => replicas.Other;

    [Fact]
    public async Task Replicas_share_one_key_that_anybody_can_check_tokens_with()
    {
        await Task.WhenAll(new[] { One, Other }.Select(host => host.Services.GetRequiredService<TokenKeys>().ReloadAsync(Cancellation)));
        var tokens = await Task.WhenAll(TokenAsync(One), TokenAsync(Other), TokenAsync(One), TokenAsync(Other));

        tokens.Select(KeyOf).Distinct(StringComparer.Ordinal).Count().ShouldBe(1);
        await ShouldSignInAsync(One, tokens[1]);
        await ShouldSignInAsync(Other, tokens[0]);
        replicas.KeysAtStart.ShouldBe(1);
        var published = (await Other.Anonymous.GetWireAsync<PublicKeySet>("/.well-known/jwks.json")).Keys
            .Single(key => key.Kid == KeyOf(tokens[0]));
        (published.Kty, published.Crv, published.Use, published.Alg).ShouldBe(("EC", "P-256", "sig", "ES256"));
        using var key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new() { X = Base64Url.DecodeFromChars(published.X), Y = Base64Url.DecodeFromChars(published.Y) },
        });
        var end = tokens[0].LastIndexOf('.');
        var (content, signature) = (Encoding.ASCII.GetBytes(tokens[0][..end]), Base64Url.DecodeFromChars(tokens[0].AsSpan(end + 1)));
        key.VerifyData(content, signature, HashAlgorithmName.SHA256).ShouldBeTrue();
    }

    [Fact]
    public async Task After_a_rotation_tokens_of_the_old_and_of_the_new_key_hold_on_every_replica()
    {
        using var admin = await One.SignInAsync("operator");
        var old = await TokenAsync(One);
        await ShouldSignInAsync(Other, old);

        var made = await admin.PostWireAsync<SigningKeyInfo>($"{Keys}/rotate", new { });
        var fresh = await TokenAsync(One);

        made.State.ShouldBe("signing");
        KeyOf(fresh).ShouldBe(made.Id);
        KeyOf(old).ShouldNotBe(made.Id);
        foreach (var token in new[] { old, fresh })
        {
            await ShouldSignInAsync(One, token);
            await ShouldSignInAsync(Other, token);
        }

        var listed = (await admin.GetWireAsync<Page<SigningKeyInfo>>(Keys)).Items;
        listed.Where(key => key.State == "signing").Select(key => key.Id).ShouldBe([made.Id]);
        var retired = listed.Single(key => key.Id == KeyOf(old));
        retired.State.ShouldBe("retired");
        retired.EndsAt.ShouldBeGreaterThan(retired.RetiresAt.AddMinutes(15));
        var audited = await admin.GetWireAsync<Page<AuditItem>>("/api/v1/admin/audit?verb=signing-key-rotated");
        audited.Items.ShouldContain(item => item.Subject.Id == made.Id);
    }

    [Fact]
    public async Task A_revoked_key_takes_its_tokens_with_it_and_sessions_renew_theirs()
    {
        var login = await One.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest("demo", "1234"));
        using var admin = await One.SignInAsync("operator");
        await admin.PostWireAsync<SigningKeyInfo>($"{Keys}/rotate", new SigningKeyRotation(Revoke: true));

        using var refused = One.Client(login.AccessToken);
        using var me = await refused.GetAsync(new Uri("/me", UriKind.Relative), Cancellation);
        await me.ShouldBeProblemAsync(401, "token-invalid");
        var renewed = await One.Anonymous.PostWireAsync<LoginResponse>("/api/auth/refresh", new RefreshRequest(login.RefreshToken));
        await ShouldSignInAsync(One, renewed.AccessToken);
        await ShouldSignInAsync(Other, renewed.AccessToken);
        using var elsewhere = Other.Client(login.AccessToken);
        using var there = await elsewhere.GetAsync(new Uri("/me", UriKind.Relative), Cancellation);
        await there.ShouldBeProblemAsync(401, "token-invalid");
    }

    [Fact]
    public async Task The_next_key_is_there_before_it_signs_and_takes_over_without_a_gap()
    {
        var old = await TokenAsync(One);
        await ExecuteAsync("update signing_keys set retires_at = now() + interval '10 minutes' where retires_at > now()");

        await Task.WhenAll(new[] { One, Other, One }.Select(host =>
            host.Services.GetRequiredService<SigningKeyStore>().LoadAsync(Cancellation)));

        (await CountAsync("select count(*) from signing_keys where activates_at > now()")).ShouldBe(1);
        (await CountAsync(
            "select count(distinct n.id) from signing_keys n join signing_keys o on n.activates_at = o.retires_at where o.retires_at > now()")).ShouldBe(1);
        KeyOf(await TokenAsync(One)).ShouldBe(KeyOf(old));
        await ExecuteAsync(
            "update signing_keys set activates_at = activates_at - interval '10 minutes', retires_at = retires_at - interval '10 minutes' "
            + "where retires_at > now()");
        await using var later = await ApiHost.Start(replicas.Database).ReadyAsync();
        var fresh = await TokenAsync(later);
        KeyOf(fresh).ShouldNotBe(KeyOf(old));
        await ShouldSignInAsync(later, old);
        await ShouldSignInAsync(Other, fresh);
    }

    [Fact]
    public async Task Who_reads_the_database_alone_has_no_key_and_another_secret_starts_with_new_ones()
    {
        var token = await TokenAsync(One);
        await using (var source = NpgsqlDataSource.Create(replicas.Database))
        await using (var command = source.CreateCommand("select sealed from signing_keys where id = $1"))
        {
            command.Parameters.Add(new() { Value = KeyOf(token) });
            var kept = (byte[])(await command.ExecuteScalarAsync(Cancellation))!;
            using var key = ECDsa.Create();
            for (var start = 0; start < kept.Length; start++)
                Should.Throw<CryptographicException>(() => key.ImportPkcs8PrivateKey(kept.AsSpan(start), out _));
        }

        var otherSecret = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Tokens:SigningKey"] = ApiHost.SigningKey + " but another",
        };
        await using var host = await ApiHost.Start(replicas.Database, otherSecret).ReadyAsync();
        using var client = host.Client(token);
        using var me = await client.GetAsync(new Uri("/me", UriKind.Relative), Cancellation);
        await me.ShouldBeProblemAsync(401, "token-invalid");
        await ShouldSignInAsync(host, await TokenAsync(host));
    }

    [Fact]
    public async Task Only_the_platform_operator_sees_and_turns_keys()
    {
        using var admin = await One.SignInAsync("yonetici");

        using var list = await admin.GetAsync(new Uri(Keys, UriKind.Relative), Cancellation);
        await list.ShouldBeProblemAsync(403, "forbidden");
        using var rotation = await admin.PostWireAsync($"{Keys}/rotate", new { });
        await rotation.ShouldBeProblemAsync(403, "forbidden");
        using var nobody = await One.Anonymous.PostWireAsync($"{Keys}/rotate", new { });
        nobody.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static async Task<string> TokenAsync(ApiHost host) =>
        (await host.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest("demo", "1234"))).AccessToken;

    private static string KeyOf(string token) =>
        JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[0]))!["kid"]!.GetValue<string>();

    private static async Task ShouldSignInAsync(ApiHost host, string token)
    {
        using var client = host.Client(token);
        (await client.GetWireAsync<UserInfo>("/me")).Username.ShouldBe("demo");
    }

    private Task<object?> ExecuteAsync(string sql) => replicas.AskAsync(sql);

    private async Task<long> CountAsync(string sql) => (long)(await replicas.AskAsync(sql))!;
}

/// <summary>Two hosts that started at the same time on one database without any key.</summary>
public sealed class TwoReplicas(PostgresFixture postgres) : IAsyncLifetime
{
    private ApiHost? _one;
    private ApiHost? _other;

    public string Database { get; private set; } = "";

    public ApiHost One => _one ?? throw new InvalidOperationException("The hosts have not started.");

    public ApiHost Other => _other ?? throw new InvalidOperationException("The hosts have not started.");

    /// <summary>How many keys they made between them.</summary>
    public long KeysAtStart { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Database = await ApiFactory.CreateDatabaseAsync(postgres);
        await AskAsync("delete from signing_keys");
        (_one, _other) = (ApiHost.Start(Database), ApiHost.Start(Database));
        await Task.WhenAll(_one.ReadyAsync(), _other.ReadyAsync());
        await Task.WhenAll(_one.SignInAsync("demo"), _other.SignInAsync("demo"));
        KeysAtStart = (long)(await AskAsync("select count(*) from signing_keys"))!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in new[] { _one, _other }.OfType<ApiHost>())
            await host.DisposeAsync();
    }

    /// <summary>The first value of what a statement finds.</summary>
    public async Task<object?> AskAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Database);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
