using System.Net;
using System.Text.Json.Nodes;
using Mefapex.Api.Audit;
using Mefapex.Contracts;
using Mefapex.Contracts.Audit;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Operations;
using Mefapex.Tests.Api.Knowledge;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Operations;

public sealed class OperationsTests(KnowledgeFixture knowledge) : IClassFixture<KnowledgeFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ApiHost Host => knowledge.Vectors;

    [Theory]
    [InlineData("GET", "/stats")]
    [InlineData("GET", "/system/memory")]
    [InlineData("GET", "/system/circuit-breaker-status")]
    [InlineData("GET", "/admin/cache/stats")]
    [InlineData("GET", "/admin/cache/health")]
    [InlineData("POST", "/admin/cache/clear")]
    [InlineData("POST", "/system/memory/cleanup")]
    [InlineData("POST", "/system/force-fallback")]
    [InlineData("DELETE", "/system/force-fallback")]
    public async Task Figures_and_switches_are_for_admins_alone(string method, string path)
    {
        (await StatusAsync(Host.Anonymous, method, path)).ShouldBe(HttpStatusCode.Unauthorized);
        foreach (var name in new[] { "demo", "editor", "hasta" })
        {
            using var client = await Host.SignInAsync(name);
            (await StatusAsync(client, method, path)).ShouldBe(HttpStatusCode.Forbidden, name);
        }

        using var admin = await Host.SignInAsync("yonetici");
        ((int)await StatusAsync(admin, method, path)).ShouldBeOneOf(200, 429);
        (await StatusAsync(admin, "DELETE", "/system/force-fallback")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_cache_tells_what_it_did_and_forgets_the_answers_of_one_tenant_or_of_all()
    {
        using var admin = await Host.SignInAsync("yonetici");
        using var platform = await Host.SignInAsync("operator");
        await admin.PostWireAsync<CacheCleared>("/admin/cache/clear", new { });
        var before = await admin.GetWireAsync<CacheStats>("/admin/cache/stats");

        (await AskAsync("fabrika")).Cached.ShouldBeFalse();
        (await AskAsync("fabrika")).Cached.ShouldBeTrue();
        (await AskAsync("klinik")).Cached.ShouldBeFalse();

        var after = await admin.GetWireAsync<CacheStats>("/admin/cache/stats");
        after.ShouldSatisfyAllConditions(
            s => s.Scope.ShouldBe("fabrika"),
            s => (s.Hits - before.Hits).ShouldBe(1),
            s => (s.Misses - before.Misses).ShouldBe(1),
            s => s.Entries.ShouldBe(1),
            s => s.Bytes.ShouldBeGreaterThan(0),
            s => s.HitRate.ShouldBeInRange(0.0001, 0.9999));
        (await platform.GetWireAsync<CacheStats>("/admin/cache/stats")).Entries.ShouldBeGreaterThanOrEqualTo(2);

        (await admin.PostWireAsync<CacheCleared>("/admin/cache/clear", new { })).ShouldBe(new CacheCleared("success", "fabrika", 1));
        (await AskAsync("klinik")).Cached.ShouldBeTrue();
        (await AskAsync("fabrika")).Cached.ShouldBeFalse();
        (await platform.PostWireAsync<CacheCleared>("/admin/cache/clear", new { })).Scope.ShouldBe("all");
        (await AskAsync("klinik")).Cached.ShouldBeFalse();
        (await VerbsAsync(admin)).ShouldContain(AuditVerbs.CacheCleared);
    }

    [Fact]
    public async Task A_forced_fallback_holds_for_its_tenant_until_it_is_lifted()
    {
        using var admin = await Host.SignInAsync("yonetici");
        (await AskAsync("fabrika", "Şifremi unuttum")).Degradation.ShouldBe(Degradation.NoGenerator);

        var forced = await admin.PostWireAsync<FallbackState>("/system/force-fallback", new { reason = "model değişiyor", minutes = 5 });

        forced.ShouldSatisfyAllConditions(
            f => f.Status.ShouldBe("forced"),
            f => f.Scope.ShouldBe("fabrika"),
            f => (f.Until - f.ForcedAt).ShouldBe(TimeSpan.FromMinutes(5)));
        var answer = await AskAsync("fabrika", "Şifremi unuttum");
        answer.Degradation.ShouldBe(Degradation.Lexical);
        answer.Decision.ShouldBe(Decision.Answer);
        (await AskAsync("klinik", "Şifremi unuttum")).Degradation.ShouldBe(Degradation.NoGenerator);
        var shown = (await admin.GetWireAsync<CircuitBreakers>("/system/circuit-breaker-status")).Fallback.ShouldHaveSingleItem();
        shown.Reason.ShouldBe("model değişiyor");

        using var lifting = await admin.DeleteAsync(new Uri("/system/force-fallback", UriKind.Relative), Cancellation);
        (await lifting.ReadWireAsync<FallbackState>()).Status.ShouldBe("none");
        (await AskAsync("fabrika", "Şifremi unuttum")).Degradation.ShouldBe(Degradation.NoGenerator);
        var verbs = await VerbsAsync(admin);
        verbs.ShouldContain(AuditVerbs.FallbackForced);
        verbs.ShouldContain(AuditVerbs.FallbackLifted);
    }

    [Theory]
    [InlineData(0, "x", "fallback-minutes")]
    [InlineData(1441, "x", "fallback-minutes")]
    [InlineData(5, null, "fallback-reason")]
    public async Task A_fallback_without_end_or_with_an_endless_reason_is_refused(int minutes, string? reason, string problem)
    {
        using var admin = await Host.SignInAsync("yonetici");
        using var refused = await admin.PostWireAsync("/system/force-fallback", new { minutes, reason = reason ?? new string('a', 201) });
        await refused.ShouldBeProblemAsync(400, problem);
    }

    [Fact]
    public async Task Memory_is_measured_and_cleaned_once_in_a_while()
    {
        using var admin = await Host.SignInAsync("yonetici");
        using var first = await admin.PostWireAsync("/system/memory/cleanup", new { });
        using var second = await admin.PostWireAsync("/system/memory/cleanup", new { });

        if (first.StatusCode == HttpStatusCode.OK)
            (await first.ReadWireAsync<MemoryCleaned>()).HeapMb.ShouldBeGreaterThan(1);
        await second.ShouldBeProblemAsync(429, "cleanup-too-soon");
        second.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        (await VerbsAsync(admin)).ShouldContain(AuditVerbs.MemoryCleaned);
        var memory = await admin.GetWireAsync<MemoryFigures>("/system/memory");
        memory.ShouldSatisfyAllConditions(
            m => m.WorkingSetMb.ShouldBeGreaterThan(10),
            m => m.HeapMb.ShouldBeGreaterThan(1),
            m => m.AvailableMb.ShouldBeGreaterThan(m.HeapMb),
            m => m.Collections.Count.ShouldBe(3),
            m => m.Collections[2].ShouldBeGreaterThan(0));
    }

    [Fact]
    public async Task Breakers_are_closed_while_the_service_answers_and_figures_count_what_is_stored()
    {
        using var admin = await Host.SignInAsync("yonetici");
        using var member = await Host.SignInAsync("demo");
        var before = await admin.GetWireAsync<ServiceStats>("/stats");
        await member.PostWireAsync<ChatAnswer>("/chat/authenticated", new { message = "Merhaba" });

        var stats = await admin.GetWireAsync<ServiceStats>("/stats");
        (stats.Messages - before.Messages).ShouldBe(1);
        (stats.Decisions24H[Decision.Smalltalk] - before.Decisions24H.GetValueOrDefault(Decision.Smalltalk)).ShouldBe(1);
        stats.Users.ShouldBeGreaterThanOrEqualTo(3);
        stats.Entries.ShouldBeGreaterThan(5);
        var breakers = await admin.GetWireAsync<CircuitBreakers>("/system/circuit-breaker-status");
        breakers.Breakers["ai"].State.ShouldBe("closed");
        breakers.Breakers["ai"].Since.ShouldNotBeNull();
        var away = await StatesAsync(knowledge.Lexical);
        away["ai"]!["state"]!.GetValue<string>().ShouldBe("open");
    }

    [Fact]
    public async Task Health_says_in_a_word_to_everybody_and_in_figures_to_admins_how_each_service_is()
    {
        var all = await Host.Anonymous.GetWireAsync<ServicesHealth>("/health/comprehensive");
        foreach (var name in new[] { "database", "ai", "cache", "rate-limiter" })
        {
            all.Services[name].ShouldBe(new ServiceState("healthy"), name);
            var one = await Host.Anonymous.GetWireAsync<ServicesHealth>($"/api/health/{name}");
            one.Services.ShouldHaveSingleItem().Key.ShouldBe(name);
            one.UptimeSeconds.ShouldBeGreaterThan(0);
        }

        using var member = await Host.SignInAsync("demo");
        (await member.GetWireAsync<ServicesHealth>("/api/health/")).Services["cache"].Figures.ShouldBeNull();
        using var admin = await Host.SignInAsync("yonetici");
        (await admin.GetWireAsync<ServicesHealth>("/api/health/")).Services["cache"].Figures.ShouldNotBeNull().Keys.ShouldContain("hit_rate");
        (await admin.GetWireAsync<CacheHealthReport>("/admin/cache/health")).Cache.Description.ShouldNotBeNull().ShouldContain("memory");

        var lexical = await knowledge.Lexical.Anonymous.GetWireAsync<ServicesHealth>("/api/health/ai");
        lexical.Status.ShouldBe("degraded");
        (await knowledge.Lexical.Anonymous.GetWireAsync<ServicesHealth>("/api/health/database")).Status.ShouldBe("healthy");
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await client.SendAsync(request, Cancellation);
        return response.StatusCode;
    }

    private static async Task<JsonNode> StatesAsync(ApiHost host)
    {
        using var admin = await host.SignInAsync("yonetici");
        return JsonNode.Parse(await admin.GetStringAsync(new Uri("/system/circuit-breaker-status", UriKind.Relative), Cancellation))!["circuit_breakers"]!;
    }

    private static async Task<IReadOnlyList<string>> VerbsAsync(HttpClient admin) =>
        [.. (await admin.GetWireAsync<Page<AuditItem>>("/api/v1/admin/audit?limit=200")).Items.Select(item => item.Verb)];

    private async Task<ChatAnswer> AskAsync(string tenant, string question = "Yemekhane nerede?")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/chat")
        {
            Content = System.Net.Http.Json.JsonContent.Create(new { message = question }),
            Headers = { { "X-Tenant", tenant } },
        };
        using var response = await Host.Anonymous.SendAsync(request, Cancellation);
        return await response.ReadWireAsync<ChatAnswer>();
    }
}
