using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Mefapex.Api.Ai;
using Mefapex.Api.Files;
using Mefapex.Api.Quotas;
using Mefapex.Api.Shared;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Audit;
using Mefapex.Contracts.Knowledge;
using Mefapex.Contracts.Quotas;
using Mefapex.Tests.Api.Ingestion;
using Mefapex.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Api.Quotas;

public sealed class QuotaTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Factory = "fabrika";
    private const string Clinic = "klinik";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Questions_over_the_quota_are_refused_with_figures_on_every_path_and_for_that_tenant_alone()
    {
        await SetAsync(Clinic, new TenantQuotaSettings(TimeZone: "Europe/Istanbul"));
        var used = await UsedAsync(Clinic, QuotaNames.QuestionsPerDay);
        await SetAsync(Clinic, new TenantQuotaSettings(QuestionsPerDay: used + 2, TimeZone: "Europe/Istanbul"));
        await AskAsync(api.Host, Clinic).AnsweredAsync();
        using (var empty = await AskAsync(api.Host, Clinic, " "))
            await empty.ShouldBeProblemAsync(400, "message-empty");
        using var patient = await api.Host.SignInAsync("hasta");
        using (var second = await patient.PostWireAsync("/api/chat/message", new { message = "Merhaba" }))
            second.StatusCode.ShouldBe(HttpStatusCode.OK);

        foreach (var (language, word) in new[] { ("tr", "Kurumunuz"), ("en", "Your organisation") })
        {
            using var refused = await AskAsync(api.Host, Clinic, language: language);
            (await refused.ShouldBeProblemAsync(429, "quota-exceeded")).ShouldStartWith(word);
            using var problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync(Cancellation));
            problem.RootElement.GetProperty("quota").GetString().ShouldBe(QuotaNames.QuestionsPerDay);
            problem.RootElement.GetProperty("limit").GetInt64().ShouldBe(used + 2);
            problem.RootElement.GetProperty("used").GetInt64().ShouldBe(used + 2);
            var resetsAt = problem.RootElement.GetProperty("resets_at").GetDateTimeOffset();
            resetsAt.Offset.ShouldBe(TimeSpan.FromHours(3));
            resetsAt.TimeOfDay.ShouldBe(TimeSpan.Zero);
            refused.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        }

        using (var signedIn = await patient.PostWireAsync("/api/chat/message", new { message = "Merhaba" }))
            await signedIn.ShouldBeProblemAsync(429, "quota-exceeded");
        await AskAsync(api.Host, Factory).AnsweredAsync();

        var usage = await UsageAsync(Clinic);
        usage.TimeZone.ShouldBe("Europe/Istanbul");
        var questions = usage.Quotas.Single(q => q.Quota == QuotaNames.QuestionsPerDay);
        (questions.Used, questions.Limit, questions.Share, questions.NearLimit).ShouldBe((used + 2, used + 2, 1.0, true));

        await SetAsync(Clinic, new TenantQuotaSettings());
        await AskAsync(api.Host, Clinic).AnsweredAsync();
    }

    [Fact]
    public async Task What_was_asked_counts_for_other_replicas_and_after_a_restart()
    {
        await AskAsync(api.Host, Clinic).AnsweredAsync();
        var used = await UsedAsync(Clinic, QuotaNames.QuestionsPerDay);
        await SetAsync(Clinic, new TenantQuotaSettings(QuestionsPerDay: used + 1));
        await api.Host.Services.GetRequiredService<UsageMeter>().ExchangeAsync(Cancellation);

        await using (var replica = await ApiHost.Start(api.ConnectionString).ReadyAsync())
        {
            await AskAsync(replica, Clinic).AnsweredAsync();
            using var refused = await AskAsync(replica, Clinic);
            await refused.ShouldBeProblemAsync(429, "quota-exceeded");
        }

        // It wrote its count when it ended.
        await api.Host.Services.GetRequiredService<UsageMeter>().ExchangeAsync(Cancellation);
        using var here = await AskAsync(api.Host, Clinic);
        await here.ShouldBeProblemAsync(429, "quota-exceeded");
        (await UsedAsync(Clinic, QuotaNames.QuestionsPerDay)).ShouldBe(used + 1);
        await SetAsync(Clinic, new TenantQuotaSettings());
    }

    [Fact]
    public async Task With_Redis_replicas_let_through_as_many_as_there_are_and_no_more()
    {
        const int Free = 6;
        await using var redis = await RedisServer.StartNewAsync();
        var settings = new Dictionary<string, string?>
        {
            ["ConnectionStrings:redis"] = redis.ConnectionString,
            ["Redis:Timeout"] = "00:00:30",
            ["Quotas:Exchange"] = "00:01:00",
        };
        var used = await UsedAsync(Clinic, QuotaNames.QuestionsPerDay);
        await SetAsync(Clinic, new TenantQuotaSettings(QuestionsPerDay: used + Free));
        await api.Host.Services.GetRequiredService<UsageMeter>().ExchangeAsync(Cancellation);
        await using var one = await ApiHost.Start(api.ConnectionString, settings).ReadyAsync();
        await using var other = await ApiHost.Start(api.ConnectionString, settings).ReadyAsync();
        foreach (var host in new[] { one, other })
            await Eventually.UntilAsync(() => host.Services.GetRequiredService<RedisConnection>().IsUp, "Redis answers");

        var answers = await Task.WhenAll(Enumerable.Range(0, 4 * Free).Select(i => AskAsync(i % 2 == 0 ? one : other, Clinic)));

        answers.Count(a => a.StatusCode == HttpStatusCode.OK).ShouldBe(Free);
        answers.Count(a => a.StatusCode == HttpStatusCode.TooManyRequests).ShouldBe(3 * Free);
        foreach (var answer in answers)
            answer.Dispose();
        await SetAsync(Clinic, new TenantQuotaSettings());
    }

    [Fact]
    public async Task What_was_not_answered_does_not_count()
    {
        var tenant = await TenantAsync(Clinic);
        var used = await UsedAsync(Clinic, QuotaNames.QuestionsPerDay);
        await SetAsync(Clinic, new TenantQuotaSettings(QuestionsPerDay: used + 1));
        var meter = api.Host.Services.GetRequiredService<UsageMeter>();

        var (place, _) = await meter.OpenAsync(tenant, Cancellation);
        var (second, excess) = await meter.OpenAsync(tenant, Cancellation);
        second.ShouldBeNull();
        excess!.Used.ShouldBe(used + 1);
        await place!.CloseAsync(isAnswered: false);

        (await UsedAsync(Clinic, QuotaNames.QuestionsPerDay)).ShouldBe(used);
        await AskAsync(api.Host, Clinic).AnsweredAsync();
        await SetAsync(Clinic, new TenantQuotaSettings());
    }

    [Fact]
    public async Task Tokens_of_models_count_by_tenant_and_day()
    {
        var used = await UsedAsync(Clinic, QuotaNames.TokensPerDay);
        await SetAsync(Clinic, new TenantQuotaSettings(TokensPerDay: used + 400));
        await AskAsync(api.Host, Clinic).AnsweredAsync();

        api.Host.Services.GetRequiredService<TokenCounts>().Add(await TenantAsync(Clinic), 500);

        using var refused = await AskAsync(api.Host, Clinic, language: "en");
        (await refused.ShouldBeProblemAsync(429, "quota-exceeded")).ShouldContain("tokens");
        await api.Host.Services.GetRequiredService<UsageMeter>().ExchangeAsync(Cancellation);
        (await UsedAsync(Clinic, QuotaNames.TokensPerDay)).ShouldBe(used + 500);
        await SetAsync(Clinic, new TenantQuotaSettings());
    }

    [Fact]
    public async Task Uploads_over_the_quota_are_refused_and_leave_no_file()
    {
        using var editor = await api.Host.SignInAsync("editor");
        var first = await editor.AddAsync("kota-bir.txt", Encoding.UTF8.GetBytes(Text("Kotaya giren ilk belge.", 40)));
        await editor.FinishedAsync(first.Id);
        var files = FilesOf(api.Host);
        var (documents, bytes) = (await UsedAsync(Factory, QuotaNames.Documents), await UsedAsync(Factory, QuotaNames.StorageBytes));
        documents.ShouldBeGreaterThan(0);
        bytes.ShouldBeGreaterThan(0);

        await SetAsync(Factory, new TenantQuotaSettings(Documents: documents));
        await ShouldBeRefusedAsync(editor.UploadAsync("kota-iki.txt", Encoding.UTF8.GetBytes(Text("İkinci belge.", 40))), QuotaNames.Documents);
        await SetAsync(Factory, new TenantQuotaSettings(StorageBytes: bytes + 100));
        await ShouldBeRefusedAsync(editor.UploadAsync("kota-iki.txt", Encoding.UTF8.GetBytes(Text("İkinci belge.", 40))), QuotaNames.StorageBytes);
        await ShouldBeRefusedAsync(
            editor.SendFileAsync(HttpMethod.Put, $"{Documents.Path}/{first.Id}/file", "kota-bir.txt", Encoding.UTF8.GetBytes(Text("Yenisi.", 90))),
            QuotaNames.StorageBytes);

        FilesOf(api.Host).ShouldBe(files);
        (await UsedAsync(Factory, QuotaNames.Documents)).ShouldBe(documents);
        await SetAsync(Factory, new TenantQuotaSettings(Documents: documents + 1, StorageBytes: bytes + 10_000));
        var second = await editor.AddAsync("kota-iki.txt", Encoding.UTF8.GetBytes(Text("İkinci belge.", 40)));
        await editor.FinishedAsync(second.Id);
        await SetAsync(Factory, new TenantQuotaSettings());
    }

    [Fact]
    public async Task Uploads_at_once_do_not_share_the_last_place()
    {
        using var editor = await api.Host.SignInAsync("editor");
        await SetAsync(Factory, new TenantQuotaSettings(Documents: await UsedAsync(Factory, QuotaNames.Documents) + 1));

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i =>
            editor.UploadAsync($"yarış-{i}.txt", Encoding.UTF8.GetBytes(Text($"Yarışan belge {i}.", 20)))));

        answers.Count(a => a.StatusCode == HttpStatusCode.Accepted).ShouldBe(1);
        answers.Count(a => a.StatusCode == HttpStatusCode.TooManyRequests).ShouldBe(3);
        await editor.FinishedAsync((await answers.Single(a => a.StatusCode == HttpStatusCode.Accepted).ReadWireAsync<DocumentRecord>()).Id);
        await SetAsync(Factory, new TenantQuotaSettings());
    }

    [Fact]
    public async Task Quotas_are_the_operators_and_usage_is_the_admins()
    {
        await SetAsync(Factory, new TenantQuotaSettings(Documents: 5_000, TimeZone: "Europe/Istanbul"));
        using var admin = await api.Host.SignInAsync("yonetici");
        using (var refused = await admin.PutWireAsync(PathOf(Factory), new TenantQuotaSettings()))
            await refused.ShouldBeProblemAsync(403, "forbidden");
        using (var editor = await api.Host.SignInAsync("editor"))
        using (var refused = await editor.GetAsync(new Uri("/api/v1/admin/usage", UriKind.Relative), Cancellation))
            await refused.ShouldBeProblemAsync(403, "forbidden");
        (await admin.GetWireAsync<TenantUsage>("/api/v1/admin/usage")).Quotas.Single(q => q.Quota == QuotaNames.Documents).Limit.ShouldBe(5_000);

        using var platform = await api.Host.SignInAsync("operator");
        (await platform.GetWireAsync<TenantQuotaSettings>(PathOf(Factory))).ShouldBe(new TenantQuotaSettings(Documents: 5_000, TimeZone: "Europe/Istanbul"));
        var changed = (await admin.GetWireAsync<Page<AuditItem>>("/api/v1/admin/audit?verb=quota-changed")).Items[0];
        changed.After!.Value.GetProperty("documents").GetInt64().ShouldBe(5_000);
        using (var unknown = await platform.PutWireAsync(PathOf("yok"), new TenantQuotaSettings()))
            await unknown.ShouldBeProblemAsync(404, "tenant-not-found");
        using (var negative = await platform.PutWireAsync(PathOf(Factory), new TenantQuotaSettings(Documents: -1)))
            (await negative.ShouldBeProblemAsync(400, "quota-invalid")).ShouldContain("documents");
        using (var zone = await platform.PutWireAsync(PathOf(Factory), new TenantQuotaSettings(TimeZone: "Ay/Deniz")))
            await zone.ShouldBeProblemAsync(400, "quota-time-zone-unknown");
        await SetAsync(Factory, new TenantQuotaSettings());
    }

    [Theory]
    [InlineData("UTC", "2026-03-07T23:30:00Z", "2026-03-07", "2026-03-08T00:00:00+00:00")]
    [InlineData("Europe/Istanbul", "2026-03-07T21:30:00Z", "2026-03-08", "2026-03-09T00:00:00+03:00")]
    [InlineData("America/Havana", "2026-03-07T12:00:00Z", "2026-03-07", "2026-03-08T01:00:00-04:00")]
    public void A_day_is_the_tenants_own_and_ends_when_the_next_begins(string zone, string now, string day, string end)
    {
        var quota = new EffectiveQuota(null, null, null, null, TimeZoneInfo.FindSystemTimeZoneById(zone));

        var today = quota.DayOf(DateTimeOffset.Parse(now, CultureInfo.InvariantCulture));

        today.ShouldBe(DateOnly.Parse(day, CultureInfo.InvariantCulture));
        quota.EndOf(today).ShouldBe(DateTimeOffset.Parse(end, CultureInfo.InvariantCulture));
    }

    private static string PathOf(string tenant) => $"/api/v1/admin/tenants/{tenant}/quotas";

    private static string Text(string sentence, int times) => string.Concat(Enumerable.Repeat(sentence + "\n", times));

    private static int FilesOf(ApiHost host)
    {
        var folder = host.Services.GetRequiredService<IOptions<FileStoreOptions>>().Value.Folder;
        return Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Length;
    }

    private static async Task<HttpResponseMessage> AskAsync(ApiHost host, string tenant, string message = "Merhaba", string language = "tr")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/chat")
        {
            Content = new StringContent(JsonSerializer.Serialize(new { message }), Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("X-Tenant", tenant);
        request.Headers.AcceptLanguage.ParseAdd(language);
        return await host.Anonymous.SendAsync(request, Cancellation);
    }

    private static async Task ShouldBeRefusedAsync(Task<HttpResponseMessage> upload, string quota)
    {
        using var refused = await upload;
        await refused.ShouldBeProblemAsync(429, "quota-exceeded");
        refused.Headers.RetryAfter.ShouldBeNull();
        (await refused.Content.ReadAsStringAsync(Cancellation)).ShouldContain($"\"quota\":\"{quota}\"");
    }

    private async Task SetAsync(string tenant, TenantQuotaSettings settings)
    {
        using var platform = await api.Host.SignInAsync("operator");
        using var set = await platform.PutWireAsync(PathOf(tenant), settings);
        (await set.ReadWireAsync<TenantQuotaSettings>()).ShouldBe(settings);
    }

    private async Task<TenantUsage> UsageAsync(string tenant)
    {
        using var platform = await api.Host.SignInAsync("operator");
        platform.DefaultRequestHeaders.Add("X-Tenant", tenant);
        return await platform.GetWireAsync<TenantUsage>("/api/v1/admin/usage");
    }

    private async Task<long> UsedAsync(string tenant, string quota) =>
        (await UsageAsync(tenant)).Quotas.Single(q => q.Quota == quota).Used;

    private async Task<Guid> TenantAsync(string slug) =>
        (await api.Host.Services.GetRequiredService<TenantDirectory>().FindAsync(slug, Cancellation))!.Id;
}

internal static class Asked
{
    public static async Task AnsweredAsync(this Task<HttpResponseMessage> asked)
    {
        using var answer = await asked;
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
