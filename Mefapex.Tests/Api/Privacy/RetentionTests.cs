using System.Net;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Mail;
using Mefapex.Api.Privacy.Retention;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Audit;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Privacy;
using Mefapex.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Privacy;

[Collection(PrivacyHost.Name)]
public sealed class RetentionTests(PrivacyFixture api)
{
    private const string Retention = "/api/v1/admin/retention";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_too_old_goes_and_what_is_young_stays()
    {
        var person = await api.PersonAsync("kalan.kisi");
        using var client = person.Client;
        var old = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Eskiden sorulan tuhaf soru?"));
        var young = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Yeni sorulan tuhaf soru?"));
        using (await client.PutWireAsync(
            $"/api/v1/conversations/{old.SessionId}/messages/{old.MessageId}/feedback",
            new FeedbackRequest(false, FeedbackReason.Wrong, null)))
        {
        }

        await api.ExecuteAsync(
            $"""
            update exchanges set asked_at = now() - interval '366 days' where id = '{old.MessageId}';
            update conversations set updated_at = now() - interval '366 days' where id = '{old.SessionId}';
            insert into invitations (id, tenant_id, hash, email, roles, created_at, expires_at) values
                (gen_random_uuid(), '{person.Tenant}', 'eski', 'eski@example.org', array['member'], now(), now() - interval '31 days'),
                (gen_random_uuid(), '{person.Tenant}', 'yeni', 'yeni@example.org', array['member'], now(), now() - interval '29 days');
            insert into password_resets (hash, user_id, created_at, expires_at) values
                ('eski', '{person.Id}', now(), now() - interval '25 hours');
            insert into sign_in_failures (subject, failures, not_before, failed_at) values ('eski', 1, now(), now() - interval '49 hours');
            insert into knowledge_gaps (tenant_id, folded, question, verdict, decided_at, decided_by) values
                ('{person.Tenant}', 'eski', 'Eski?', 'dismissed', now() - interval '731 days', 'x'),
                ('{person.Tenant}', 'yeni', 'Yeni?', 'dismissed', now() - interval '729 days', 'x');
            insert into documents (tenant_id, id, title, category, owner, audience, origin, newest_version, revision,
                    created_at, updated_at, updated_by)
                select '{person.Tenant}', i::uuid, 'Bozuk', 'genel', '', array[]::text[], 'upload', 1, 1, at, at, 'x'
                from (values
                    ('00000000-0000-0000-0000-0000000000a1', now() - interval '91 days'),
                    ('00000000-0000-0000-0000-0000000000a2', now())) as d (i, at);
            insert into document_versions (tenant_id, document_id, version, file_name, media_type, bytes, sha256, storage_key, step, status,
                    progress_done, progress_total, empty_pages, attempts, next_attempt_at, created_at, created_by)
                select tenant_id, id, 1, 'b.pdf', 'application/pdf', 1, '', id::text, 'extract', 'failed',
                    0, 0, array[]::integer[], 1, now(), created_at, 'x'
                from documents where title = 'Bozuk';
            """);
        var outbox = api.Host.Services.GetRequiredService<OutboxMailer>();
        await outbox.SendAsync(new("eski@example.org", "Merhaba", "Eski"), Cancellation);
        var mail = Directory.EnumerateFiles(outbox.Folder, "*.eml")
            .Single(file => File.ReadAllText(file).Contains("eski@", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(mail, DateTime.UnixEpoch);

        var removed = await SweepAsync();

        // The exchange and its conversation.
        removed["conversations"].ShouldBe(2);
        removed["invitations"].ShouldBe(1);
        removed["password-resets"].ShouldBe(1);
        removed["sign-in-failures"].ShouldBe(1);
        removed["unanswered"].ShouldBe(1);
        removed["failed-uploads"].ShouldBe(1);
        removed["mail-outbox"].ShouldBe(1);
        (await api.CountAsync($"select count(*) from exchanges where id in ('{old.MessageId}', '{young.MessageId}')")).ShouldBe(1);
        (await api.CountAsync($"select count(*) from exchanges where id = '{young.MessageId}'")).ShouldBe(1);
        (await api.FindAsync("Eskiden sorulan")).ShouldBeEmpty();
        (await api.CountAsync("select count(*) from documents where title = 'Bozuk'")).ShouldBe(1);
        using var admin = await api.Host.SignInAsync("yonetici");
        var events = await admin.GetWireAsync<Contracts.Page<AuditItem>>("/api/v1/admin/audit?verb=retention-applied");
        events.Items[0].After!.Value.GetProperty("conversations").GetInt32().ShouldBe(2);
        (await SweepAsync()).ShouldNotContainKey("conversations");
    }

    [Fact]
    public async Task Changes_that_come_at_once_are_made_one_after_the_other()
    {
        using var admin = await api.Host.SignInAsync("yonetici");

        var changes = await Task.WhenAll(
            Enumerable.Range(100, 8).Select(days => admin.PutWireAsync($"{Retention}/unanswered", new RetentionChange(days))));

        foreach (var change in changes)
        {
            change.StatusCode.ShouldBe(HttpStatusCode.OK);
            change.Dispose();
        }

        using var reset = await admin.DeleteAsync(new Uri($"{Retention}/unanswered", UriKind.Relative), Cancellation);
        reset.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_audit_log_begins_later_and_still_verifies()
    {
        var tenant = Guid.NewGuid();
        await api.ExecuteAsync(
            $"insert into tenants (id, slug, name, locale, registration) values ('{tenant}', 'arsiv', 'Arşiv', 'tr', 'closed')");
        var time = new ManualTime();
        using var rows = DataScope.Of(tenant);
        var writer = new AuditWriter(new HttpContextAccessor(), time);
        var databases = api.Host.Services.GetRequiredService<IDbContextFactory<MefapexDb>>();
        for (var i = 0; i < 7; i++)
        {
            await using var db = await databases.CreateDbContextAsync(Cancellation);
            var published = new AuditEvent(AuditVerbs.EntryPublished, tenant, new("entry", $"e{i}"));
            await db.InTransactionAsync(() => writer.AppendAsync(db, published, Cancellation), Cancellation);
            time.Advance(TimeSpan.FromDays(1));
        }

        using var client = await api.Host.SignInAsync("operator");
        client.DefaultRequestHeaders.Add(RequestTenant.Header, "arsiv");
        (await client.GetWireAsync<AuditVerification>("/api/v1/admin/audit/verify")).ShouldBe(new AuditVerification(7, null));
        (await SweepAsync()).ShouldNotContainKey("audit");

        // Days between the fourth event and the fifth.
        var days = (int)(TimeProvider.System.GetUtcNow() - new ManualTime().GetUtcNow()).TotalDays - 3;
        using (var set = await client.PutWireAsync($"{Retention}/audit", new RetentionChange(days)))
            (await set.ReadWireAsync<RetentionPeriod>()).Days.ShouldBe(days);
        (await SweepAsync())["audit"].ShouldBe(4);

        // Four of seven went, and one came: that of the change.
        (await client.GetWireAsync<AuditVerification>("/api/v1/admin/audit/verify")).ShouldBe(new AuditVerification(4, null));
        (await api.CountAsync($"select min(number) from audit_events where tenant_id = '{tenant}'")).ShouldBe(5);

        // What somebody changed past the guard stays to be found, however old it is.
        await api.ExecuteAsync(
            $"""
            alter table audit_events disable trigger all;
            update audit_events set subject_id = 'x' where tenant_id = '{tenant}' and number = 5;
            alter table audit_events enable trigger all;
            """);
        using (await client.PutWireAsync($"{Retention}/audit", new RetentionChange(31)))
        {
        }

        (await SweepAsync()).ShouldNotContainKey("audit");
        (await client.GetWireAsync<AuditVerification>("/api/v1/admin/audit/verify")).Broken
            .ShouldBe(new AuditBreak(5, AuditBreaks.Content));
    }

    [Fact]
    public async Task A_tenant_chooses_for_itself_within_bounds_and_it_is_audited()
    {
        using var admin = await api.Host.SignInAsync("yonetici");
        using var member = await api.Host.SignInAsync("demo");
        var before = (await admin.GetWireAsync<RetentionList>(Retention)).Items;
        before.Select(p => p.Kind).ShouldBe(RetentionKinds.All.Select(k => k.Name));
        before.Single(p => p.Kind == "feedback").ShouldBe(new RetentionPeriod("feedback", 365, 365, 1, 3650, Changeable: true));

        using (var set = await admin.PutWireAsync($"{Retention}/feedback", new RetentionChange(90)))
            (await set.ReadWireAsync<RetentionPeriod>()).Days.ShouldBe(90);
        (await admin.GetWireAsync<RetentionList>(Retention)).Items.Single(p => p.Kind == "feedback").Days.ShouldBe(90);
        using var operatorClient = await api.Host.SignInAsync("operator");
        operatorClient.DefaultRequestHeaders.Add(RequestTenant.Header, "klinik");
        (await operatorClient.GetWireAsync<RetentionList>(Retention)).Items.Single(p => p.Kind == "feedback").Days.ShouldBe(365);
        var change = (await admin.GetWireAsync<Contracts.Page<AuditItem>>(
            "/api/v1/admin/audit?verb=retention-changed&subject=retention:feedback")).Items[0];
        change.Before!.Value.GetProperty("days").GetInt32().ShouldBe(365);
        change.After!.Value.GetProperty("days").GetInt32().ShouldBe(90);
        using (var reset = await admin.DeleteAsync(new Uri($"{Retention}/feedback", UriKind.Relative), Cancellation))
            (await reset.ReadWireAsync<RetentionPeriod>()).Days.ShouldBe(365);

        using (var refused = await admin.PutWireAsync($"{Retention}/audit", new RetentionChange(30)))
            (await refused.ShouldBeProblemAsync(400, "retention-days")).ShouldContain("31");
        using (var refused = await admin.PutWireAsync($"{Retention}/yok", new RetentionChange(30)))
            await refused.ShouldBeProblemAsync(404, "retention-unknown");
        using (var refused = await admin.PutWireAsync($"{Retention}/mail-outbox", new RetentionChange(30)))
            await refused.ShouldBeProblemAsync(403, "retention-operators");
        using (var refused = await member.GetAsync(new Uri(Retention, UriKind.Relative), Cancellation))
            refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("audit", 30, "must lie between 31")]
    [InlineData("tapes", 30, "is unknown")]
    public void A_wrong_period_refuses_the_start(string kind, int days, string says) =>
        new RetentionOptions.Validator().Validate(null, new() { Days = new(StringComparer.Ordinal) { [kind] = days } })
            .FailureMessage!.ShouldContain(says);

    /// <summary>A run of its own: one of the service may be under way.</summary>
    private async Task<Dictionary<string, int>> SweepAsync()
    {
        var job = api.Host.Services.GetRequiredService<RetentionJob>();
        IReadOnlyDictionary<string, int>? removed;
        while ((removed = await job.SweepAsync(Cancellation)) is null)
            await Task.Delay(20, Cancellation);
        return new(removed, StringComparer.Ordinal);
    }
}
