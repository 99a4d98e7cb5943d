using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using Mefapex.Api.Data;
using Mefapex.Api.Shared;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Api.Accounts;
using Mefapex.Tests.Api.Knowledge.Entries;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mefapex.Tests.Api.Tenants;

public sealed class TenantTests(AdministrationFixture people) : IClassFixture<AdministrationFixture>
{
    private const string Tenants = "/api/v1/admin/tenants";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_tenant_is_at_work_once_its_owner_took_the_mailed_invitation()
    {
        using var platform = await people.OperatorAsync(tenant: null);
        using var response = await platform.PostWireAsync(
            Tenants, new TenantCreation("liman", "Liman İşletmesi", "Kaptan@example.com", Registration: "closed", Hosts: ["Liman.Example.com."]));
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        var created = await response.ReadWireAsync<TenantCreated>();
        created.Tenant.Hosts.ShouldBe(["liman.example.com"]);
        created.Tenant.Locale.ShouldBe("tr");
        created.Invitation.Roles.ShouldBe([Roles.Owner]);
        people.MailsTo("kaptan@example.com").ShouldHaveSingleItem();

        await people.Host.Anonymous.PostWireAsync<RegisterResponse>("/register", new RegisterRequest(
            "kaptan", "kaptan@example.com", AdministrationFixture.Password, Invitation: created.Invitation.Token));
        var login = await people.SignInAsync("kaptan");
        login.UserInfo.Tenant.ShouldBe("liman");
        login.UserInfo.Roles.ShouldBe([Roles.Owner]);
        using var owner = new EditorClient(people.Host.Client(login.AccessToken));
        (await owner.AskAsync("Halatlar nerede durur?")).Decision.ShouldBe("decline");
        await owner.PublishAsync(EditorClient.Write("Halatlar nerede durur?", "Halatlar üç numaralı depodadır.", "Halat deposu"));
        (await owner.AskAsync("Halatlar nerede durur?")).Response.ShouldBe("Halatlar üç numaralı depodadır.");

        var listed = (await platform.GetWireAsync<Page<TenantRecord>>($"{Tenants}?limit=100")).Items;
        listed.Select(t => t.Slug).ShouldBe(listed.Select(t => t.Slug).Order(StringComparer.Ordinal));
        listed.Single(t => t.Slug == "liman").Users.ShouldBe(1);
        var first = await platform.GetWireAsync<Page<TenantRecord>>($"{Tenants}?limit=1");
        (await platform.GetWireAsync<Page<TenantRecord>>($"{Tenants}?limit=1&cursor={first.Next}")).Items[0].Slug.ShouldBe(listed[1].Slug);
        platform.DefaultRequestHeaders.Add("X-Tenant", "liman");
        (await AdministrationFixture.AuditAsync(platform, "tenant-created", created.Tenant.Id)).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("Büyük", "Ad", "a@example.com", "tr", "open", null, 400, "slug-invalid")]
    [InlineData("-a", "Ad", "a@example.com", "tr", "open", null, 400, "slug-invalid")]
    [InlineData("a", "Ad", "a@example.com", "tr", "open", null, 400, "slug-invalid")]
    [InlineData("fabrika", "Ad", "a@example.com", "tr", "open", null, 409, "slug-taken")]
    [InlineData("uygun", " ", "a@example.com", "tr", "open", null, 400, "tenant-name-invalid")]
    [InlineData("uygun", "Ad", "adres", "tr", "open", null, 400, "email-invalid")]
    [InlineData("uygun", "Ad", null, "tr", "open", null, 400, "email-invalid")]
    [InlineData("uygun", "Ad", "a@example.com", "fr", "open", null, 400, "locale-unknown")]
    [InlineData("uygun", "Ad", "a@example.com", "tr", "herkes", null, 400, "registration-mode")]
    [InlineData("uygun", "Ad", "a@example.com", "tr", "open", "127.0.0.1", 400, "host-invalid")]
    [InlineData("uygun", "Ad", "a@example.com", "tr", "open", "localhost", 400, "host-invalid")]
    [InlineData("uygun", "Ad", "a@example.com", "tr", "open", "http://a.example.com", 400, "host-invalid")]
    [InlineData("uygun", "Ad", "a@example.com", "tr", "open", "a..example.com", 400, "host-invalid")]
    public async Task What_does_not_fit_makes_no_tenant(
        string slug, string name, string? email, string locale, string registration, string? host, int status, string problem)
    {
        using var platform = await people.OperatorAsync(tenant: null);
        using var refused = await platform.PostWireAsync(
            Tenants, new TenantCreation(slug, name, email, locale, registration, host is null ? null : [host]));

        await refused.ShouldBeProblemAsync(status, problem);
    }

