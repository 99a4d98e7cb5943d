using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Review;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Knowledge.Review;

public sealed class ReviewTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Knowledge = "/api/v1/knowledge";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_editor_sees_why_and_what_a_replay_would_do_otherwise()
    {
        var answer = await AskAsync("demo", "Şifremi unuttum");
        using var editor = await api.Host.SignInAsync("editor");

        var why = await editor.GetWireAsync<AnswerExplanation>($"{Knowledge}/exchanges/{answer.MessageId}/why");
        why.Question.ShouldBe("Şifremi unuttum");
        why.Why.GetProperty("candidates")[0].GetProperty("id").GetString().ShouldBe(answer.Sources[0].Id);
        why.Why.GetProperty("thresholds").GetProperty("answer_at").GetDouble().ShouldBeGreaterThan(0);

        var same = await editor.PostWireAsync<AnswerReplay>($"{Knowledge}/exchanges/{answer.MessageId}/replay", new { });
        same.Answer.Response.ShouldBe(answer.Response);

        await ChangeKnowledgeAsync("fabrika");
        var later = await editor.PostWireAsync<AnswerReplay>($"{Knowledge}/exchanges/{answer.MessageId}/replay", new { });
        later.Differences.Select(d => d.What).ShouldContain("knowledge_version");
        later.Stored.Answer.Response.ShouldBe(answer.Response);
    }

    [Fact]
    public async Task Another_tenants_exchange_is_not_found_and_members_see_no_why()
    {
        var answer = await AskAsync("demo", "Şifremi unuttum");
        using var platform = await api.Host.SignInAsync("operator");
        platform.DefaultRequestHeaders.Add("X-Tenant", "klinik");
        using var stranger = await platform.GetAsync(new Uri($"{Knowledge}/exchanges/{answer.MessageId}/why", UriKind.Relative), Cancellation);
        await stranger.ShouldBeProblemAsync(404, "exchange-not-found");

        using var member = await api.Host.SignInAsync("demo");
        using var refused = await member.GetAsync(new Uri($"{Knowledge}/exchanges/{answer.MessageId}/why", UriKind.Relative), Cancellation);
        ((int)refused.StatusCode).ShouldBe(403);
    }

    [Fact]
    public async Task The_bench_shows_every_stage_and_stores_nothing()
    {
        using var editor = await api.Host.SignInAsync("editor");
        var before = await ExchangesAsync();

        var result = await editor.PostWireAsync<BenchResult>($"{Knowledge}/bench", new BenchRequest("Yıllık izin talebi nasıl girilir?"));

        result.Answer.Sources[0].Id.ShouldBe("yillik-izin-talebi");
        string[] stages = ["full_text", "keywords", "synonyms", "trigram", "vector", "phrase"];
        stages.ShouldBeSubsetOf(result.Stages.Select(s => s.Name));
        result.Stages.Single(s => s.Name == "keywords").Candidates[0].Score.ShouldBe(1);
        result.Stages.Single(s => s.Name == "phrase").Candidates[0].Id.ShouldBe("yillik-izin-talebi");
        result.Why.GetProperty("timings").EnumerateObject().ShouldNotBeEmpty();
        (await ExchangesAsync()).ShouldBe(before);

        using var empty = await editor.PostWireAsync($"{Knowledge}/bench", new BenchRequest("  "));
        await empty.ShouldBeProblemAsync(400, "bench-question");
    }

    [Fact]
    public async Task Unanswered_questions_are_grouped_drafted_and_dismissed()
    {
        foreach (var question in (string[])["Şirketin yüzme havuzu var mı acaba?", "şirketin yüzme havuzu var mı", "Sirketin yuzme havuzu var mi?", "Ay'a roket ne zaman kalkıyor?"])
            (await AskAsync("demo", question)).Decision.ShouldBe(Decision.Decline, question);
        using var editor = await api.Host.SignInAsync("editor");

        var groups = (await editor.GetWireAsync<Page<UnansweredGroup>>($"{Knowledge}/unanswered")).Items;
        var pool = groups.Single(g => g.Question.Contains("havuz", StringComparison.Ordinal) || g.Question.Contains("yuzme", StringComparison.Ordinal));
        (pool.Count, pool.Askers, pool.NotHelpful).ShouldBe((3, 1, 0));
        pool.Wordings.Count.ShouldBe(2);
        groups[0].Key.ShouldBe(pool.Key);

        var draft = await editor.PostWireAsync<DraftedEntry>($"{Knowledge}/unanswered/draft", new DraftUnanswered(pool.Key, "Yüzme havuzu"));
        var entry = await editor.GetWireAsync<Entry>($"{Knowledge}/entries/{draft.Id}");
        (entry.Status, entry.Texts["tr"].Title).ShouldBe(("draft", "Yüzme havuzu"));
        entry.Texts["tr"].Questions.Count.ShouldBe(2);

        var rocket = groups.Single(g => g.Question.Contains("roket", StringComparison.Ordinal));
        using var dismissed = await editor.PostWireAsync($"{Knowledge}/unanswered/dismiss", new DismissUnanswered(rocket.Key));
        dismissed.IsSuccessStatusCode.ShouldBeTrue();
        await AskAsync("demo", "Ay'a roket ne zaman kalkıyor");
        var left = (await editor.GetWireAsync<Page<UnansweredGroup>>($"{Knowledge}/unanswered")).Items;
        left.ShouldNotContain(g => g.Key == pool.Key || g.Key == rocket.Key);

        using var gone = await editor.PostWireAsync($"{Knowledge}/unanswered/draft", new DraftUnanswered(pool.Key));
        await gone.ShouldBeProblemAsync(404, "unanswered-group-not-found");
        using var days = await editor.GetAsync(new Uri($"{Knowledge}/unanswered?days=0", UriKind.Relative), Cancellation);
        await days.ShouldBeProblemAsync(400, "days-out-of-range");
    }

    [Fact]
    public async Task Entries_that_end_soon_are_listed_and_open_one_task()
    {
        await using (var scope = api.Host.Services.CreateAsyncScope())
        {
            var soon = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(9);
            await scope.ServiceProvider.WholeDatabase().KnowledgeEntries.Where(e => e.Id == "otopark")
                .ExecuteUpdateAsync(e => e.SetProperty(x => x.ExpiresOn, soon), Cancellation);
        }

        using var editor = await api.Host.SignInAsync("editor");
        var row = (await editor.GetWireAsync<Page<ExpiringEntry>>($"{Knowledge}/entries/expiring?days=10")).Items.Single();
        (row.Id, row.DaysLeft).ShouldBe(("otopark", 9));
        (await editor.GetWireAsync<Page<ExpiringEntry>>($"{Knowledge}/entries/expiring?days=8")).Items.ShouldBeEmpty();

        var tasks = api.Host.Services.GetRequiredService<ExpiryTasks>();
        (await tasks.OpenAsync(Cancellation)).ShouldBe(1);
        (await tasks.OpenAsync(Cancellation)).ShouldBe(0);
        (await editor.GetWireAsync<Page<TaskItem>>($"{Knowledge}/tasks?kind=expiry")).Items.Single().EntryId.ShouldBe("otopark");
    }

    [Fact]
    public async Task Contradictions_with_published_entries_are_shown_side_by_side_before_publishing()
    {
        using var editor = await api.Host.SignInAsync("editor");
        var made = await editor.PostWireAsync<Entry>($"{Knowledge}/entries", new EntryWrite
        {
            Category = "Ulaşım",
            Owner = "İdari İşler",
            Texts = new Dictionary<string, EntryTextWrite?> { ["tr"] = new("Otopark kullanımı", ["Saha içinde kaçla gidilir?"], "Saha içi hız sınırı 30 km/saattir.") },
        });

        var item = (await editor.GetWireAsync<Page<ContradictionItem>>($"{Knowledge}/entries/{made.Id}/contradictions")).Items[0];

        item.Kind.ShouldBe("quantity:km");
        (item.Left.EntryId, item.Left.Value).ShouldBe((made.Id, "30"));
        (item.Right.EntryId, item.Right.Value).ShouldBe(("otopark", "20"));
        item.Right.Sentence.ShouldContain("20 km/saat");
        (await editor.GetWireAsync<Page<ContradictionItem>>($"{Knowledge}/contradictions?limit=100")).Items.ShouldNotContain(c => c.Left.EntryId == made.Id);
    }

    private async Task<ChatAnswer> AskAsync(string user, string question)
    {
        using var client = await api.Host.SignInAsync(user);
        return await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest(question));
    }

    private async Task<int> ExchangesAsync()
    {
        await using var scope = api.Host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.WholeDatabase().Exchanges.CountAsync(Cancellation);
    }

    private async Task ChangeKnowledgeAsync(string slug)
    {
        var tenant = await KnowledgeFixture.TenantAsync(api.Host, slug);
        await using var scope = api.Host.Services.CreateAsyncScope();
        await scope.ServiceProvider.WholeDatabase().Database
            .ExecuteSqlAsync($"update knowledge_bases set version = version + 1 where tenant_id = {tenant.Id}", Cancellation);
    }
}
