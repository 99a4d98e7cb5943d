using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Mefapex.Api.Knowledge.Review;
using Mefapex.Api.Mail;
using Mefapex.Api.Privacy;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Audit;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Privacy;
using Mefapex.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Privacy;

[Collection(PrivacyHost.Name)]
public sealed class PrivacyTests(PrivacyFixture api)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_gets_everything_about_them_and_nothing_about_others()
    {
        var person = await api.PersonAsync("ayse.disari", Roles.Editor);
        using var client = person.Client;
        using var other = await api.Host.SignInAsync("demo");
        var mine = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Servisim nereden kalkıyor ay çöreği?"));
        await other.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Yemekhane ne zaman açık?"));
        using var rated = await client.PutWireAsync(
            $"/api/v1/conversations/{mine.SessionId}/messages/{mine.MessageId}/feedback",
            new FeedbackRequest(false, FeedbackReason.Wrong, "Bu eski bilgi"));
        rated.StatusCode.ShouldBe(HttpStatusCode.OK);

        using var zip = await ZipAsync(client, "/api/v1/account/export");

        zip.Entries.Select(e => e.Name).ShouldBe(
            PersonalColumns.Rows.Select(r => r.Table).Concat(PersonalColumns.Texts.Select(t => t.Table))
                .Concat(["named_in", "audit_events"]).Select(n => n + ".json").Append("index.md"),
            ignoreOrder: true);
        var account = (await RowsAsync(zip, "users"))[0];
        account.GetProperty("email").GetString().ShouldBe("ayse.disari@example.org");
        account.TryGetProperty("password_hash", out _).ShouldBeFalse();
        (await RowsAsync(zip, "exchanges")).Single().GetProperty("question").GetString().ShouldBe("Servisim nereden kalkıyor ay çöreği?");
        (await RowsAsync(zip, "exchange_feedback")).Single().GetProperty("comment").GetString().ShouldBe("Bu eski bilgi");
        (await RowsAsync(zip, "knowledge_tasks")).ShouldHaveSingleItem();
        (await RowsAsync(zip, "sessions")).ShouldHaveSingleItem();
        var events = await RowsAsync(zip, "audit_events");
        events.Select(e => e.GetProperty("verb").GetString()).ShouldContain("signed-in");
        events.Single(e => e.GetProperty("verb").GetString() == "person-exported").GetProperty("address").GetString().ShouldBe("127.0.0.1");
        using var text = new StreamReader(await zip.GetEntry("exchanges.json")!.OpenAsync(Cancellation));
        (await text.ReadToEndAsync(Cancellation)).ShouldNotContain("Yemekhane");
    }

    [Fact]
    public async Task Admins_export_and_erase_people_of_their_tenant_alone()
    {
        using var admin = await api.Host.SignInAsync("yonetici");
        using var patient = await api.Host.SignInAsync("hasta");
        var other = (await patient.GetWireAsync<UserInfo>("/me")).UserId;
        var person = await api.PersonAsync("veli.silinen");
        using var member = person.Client;

        using (var zip = await ZipAsync(admin, $"/api/v1/admin/users/{person.Id}/export"))
            (await RowsAsync(zip, "users"))[0].GetProperty("username").GetString().ShouldBe("veli.silinen");
        using (var refused = await admin.GetAsync(Uri($"/api/v1/admin/users/{other}/export"), Cancellation))
            await refused.ShouldBeProblemAsync(404, "person-not-found");
        using (var refused = await admin.PostAsync(Uri($"/api/v1/admin/users/{other}/erase"), null, Cancellation))
            await refused.ShouldBeProblemAsync(404, "person-not-found");
        using (var forbidden = await member.GetAsync(Uri($"/api/v1/admin/users/{person.Id}/export"), Cancellation))
            forbidden.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using (var forbidden = await member.PostAsync(Uri($"/api/v1/admin/users/{person.Id}/erase"), null, Cancellation))
            forbidden.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        var self = (await admin.GetWireAsync<UserInfo>("/me")).UserId;
        using (var refused = await admin.PostAsync(Uri($"/api/v1/admin/users/{self}/erase"), null, Cancellation))
            await refused.ShouldBeProblemAsync(409, "erase-yourself");

        using (var erased = await admin.PostAsync(Uri($"/api/v1/admin/users/{person.Id}/erase"), null, Cancellation))
        {
            var receipt = await erased.ReadWireAsync<ErasureReceipt>();
            receipt.Items.Single(i => i.Store == "users").Count.ShouldBe(1);
            var kept = await admin.GetWireAsync<Page<ErasureReceipt>>("/api/v1/admin/erasures");
            var found = kept.Items.Single(r => r.Id == receipt.Id);
            found.Items.ShouldBe(receipt.Items);
            (await VerifyAsync(found)).ShouldBeTrue();
        }

        using (var gone = await member.GetAsync(Uri("/me"), Cancellation))
            gone.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using (var again = await admin.PostAsync(Uri($"/api/v1/admin/users/{person.Id}/erase"), null, Cancellation))
            await again.ShouldBeProblemAsync(404, "person-not-found");
    }

    [Fact]
    public async Task The_last_owner_stays_and_only_owners_erase_owners()
    {
        var first = await api.PersonAsync("sahip.bir", Roles.Owner);
        using var client = first.Client;
        using (var refused = await client.PostWireAsync("/api/v1/account/erase", new EraseRequest(PrivacyFixture.Password)))
            await refused.ShouldBeProblemAsync(409, "last-owner");
        using var admin = await api.Host.SignInAsync("yonetici");
        using (var refused = await admin.PostAsync(Uri($"/api/v1/admin/users/{first.Id}/erase"), null, Cancellation))
            await refused.ShouldBeProblemAsync(403, "owner-protected");
        var second = await api.PersonAsync("sahip.iki", Roles.Owner);
        using var other = second.Client;

        // Two last owners who go at the same time: one of them stays.
        var both = await Task.WhenAll(
            client.PostWireAsync("/api/v1/account/erase", new EraseRequest(PrivacyFixture.Password)),
            other.PostWireAsync("/api/v1/account/erase", new EraseRequest(PrivacyFixture.Password)));

        both.Select(r => r.StatusCode).ShouldBe([HttpStatusCode.OK, HttpStatusCode.Conflict], ignoreOrder: true);
        both.ToList().ForEach(r => r.Dispose());
        (await api.CountAsync("select count(*) from users where 'owner' = any(roles)")).ShouldBe(1);
        await api.ExecuteAsync("update users set roles = array['member'] where 'owner' = any(roles)");
    }

    [Fact]
    public async Task Erasure_reaches_every_place_leaves_the_chain_whole_and_a_receipt_that_cannot_be_changed()
    {
        var person = await api.PersonAsync("fatma.giden", Roles.Editor);
        using var client = person.Client;
        var answer = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Zürafa beslemek serbest mi 5551234?"));
        using (await client.PutWireAsync(
            $"/api/v1/conversations/{answer.SessionId}/messages/{answer.MessageId}/feedback",
            new FeedbackRequest(false, FeedbackReason.Wrong, null)))
        {
        }

        await api.ExecuteAsync(
            $"""
            update knowledge_entries set updated_by = 'fatma.giden'
            where id = (select min(id) from knowledge_entries where tenant_id = '{person.Tenant}')
            """);
        var mailer = api.Host.Services.GetRequiredService<OutboxMailer>();
        await mailer.SendAsync(new("fatma.giden@example.org", "Merhaba", "Kod 12345"), Cancellation);
        await mailer.SendAsync(new("baska.biri@example.org", "Merhaba", "Kod 67890"), Cancellation);
        using (var wrong = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest("fatma.giden", "4321")))
            wrong.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using (var wrong = await client.PostWireAsync("/api/v1/account/erase", new EraseRequest("4321")))
            await wrong.ShouldBeProblemAsync(400, "password-wrong");
        (await api.CountAsync($"select count(*) from users where id = '{person.Id}'")).ShouldBe(1);

        var receipt = await client.PostWireAsync<ErasureReceipt>("/api/v1/account/erase", new EraseRequest(PrivacyFixture.Password));

        Dictionary<string, int> counts = receipt.Items.ToDictionary(i => i.Store, i => i.Count, StringComparer.Ordinal);
        counts["users"].ShouldBe(1);
        counts["exchanges"].ShouldBe(1);
        counts["sessions"].ShouldBe(1);
        counts["knowledge_tasks"].ShouldBe(1);
        counts["knowledge_entries.updated_by"].ShouldBe(1);
        counts["mail outbox"].ShouldBe(1);
        counts["audit_names"].ShouldBe(1);
        var tables = await api.NamesAsync(
            "select table_name from information_schema.columns where table_schema = 'public' and column_name = 'user_id'");
        foreach (var table in tables)
            (await api.CountAsync($"select count(*) from {table} where user_id = '{person.Id}'")).ShouldBe(0, table);
        foreach (var trace in new[] { "fatma.giden", "Zürafa", "5551234", "zurafa" })
            (await api.FindAsync(trace)).ShouldBeEmpty();
        var mails = Directory.EnumerateFiles(mailer.Folder, "*.eml").Select(File.ReadAllText).ToList();
        mails.Count(mail => mail.Contains("fatma.giden", StringComparison.Ordinal)).ShouldBe(0);
        mails.Count(mail => mail.Contains("baska.biri", StringComparison.Ordinal)).ShouldBe(1);
        (await api.CountAsync(
            $"select count(*) from audit_origins where event_id in (select id from audit_events where actor_id = '{person.Id}')"))
            .ShouldBe(0);
        (await api.CountAsync($"select count(*) from audit_events where actor_id = '{person.Id}'")).ShouldBeGreaterThan(1);
        (await api.CountAsync($"select count(*) from knowledge_entries where updated_by = '{receipt.Pseudonym}'")).ShouldBe(1);
        using (var gone = await client.GetAsync(Uri("/me"), Cancellation))
            gone.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using var admin = await api.Host.SignInAsync("yonetici");
        (await admin.GetWireAsync<AuditVerification>("/api/v1/admin/audit/verify")).Broken.ShouldBeNull();

        (await VerifyAsync(receipt)).ShouldBeTrue();
        (await VerifyAsync(receipt with { Pseudonym = "erased-000000000000" })).ShouldBeFalse();
        (await VerifyAsync(receipt with { Items = [.. receipt.Items.Select(i => i with { Count = i.Count + 1 })] })).ShouldBeFalse();
        (await VerifyAsync(receipt with { ErasedAt = receipt.ErasedAt.AddSeconds(1) })).ShouldBeFalse();
        (await VerifyAsync(receipt with { Signature = "AAAA" })).ShouldBeFalse();
    }

    [Fact]
    public async Task Every_replica_drops_what_it_kept_of_questions()
    {
        await using var second = await ApiHost.Start(api.ConnectionString).ReadyAsync();
        var person = await api.PersonAsync("kerem.unutulan");
        using var client = person.Client;
        QuestionVectorCache[] vectors =
            [.. new[] { api.Host, second }.Select(host => host.Services.GetRequiredService<QuestionVectorCache>())];
        foreach (var kept in vectors)
            kept.Keep("model", "Kerem'in sorusu", [1]);

        await client.PostWireAsync<ErasureReceipt>("/api/v1/account/erase", new EraseRequest(PrivacyFixture.Password));

        await Eventually.UntilAsync(
            () => vectors.All(kept => kept.Find("model", "Kerem'in sorusu") is null), "no replica keeps the vector");
    }

    [Fact]
    public async Task A_question_that_its_asker_deleted_is_gone_from_the_task_it_opened()
    {
        var person = await api.PersonAsync("deniz.vazgecen");
        using var client = person.Client;
        var answer = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Denizaltım nereye park edilir?"));
        using (await client.PutWireAsync(
            $"/api/v1/conversations/{answer.SessionId}/messages/{answer.MessageId}/feedback",
            new FeedbackRequest(false, FeedbackReason.Wrong, null)))
        {
        }

        (await api.FindAsync("enizalt")).ShouldContain("knowledge_tasks");

        using (var deleted = await client.DeleteAsync(Uri($"/api/v1/conversations/{answer.SessionId}"), Cancellation))
            deleted.IsSuccessStatusCode.ShouldBeTrue();

        (await api.FindAsync("enizalt")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_column_that_names_a_person_says_how_it_is_erased()
    {
        var columns = await api.NamesAsync(
            """
            select table_name || '.' || column_name from information_schema.columns
            where table_schema = 'public' and data_type in ('uuid', 'text', 'character varying', 'inet', 'bytea') and (
                column_name ~ '^(name|full_name|display_name|user.*|.*user_id|actor|actor_id|person.*|member.*|author|.*owner.*)$'
                or column_name ~ '^(assigned.*|.*_by|.*e_?mail|phone|.*address|device|subject|user_agent)$')
            """);
        var rows = PersonalColumns.Rows.Select(r => r.Table).ToHashSet(StringComparer.Ordinal);
        var known = PersonalColumns.Names.Concat(PersonalColumns.Impersonal).Select(c => $"{c.Table}.{c.Column}")
            .ToHashSet(StringComparer.Ordinal);

        columns.ShouldContain("exchanges.user_id");
        columns.ShouldContain("sign_in_failures.subject");
        columns.Where(c => !known.Contains(c) && !rows.Contains(c.Split('.')[0])).ShouldBeEmpty();
        known.ShouldBeSubsetOf(columns);
        var references = await api.NamesAsync(
            "select conrelid::regclass::text from pg_constraint where confrelid = 'users'::regclass and contype = 'f'");
        references.ShouldBeSubsetOf(rows);
    }

    [Fact]
    public async Task No_export_holds_secrets()
    {
        var secrets = await api.NamesAsync(
            """
            select table_name || '.' || column_name from information_schema.columns
            where table_schema = 'public' and (data_type = 'bytea' or column_name ~ '(hash|secret|token|claim|salt|code)$')
            """);
        foreach (var (table, _, withheld) in PersonalColumns.Rows)
        {
            var theirs = secrets.Where(s => s.StartsWith(table + ".", StringComparison.Ordinal)).Select(s => s[(table.Length + 1)..])
                .ToList();
            theirs.ShouldBeSubsetOf(withheld, table);
            withheld.ShouldBeSubsetOf(
                await api.NamesAsync($"select column_name from information_schema.columns where table_name = '{table}'"));
        }

        secrets.ShouldContain("users.password_hash");
    }

    private static Uri Uri(string path) => new(path, UriKind.Relative);

    private async Task<bool> VerifyAsync(ErasureReceipt receipt) =>
        (await api.Host.Anonymous.PostWireAsync<ReceiptVerdict>("/api/v1/privacy/receipts/verify", receipt)).Valid;

    private static async Task<ZipArchive> ZipAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(Uri(path), Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/zip");
        return new ZipArchive(new MemoryStream(await response.Content.ReadAsByteArrayAsync(Cancellation)));
    }

    private static async Task<List<JsonElement>> RowsAsync(ZipArchive zip, string table)
    {
        await using var file = await zip.GetEntry(table + ".json")!.OpenAsync(Cancellation);
        using var json = await JsonDocument.ParseAsync(file, cancellationToken: Cancellation);
        return [.. json.RootElement.EnumerateArray().Select(row => row.Clone())];
    }
}
