using System.Net;
using System.Net.Http.Json;
using System.Text;
using Mefapex.Api.Audit;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Audit;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Api.Ingestion;
using Mefapex.Tests.Api.Knowledge.Entries;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Audit;

public sealed class AuditLogTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Log = "/api/v1/admin/audit";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sign_ins_are_kept_with_who_and_from_where_and_bad_ones_without_what_was_typed()
    {
        using var member = await api.Host.SignInAsync("demo");
        var info = await member.GetWireAsync<UserInfo>("/me");
        const string typed = "parolam-yanlış-kutuda";
        foreach (var name in new[] { "demo", typed })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/login")
            {
                Content = JsonContent.Create(new LoginRequest(name, "wrong"), options: WireJson.Options),
            };
            request.Headers.TryAddWithoutValidation("User-Agent", "=cmd|' /C calc'!A0");
            using var refused = await api.Host.Anonymous.SendAsync(request, Cancellation);
            refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }

        using var admin = await api.Host.SignInAsync("yonetici");
        var good = (await ListAsync(admin, $"verb=signed-in&actor=demo&subject=user:{info.UserId}"))[0];
        good.Actor.ShouldBe(new AuditItemActor("user", Guid.Parse(info.UserId), "demo"));
        good.Address.ShouldBe("127.0.0.1");
        var bad = (await ListAsync(admin, $"verb=sign-in-failed&subject=user:{info.UserId}"))[0];
        bad.Actor.ShouldBe(new AuditItemActor("anonymous", null, null));
        bad.UserAgent.ShouldBe("=cmd|' /C calc'!A0");
        using var operatorClient = await api.Host.SignInAsync("operator");
        (await ListAsync(operatorClient, "verb=sign-in-failed&subject=user:unknown")).ShouldNotBeEmpty();
        (await TextAsync(operatorClient, $"{Log}/export")).ShouldNotContain(typed);

        var csv = await TextAsync(admin, $"{Log}/export?verb=sign-in-failed");
        csv.ShouldStartWith("\uFEFFnumber,at,verb,");
        csv.ShouldContain("'=cmd|");
        csv.ShouldNotContain(",=cmd|");
    }

    [Fact]
    public async Task Changes_of_knowledge_are_kept_with_what_they_replaced()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        using var admin = await api.Host.SignInAsync("yonetici");

        var entry = await editor.PublishAsync(EditorClient.Write("Terlikler nerede?", "Girişte.", id: "denetim-terlik"));
        entry = await editor.DoAsync(entry, "edit", EditorClient.Write("Terlikler nerede?", "Artık kapıda."));
        entry = await editor.DoAsync(await editor.DoAsync(entry, "review"), "publish");
        entry = await editor.DoAsync(entry, "rollback", new EntryRollback(1, null, null));
        await editor.DoAsync(entry, "retire");

        var events = await ListAsync(admin, "subject=entry:denetim-terlik");
        events.Select(e => e.Verb).ShouldBe(
            [AuditVerbs.EntryRetired, AuditVerbs.EntryRolledBack, AuditVerbs.EntryPublished, AuditVerbs.EntryPublished]);
        events.ShouldAllBe(e => e.Actor.Name == "editor");
        events[2].Before!.Value.GetProperty("published_version").GetInt32().ShouldBe(1);
        events[2].After!.Value.GetProperty("published_version").GetInt32().ShouldBe(2);
        events[1].After!.Value.GetProperty("says_what_version").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Synonyms_documents_and_exports_are_kept()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        using var admin = await api.Host.SignInAsync("yonetici");
        using (var added = await editor.SendAsync(HttpMethod.Post, "/synonyms", new SynonymTerms(["denetimli", "denetlenen"])))
            added.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await ListAsync(admin, "verb=synonyms-changed"))[0].After!.Value.GetProperty("terms")[0].GetString().ShouldBe("denetimli");

        using var uploaded = await editor.Http.UploadAsync("denetim.txt", Encoding.UTF8.GetBytes("Denetim her salı yapılır."));
        var document = await uploaded.ReadWireAsync<DocumentRecord>();
        using (var gone = await editor.Http.DeleteAsync(new Uri($"/api/v1/knowledge/documents/{document.Id}", UriKind.Relative), Cancellation))
            gone.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await ListAsync(admin, $"subject=document:{document.Id}")).Select(e => e.Verb)
            .ShouldBe([AuditVerbs.DocumentDeleted, AuditVerbs.DocumentUploaded]);

        await TextAsync(editor.Http, "/api/v1/knowledge/export?format=csv");
        (await ListAsync(admin, "verb=knowledge-exported"))[0].Actor.Name.ShouldBe("editor");
    }

    [Fact]
    public async Task Pages_follow_each_other_without_gaps_and_filters_narrow_them()
    {
        for (var i = 0; i < 5; i++)
            (await api.Host.SignInAsync("demo")).Dispose();
        using var admin = await api.Host.SignInAsync("yonetici");

        var first = await admin.GetWireAsync<Page<AuditItem>>($"{Log}?limit=2&verb=signed-in");
        var second = await admin.GetWireAsync<Page<AuditItem>>($"{Log}?limit=2&verb=signed-in&cursor={first.Next}");
        var both = await admin.GetWireAsync<Page<AuditItem>>($"{Log}?limit=4&verb=signed-in");

        first.Items.Concat(second.Items).Select(i => i.Number).ShouldBe(both.Items.Select(i => i.Number));
        var until = Uri.EscapeDataString(both.Items[1].At.ToString("O"));
        (await ListAsync(admin, $"verb=signed-in&until={until}"))[0].Number.ShouldBe(both.Items[2].Number);
        (await ListAsync(admin, $"verb=signed-in&from={until}")).Min(i => i.Number).ShouldBe(both.Items[1].Number);
        (await ListAsync(admin, "actor=nobody")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_tenant_sees_its_own_log_only()
    {
        using var editor = await api.Host.SignInAsync("editor");
        using var refused = await editor.GetAsync(new Uri(Log, UriKind.Relative), Cancellation);
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await api.Host.SignInAsync("hasta")).Dispose();
        using var admin = await api.Host.SignInAsync("yonetici");
        admin.DefaultRequestHeaders.Add(RequestTenant.Header, SampleTenants.Clinic);
        using var elsewhere = await admin.GetAsync(new Uri(Log, UriKind.Relative), Cancellation);
        await elsewhere.ShouldBeProblemAsync(404, "tenant-not-found");
        admin.DefaultRequestHeaders.Remove(RequestTenant.Header);
        (await ListAsync(admin, "actor=hasta")).ShouldBeEmpty();
        using var operatorClient = await api.Host.SignInAsync("operator");
        operatorClient.DefaultRequestHeaders.Add(RequestTenant.Header, SampleTenants.Clinic);
        (await ListAsync(operatorClient, "actor=hasta")).ShouldNotBeEmpty();
    }

    private static async Task<IReadOnlyList<AuditItem>> ListAsync(HttpClient client, string query) =>
        (await client.GetWireAsync<Page<AuditItem>>($"{Log}?{query}")).Items;

    private static async Task<string> TextAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        var bytes = await response.Content.ReadAsByteArrayAsync(Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return Encoding.UTF8.GetString(bytes);
    }
}