    [Fact]
    public async Task Tenants_are_the_operators_alone()
    {
        using var owner = await people.NewAsync("kendi.sahibi", [Roles.Owner]);
        using var list = await owner.Client.GetAsync(new Uri(Tenants, UriKind.Relative), Cancellation);
        list.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var create = await owner.Client.PostWireAsync(Tenants, new TenantCreation("benim", "Benim", "a@example.com"));
        create.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var anonymous = await people.Host.Anonymous.GetAsync(new Uri(Tenants, UriKind.Relative), Cancellation);
        anonymous.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using var platform = await people.OperatorAsync(tenant: null);
        using var unknown = await platform.GetAsync(new Uri($"{Tenants}/{Guid.NewGuid()}", UriKind.Relative), Cancellation);
        await unknown.ShouldBeProblemAsync(404, "tenant-unknown");
    }

    [Fact]
    public async Task A_host_name_leads_to_its_tenant_and_to_no_other()
    {
        using var platform = await people.OperatorAsync(tenant: null);
        var tenant = await CreateAsync(platform, "ada", "ada.example.com");
        using var taken = await platform.PostWireAsync(Tenants, new TenantCreation("ova", "Ova", "a@example.com", Hosts: ["ADA.example.com"]));
        await taken.ShouldBeProblemAsync(409, "host-taken");

        using var registered = await SendAsync(people.Host.Anonymous, HttpMethod.Post, "/register", "ada.example.com", body: new RegisterRequest(
            "adalı", "adali@example.com", AdministrationFixture.Password));
        registered.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await people.SignInAsync("adalı")).UserInfo.Tenant.ShouldBe("ada");
        using var islander = people.Host.Client((await people.SignInAsync("adalı")).AccessToken);
        (await StatusAsync(islander, "/me", "ada.example.com:8000")).ShouldBe(200);

        using var stranger = await people.Host.SignInAsync("demo");
        using var me = await SendAsync(stranger, HttpMethod.Get, "/me", "ada.example.com");
        await me.ShouldBeProblemAsync(403, "host-of-another-tenant");
        using var ask = await SendAsync(stranger, HttpMethod.Post, "/chat", "ada.example.com", body: new ChatRequest("Merhaba"));
        await ask.ShouldBeProblemAsync(403, "host-of-another-tenant");
        using var login = await SendAsync(people.Host.Anonymous, HttpMethod.Post, "/login", "ada.example.com", body: new LoginRequest("demo", "1234"));
        await login.ShouldBeProblemAsync(403, "host-of-another-tenant");
        using var override1 = await SendAsync(people.Host.Anonymous, HttpMethod.Post, "/chat", "ada.example.com", "fabrika", new ChatRequest("Merhaba"));
        await override1.ShouldBeProblemAsync(404, "tenant-not-found");
        using var override2 = await SendAsync(islander, HttpMethod.Get, "/me", "ada.example.com", "fabrika");
        await override2.ShouldBeProblemAsync(404, "tenant-not-found");
        (await StatusAsync(platform, "/api/v1/admin/users", "ada.example.com", "fabrika")).ShouldBe(200);

