using System.Net;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Api.Knowledge.Entries;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Accounts;

public sealed class UserAdministrationTests(AdministrationFixture people) : IClassFixture<AdministrationFixture>
{
    private const string Users = AdministrationFixture.Users;
    private const string Groups = "/api/v1/admin/groups";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task People_are_found_by_parts_of_their_names_whatever_the_capitals_and_dots()
    {
        using var first = await people.NewAsync("aranan1", fullName: "Işıl Çağrı");
        using var second = await people.NewAsync("aranan2", [Roles.Editor], fullName: "İsmail Öz_türk");
        using var admin = await people.Host.SignInAsync("yonetici");

        (await NamesAsync(admin, "q=ISIL")).ShouldBe(["aranan1"]);
        (await NamesAsync(admin, "q=öz_")).ShouldBe(["aranan2"]);
        (await NamesAsync(admin, "q=aranan2@EXAMPLE")).ShouldBe(["aranan2"]);
        (await NamesAsync(admin, "q=aranan&role=editor")).ShouldBe(["aranan2"]);
        (await NamesAsync(admin, "q=%25")).ShouldBeEmpty();
        var page = await admin.GetWireAsync<Page<UserRecord>>($"{Users}?q=aranan&limit=1");
        page.Items.ShouldHaveSingleItem().Username.ShouldBe("aranan2");
        var next = await admin.GetWireAsync<Page<UserRecord>>($"{Users}?q=aranan&limit=1&cursor={page.Next}");
        next.Items.ShouldHaveSingleItem().LastSeenAt.ShouldNotBeNull();
        next.Next.ShouldBeNull();

        using var unknown = await admin.GetAsync(new Uri($"{Users}?role=operator", UriKind.Relative), Cancellation);
        await unknown.ShouldBeProblemAsync(400, "role-unknown");
        using var refused = await first.Client.GetAsync(new Uri(Users, UriKind.Relative), Cancellation);
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Other_roles_hold_at_once_and_are_audited()
    {
        using var person = await people.NewAsync("yükselen");
        using var admin = await people.Host.SignInAsync("yonetici");
        var tag = await AdministrationFixture.TagAsync(admin, person.Id);

        using var blind = await AdministrationFixture.PatchAsync(admin, person.Id, new UserChange([Roles.Editor]), tag: null);
        await blind.ShouldBeProblemAsync(428, "precondition-missing");
        using var changed = await AdministrationFixture.PatchAsync(admin, person.Id, new UserChange([Roles.Editor, Roles.Coordinator], ["depo"], "Yük Selen"), tag);
        var record = await changed.ReadWireAsync<UserRecord>();
        record.Roles.ShouldBe([Roles.Coordinator, Roles.Editor]);
        record.Groups.ShouldBe(["depo"]);
        record.FullName.ShouldBe("Yük Selen");
        using var late = await AdministrationFixture.PatchAsync(admin, person.Id, new UserChange([Roles.Member]), tag);
        await late.ShouldBeProblemAsync(412, "changed-meanwhile");

        await ShouldBeOverAsync(person.Client);
        (await people.SignInAsync("yükselen")).UserInfo.Roles.ShouldBe([Roles.Coordinator, Roles.Editor]);
        var audited = (await AdministrationFixture.AuditAsync(admin, "roles-changed", person.Id)).ShouldHaveSingleItem();
        audited.Before.ShouldNotBeNull().GetProperty("roles").GetString().ShouldBe("member");
        audited.After.ShouldNotBeNull().GetProperty("roles").GetString().ShouldBe("coordinator editor");
        (await AdministrationFixture.AuditAsync(admin, "groups-changed", person.Id)).ShouldHaveSingleItem();
        (await AdministrationFixture.AuditAsync(admin, "account-changed", person.Id)).ShouldHaveSingleItem();

        using var same = await AdministrationFixture.PatchAsync(admin, person.Id, new UserChange([Roles.Editor, Roles.Coordinator]));
        same.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await AdministrationFixture.AuditAsync(admin, "roles-changed", person.Id)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Nobody_gives_or_touches_what_is_above_them()
    {
        using var owner = await people.NewAsync("sahip", [Roles.Owner]);
        using var member = await people.NewAsync("sade");
        using var admin = await people.Host.SignInAsync("yonetici");

        foreach (var role in new[] { Roles.Owner, Roles.Operator, "tanrı" })
        {
            using var tooMuch = await AdministrationFixture.PatchAsync(admin, member.Id, new UserChange([role]));
            await tooMuch.ShouldBeProblemAsync(400, "role-not-grantable");
        }

        using var none = await AdministrationFixture.PatchAsync(admin, member.Id, new UserChange([]));
        await none.ShouldBeProblemAsync(400, "roles-missing");
        using var demoted = await AdministrationFixture.PatchAsync(admin, owner.Id, new UserChange([Roles.Member]));
        await demoted.ShouldBeProblemAsync(403, "account-above-own");
        using var reset = await admin.PostWireAsync($"{Users}/{owner.Id}/password-reset", new { });
        await reset.ShouldBeProblemAsync(403, "account-above-own");
        using var signedOut = await admin.DeleteAsync(new Uri($"{Users}/{owner.Id}/sessions", UriKind.Relative), Cancellation);
        await signedOut.ShouldBeProblemAsync(403, "account-above-own");

        using var promoted = await AdministrationFixture.PatchAsync(owner.Client, member.Id, new UserChange([Roles.Owner]));
        promoted.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var platform = await people.OperatorAsync();
        using var operators = await AdministrationFixture.PatchAsync(platform, member.Id, new UserChange([Roles.Operator]));
        await operators.ShouldBeProblemAsync(400, "role-not-grantable");
    }

    [Fact]
    public async Task A_tenant_keeps_an_owner()
    {
        using var first = await people.NewAsync("klinik.bir", [Roles.Owner], "klinik");
        using var platform = await people.OperatorAsync("klinik");
        foreach (var change in new[] { new UserChange([Roles.Admin]), new UserChange(Disabled: true) })
        {
            using var last = await AdministrationFixture.PatchAsync(platform, first.Id, change);
            await last.ShouldBeProblemAsync(409, "last-owner");
        }

        using var second = await people.NewAsync("klinik.iki", [Roles.Owner], "klinik");
        var answers = await Task.WhenAll(
            AdministrationFixture.PatchAsync(first.Client, second.Id, new UserChange([Roles.Member])),
            AdministrationFixture.PatchAsync(second.Client, first.Id, new UserChange([Roles.Member])),
            AdministrationFixture.PatchAsync(platform, first.Id, new UserChange([Roles.Member])),
            AdministrationFixture.PatchAsync(platform, second.Id, new UserChange([Roles.Member])));

        answers.ShouldContain(a => a.StatusCode == HttpStatusCode.OK);
        (await platform.GetWireAsync<Page<UserRecord>>($"{Users}?role=owner&disabled=false")).Items.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_disabled_account_is_shut_at_once_until_it_is_enabled()
    {
        using var person = await people.NewAsync("ayrılan");
        var login = await people.SignInAsync("ayrılan");
        using var admin = await people.Host.SignInAsync("yonetici");

        using var shut = await AdministrationFixture.PatchAsync(admin, person.Id, new UserChange(Disabled: true));
        (await shut.ReadWireAsync<UserRecord>()).DisabledAt.ShouldNotBeNull();
        await ShouldBeOverAsync(person.Client);
        using var renewed = await people.Host.Anonymous.PostWireAsync("/api/auth/refresh", new RefreshRequest(login.RefreshToken));
        await renewed.ShouldBeProblemAsync(401, "refresh-token-invalid");
        using var right = await people.Host.Anonymous.PostWireAsync("/login", new LoginRequest("ayrılan", AdministrationFixture.Password));
        await right.ShouldBeProblemAsync(403, "account-disabled");
        using var wrong = await people.Host.Anonymous.PostWireAsync("/login", new LoginRequest("ayrılan", "bu değil ki"));
        await wrong.ShouldBeProblemAsync(401, "wrong-credentials");
        using var code = await admin.PostWireAsync($"{Users}/{person.Id}/password-reset", new { });
        await code.ShouldBeProblemAsync(409, "user-disabled");
        (await NamesAsync(admin, "disabled=true")).ShouldContain("ayrılan");
        (await AdministrationFixture.AuditAsync(admin, "account-disabled", person.Id)).ShouldHaveSingleItem();

        using var opened = await AdministrationFixture.PatchAsync(admin, person.Id, new UserChange(Disabled: false));
        opened.StatusCode.ShouldBe(HttpStatusCode.OK);
        await people.SignInAsync("ayrılan");
        var own = (await NamedAsync(admin, "yonetici")).Id;
        using var self = await AdministrationFixture.PatchAsync(admin, own, new UserChange(Disabled: true));
        await self.ShouldBeProblemAsync(409, "own-account");
    }

    [Fact]
    public async Task Other_tenants_people_are_not_there()
    {
        using var patient = await people.NewAsync("hasta.iki", tenant: "klinik");
        using var admin = await people.Host.SignInAsync("yonetici");
        var session = Guid.NewGuid();

        foreach (var (method, path) in new[]
        {
            (HttpMethod.Get, ""), (HttpMethod.Post, "/password-reset"), (HttpMethod.Get, "/sessions"), (HttpMethod.Delete, "/sessions"),
            (HttpMethod.Delete, $"/sessions/{session}"),
        })
        {
            using var request = new HttpRequestMessage(method, new Uri($"{Users}/{patient.Id}{path}", UriKind.Relative));
            using var response = await admin.SendAsync(request, Cancellation);
            await response.ShouldBeProblemAsync(404, "user-not-found");
        }

        using var changed = await AdministrationFixture.PatchAsync(admin, patient.Id, new UserChange([Roles.Admin]), "\"tahmin\"");
        await changed.ShouldBeProblemAsync(404, "user-not-found");
        (await NamesAsync(admin, "q=hasta.iki")).ShouldBeEmpty();
        using var platform = await people.OperatorAsync("klinik");
        (await platform.GetWireAsync<UserRecord>($"{Users}/{patient.Id}")).Username.ShouldBe("hasta.iki");
    }

    [Fact]
    public async Task An_administrator_ends_sessions_and_has_a_code_mailed()
    {
        using var person = await people.NewAsync("uzaktaki");
        using var other = people.Host.Client((await people.SignInAsync("uzaktaki")).AccessToken);
        using var admin = await people.Host.SignInAsync("yonetici");

        var sessions = (await admin.GetWireAsync<Page<SessionInfo>>($"{Users}/{person.Id}/sessions")).Items;
        sessions.Count.ShouldBe(2);
        using var one = await admin.DeleteAsync(new Uri($"{Users}/{person.Id}/sessions/{sessions[0].Id}", UriKind.Relative), Cancellation);
        one.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await ShouldBeOverAsync(other);
        using var again = await admin.DeleteAsync(new Uri($"{Users}/{person.Id}/sessions/{sessions[0].Id}", UriKind.Relative), Cancellation);
        await again.ShouldBeProblemAsync(404, "session-not-found");
        using var all = await admin.DeleteAsync(new Uri($"{Users}/{person.Id}/sessions", UriKind.Relative), Cancellation);
        (await all.ReadWireAsync<SessionsEnded>()).Ended.ShouldBe(1);
        await ShouldBeOverAsync(person.Client);

        using var code = await admin.PostWireAsync($"{Users}/{person.Id}/password-reset", new { });
        code.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Eventually.UntilAsync(() => people.MailsTo("uzaktaki@example.com").Count == 1, "the code is mailed");
        while ((await AdministrationFixture.AuditAsync(admin, "password-reset-requested", person.Id)) is not [{ Actor.Name: "yonetici" }])
            await Task.Delay(20, Cancellation);
    }

    [Fact]
    public async Task A_group_is_renamed_with_the_knowledge_that_is_kept_to_it_and_removed_when_nothing_is()
    {
        using var person = await people.NewAsync("depocu");
        using var admin = await people.Host.SignInAsync("yonetici");
        (await AdministrationFixture.PatchAsync(admin, person.Id, new UserChange(Groups: ["kuzey-depo"]))).Dispose();
        using var editor = await EditorClient.SignInAsync(people.Host);
        var entry = await editor.PublishAsync(EditorClient.Write("Kuzey deponun şifresi nedir?", "Şifre vardiya amirindedir.", "Kuzey depo şifresi") with
        {
            Audience = ["group:kuzey-depo"],
        });
        (await GroupAsync(admin, "kuzey-depo")).ShouldBe(new GroupInfo("kuzey-depo", 1, 1, 0));

        using var kept = await admin.DeleteAsync(new Uri($"{Groups}/kuzey-depo", UriKind.Relative), Cancellation);
        await kept.ShouldBeProblemAsync(409, "group-in-use");
        using var unfit = await admin.PutWireAsync($"{Groups}/kuzey-depo", new GroupRename("iki söz"));
        await unfit.ShouldBeProblemAsync(400, "group-invalid");
        using var renamed = await admin.PutWireAsync($"{Groups}/kuzey-depo", new GroupRename("güney-depo"));
        (await renamed.ReadWireAsync<GroupInfo>()).ShouldBe(new GroupInfo("güney-depo", 1, 1, 0));
        using var gone = await admin.PutWireAsync($"{Groups}/kuzey-depo", new GroupRename("batı"));
        await gone.ShouldBeProblemAsync(404, "group-not-found");

        (await editor.ReadAsync<Entry>($"/entries/{entry.Id}")).Audience.ShouldBe(["group:güney-depo"]);
        using var reader = people.Host.Client((await people.SignInAsync("depocu")).AccessToken);
        (await EditorClient.AskAsync(reader, "Kuzey deponun şifresi nedir?")).Response.ShouldBe("Şifre vardiya amirindedir.");
        using var stranger = await people.Host.SignInAsync("demo");
        (await EditorClient.AskAsync(stranger, "Kuzey deponun şifresi nedir?")).Response.ShouldNotContain("vardiya amirindedir");

        (await AdministrationFixture.PatchAsync(admin, person.Id, new UserChange(Groups: ["güney-depo", "gece"]))).Dispose();
        using var night = people.Host.Client((await people.SignInAsync("depocu")).AccessToken);
        using var taken = await admin.PutWireAsync($"{Groups}/gece", new GroupRename("güney-depo"));
        await taken.ShouldBeProblemAsync(409, "group-exists");
        using var removed = await admin.DeleteAsync(new Uri($"{Groups}/gece", UriKind.Relative), Cancellation);
        removed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await ShouldBeOverAsync(night);
        (await NamedAsync(admin, "depocu")).Groups.ShouldBe(["güney-depo"]);
    }

    [Fact]
    public async Task The_table_of_roles_says_what_the_caller_may_give()
    {
        using var admin = await people.Host.SignInAsync("yonetici");
        var roles = (await admin.GetWireAsync<Page<RoleInfo>>("/api/v1/admin/roles")).Items;

        roles.Select(r => r.Role).ShouldBe([Roles.Member, Roles.Coordinator, Roles.Editor, Roles.Admin, Roles.Owner, Roles.Operator]);
        roles.Where(r => r.Grantable).Select(r => r.Role).ShouldBe([Roles.Member, Roles.Coordinator, Roles.Editor, Roles.Admin]);
        roles.Single(r => r.Role == Roles.Member).Permissions.ShouldNotContain("knowledge:read");
        roles.Single(r => r.Role == Roles.Editor).Permissions.ShouldContain("knowledge:write");
    }

    private static async Task<IEnumerable<string>> NamesAsync(HttpClient admin, string query) =>
        (await admin.GetWireAsync<Page<UserRecord>>($"{Users}?{query}")).Items.Select(u => u.Username);

    private static async Task<UserRecord> NamedAsync(HttpClient admin, string name) =>
        (await admin.GetWireAsync<Page<UserRecord>>($"{Users}?q={name}")).Items.Single(u => u.Username == name);

    private static async Task<GroupInfo> GroupAsync(HttpClient admin, string name) =>
        (await admin.GetWireAsync<Page<GroupInfo>>(Groups)).Items.Single(g => g.Name == name);

    private static async Task ShouldBeOverAsync(HttpClient client)
    {
        using var me = await client.GetAsync(new Uri("/me", UriKind.Relative), Cancellation);
        await me.ShouldBeProblemAsync(401, "session-ended");
    }
}