        using var moved = await PatchAsync(platform, tenant.Id, new TenantChange(Name: "Ada Vapuru", Hosts: ["vapur.example.com"]));
        (await moved.ReadWireAsync<TenantRecord>()).Hosts.ShouldBe(["vapur.example.com"]);
        (await StatusAsync(stranger, "/me", "ada.example.com")).ShouldBe(200);
        (await StatusAsync(stranger, "/me", "vapur.example.com")).ShouldBe(403);
    }

    [Fact]
    public async Task A_suspended_tenants_people_are_told_why_until_it_is_in_use_again()
    {
        using var platform = await people.OperatorAsync(tenant: null);
        var tenant = await CreateAsync(platform, "durgun");
        using var person = await people.NewAsync("duran", tenant: "durgun");
        using var silent = await PatchAsync(platform, tenant.Id, new TenantChange(Suspended: true));
        await silent.ShouldBeProblemAsync(400, "reason-missing");
        using var blind = await PatchAsync(platform, tenant.Id, new TenantChange(Name: "Kör"), tag: null);
        await blind.ShouldBeProblemAsync(428, "precondition-missing");
        using var late = await PatchAsync(platform, tenant.Id, new TenantChange(Name: "Geç"), "\"eski\"");
        await late.ShouldBeProblemAsync(412, "changed-meanwhile");

        using var suspended = await PatchAsync(platform, tenant.Id, new TenantChange(Suspended: true, Reason: "Sözleşme bitti"));
        (await suspended.ReadWireAsync<TenantRecord>()).SuspendedAt.ShouldNotBeNull();
        foreach (var path in new[] { "/me", "/api/v1/conversations", "/api/v1/account/sessions" })
        {
            using var refused = await person.Client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            (await refused.ShouldBeProblemAsync(403, "tenant-suspended")).ShouldContain("Sözleşme bitti");
        }

        using var login = await people.Host.Anonymous.PostWireAsync("/login", new LoginRequest("duran", AdministrationFixture.Password));
        await login.ShouldBeProblemAsync(403, "tenant-suspended");
        using var visitor = await SendAsync(people.Host.Anonymous, HttpMethod.Post, "/chat", host: null, "durgun", new ChatRequest("Merhaba"));
        await visitor.ShouldBeProblemAsync(403, "tenant-suspended");
        (await StatusAsync(platform, "/api/v1/admin/users", host: null, "durgun")).ShouldBe(200);
        (await platform.GetWireAsync<Page<TenantRecord>>($"{Tenants}?suspended=true&limit=100")).Items.ShouldContain(t => t.Slug == "durgun");
        (await platform.GetWireAsync<Page<TenantRecord>>($"{Tenants}?suspended=false&limit=100")).Items.ShouldNotContain(t => t.Slug == "durgun");

        using var again = await PatchAsync(platform, tenant.Id, new TenantChange(Suspended: false));
        (await again.ReadWireAsync<TenantRecord>()).SuspensionReason.ShouldBeNull();
        (await StatusAsync(person.Client, "/me")).ShouldBe(200);
        platform.DefaultRequestHeaders.Add("X-Tenant", "durgun");
        var audited = await AdministrationFixture.AuditAsync(platform, "tenant-changed", tenant.Id);
        audited.Count.ShouldBe(2);
        audited[1].After.ShouldNotBeNull().GetProperty("reason").GetString().ShouldBe("Sözleşme bitti");
        audited[1].Before.ShouldNotBeNull().GetProperty("suspended").GetString().ShouldBe("no");
    }

    [Fact]
    public async Task Another_replica_hears_of_a_change_or_knows_it_after_a_minute()
    {
        using var platform = await people.OperatorAsync(tenant: null);
        var tenant = await CreateAsync(platform, "uzak", "uzak.example.com");
        var time = new ManualTime();
        using var hearing = Directory(people.Host.Services.GetRequiredService<IReplicaBus>(), time);
        using var deaf = Directory(new SilentBus(), time);
        foreach (var directory in new[] { hearing, deaf })
        {
            (await directory.OfHostAsync("UZAK.example.com", Cancellation)).ShouldBe("uzak");
            (await directory.FindAsync("uzak", Cancellation)).ShouldNotBeNull().Name.ShouldBe("uzak");
        }

        using var changed = await PatchAsync(platform, tenant.Id, new TenantChange(Name: "Yakın", Hosts: ["yakin.example.com"]));
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        while (await hearing.OfHostAsync("yakin.example.com", Cancellation) != "uzak")
            await Task.Delay(10, Cancellation);
        (await hearing.FindAsync("uzak", Cancellation)).ShouldNotBeNull().Name.ShouldBe("Yakın");

        (await deaf.OfHostAsync("uzak.example.com", Cancellation)).ShouldBe("uzak");
        time.Advance(TimeSpan.FromMinutes(1));
        (await deaf.OfHostAsync("uzak.example.com", Cancellation)).ShouldBeNull();
        (await deaf.OfHostAsync("yakin.example.com", Cancellation)).ShouldBe("uzak");
        (await deaf.FindAsync("uzak", Cancellation)).ShouldNotBeNull().Name.ShouldBe("Yakın");
    }

    [Fact]
    public async Task An_open_socket_answers_no_question_of_a_suspended_tenant()
    {
        using var platform = await people.OperatorAsync(tenant: null);
        var tenant = await CreateAsync(platform, "bekleyen");
        using var person = await people.NewAsync("bekleyen", tenant: "bekleyen");
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"{person.Client.DefaultRequestHeaders.Authorization}");
        await socket.ConnectAsync(new Uri($"ws://{people.Host.Address.Authority}/ws"), Cancellation);
        using var suspended = await PatchAsync(platform, tenant.Id, new TenantChange(Suspended: true, Reason: "Bakım sürüyor"));
        suspended.StatusCode.ShouldBe(HttpStatusCode.OK);

        var question = JsonSerializer.SerializeToUtf8Bytes(new { type = "chat_message", message = "Merhaba" });
        await socket.SendAsync(question, WebSocketMessageType.Text, endOfMessage: true, Cancellation);
        JsonElement received;
        do
        {
            received = await ReceiveAsync(socket);
        }
        while (received.GetProperty("type").GetString() is not ("error" or "chat_response"));
        received.GetProperty("message").GetString().ShouldNotBeNull().ShouldContain("Bakım sürüyor");
    }

    private static async Task<JsonElement> ReceiveAsync(ClientWebSocket socket)
    {
        var buffer = new byte[16 * 1024];
        var received = await socket.ReceiveAsync(buffer.AsMemory(), Cancellation);
        return JsonSerializer.Deserialize<JsonElement>(buffer.AsSpan(0, received.Count));
    }

    private TenantDirectory Directory(IReplicaBus bus, TimeProvider time) => new(
        people.Host.Services.GetRequiredService<IDbContextFactory<MefapexDb>>(), bus, time, NullLogger<TenantDirectory>.Instance);

    private static async Task<TenantRecord> CreateAsync(HttpClient platform, string slug, params string[] hosts) =>
        (await platform.PostWireAsync<TenantCreated>(
            Tenants, new TenantCreation(slug, slug, $"{slug}@example.com", Registration: "open", Hosts: hosts))).Tenant;

    private static async Task<HttpResponseMessage> PatchAsync(HttpClient platform, string id, TenantChange change)
    {
        using var present = await platform.GetAsync(new Uri($"{Tenants}/{id}", UriKind.Relative), Cancellation);
        return await PatchAsync(platform, id, change, present.Headers.ETag?.ToString());
    }

    private static async Task<HttpResponseMessage> PatchAsync(HttpClient platform, string id, TenantChange change, string? tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, new Uri($"{Tenants}/{id}", UriKind.Relative))
        {
            Content = JsonContent.Create(change, options: WireJson.Options),
        };
        if (tag is not null)
            request.Headers.IfMatch.Add(EntityTagHeaderValue.Parse(tag));
        return await platform.SendAsync(request, Cancellation);
    }

    private static async Task<int> StatusAsync(HttpClient client, string path, string? host = null, string? tenant = null)
    {
        using var response = await SendAsync(client, HttpMethod.Get, path, host, tenant);
        return (int)response.StatusCode;
    }

    /// <param name="host">As the browser would send it.</param>
    private static async Task<HttpResponseMessage> SendAsync(
        HttpClient client, HttpMethod method, string path, string? host, string? tenant = null, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.Host = host;
        if (tenant is not null)
            request.Headers.Add("X-Tenant", tenant);
        if (body is not null)
            request.Content = JsonContent.Create(body, body.GetType(), options: WireJson.Options);
        return await client.SendAsync(request, Cancellation);
    }

    /// <summary>Replicas that do not hear each other.</summary>
    private sealed class SilentBus : IReplicaBus, IDisposable
    {
        public Task PublishAsync(string channel, string message, CancellationToken cancellationToken) => Task.CompletedTask;

        public IDisposable Subscribe(string channel, Action<string> handler, Action? missed = null) => this;

        public void Dispose()
        {
            // Nothing was subscribed to.
        }
    }
}
