using System.Net;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Knowledge.Entries;

public sealed class SynonymTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    [Fact]
    public async Task A_group_is_added_changed_and_removed_and_the_search_follows()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        const string Question = "Zımbırtı nasıl yenilenir?";
        var entry = await editor.PublishAsync(EditorClient.Write("Marpuç nasıl yenilenir?", "Depodan alınır.", "Marpuç yenileme"));
        var before = await ProbabilityAsync(editor, Question, entry.Id);

        using var added = await editor.SendAsync(HttpMethod.Post, "/synonyms", new SynonymTerms(["marpuç", " zımbırtı "]));
        added.StatusCode.ShouldBe(HttpStatusCode.Created);
        var group = await added.ReadWireAsync<SynonymItem>();
        group.Terms.ShouldBe(["marpuç", "zımbırtı"]);
        added.Headers.ETag!.Tag.ShouldBe(group.ETag);
        (await ProbabilityAsync(editor, Question, entry.Id)).ShouldBeGreaterThan(before + 0.1);
        (await editor.ReadAsync<Page<SynonymItem>>("/synonyms?q=ZIMBIRTI")).Items.ShouldHaveSingleItem().Id.ShouldBe(group.Id);

        using (var blind = await editor.SendAsync(HttpMethod.Delete, $"/synonyms/{group.Id}"))
            await blind.ShouldBeProblemAsync(428, "precondition-missing");
        using var changed = await editor.SendAsync(HttpMethod.Put, $"/synonyms/{group.Id}", new SynonymTerms(["marpuç", "nargile ucu"]), group.ETag);
        var present = await changed.ReadWireAsync<SynonymItem>();
        (await ProbabilityAsync(editor, Question, entry.Id)).ShouldBe(before, 1e-3);
        using (var stale = await editor.SendAsync(HttpMethod.Put, $"/synonyms/{group.Id}", new SynonymTerms(["a b", "c"]), group.ETag))
        {
            await stale.ShouldBeProblemAsync(412, "changed-meanwhile");
            stale.Headers.ETag!.Tag.ShouldBe(present.ETag);
        }

        using (var removed = await editor.SendAsync(HttpMethod.Delete, $"/synonyms/{group.Id}", null, present.ETag))
            removed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var gone = await editor.SendAsync(HttpMethod.Delete, $"/synonyms/{group.Id}", null, present.ETag);
        await gone.ShouldBeProblemAsync(404, "synonyms-not-found");
    }

    [Fact]
    public async Task A_preview_shows_what_would_change_and_changes_nothing()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        const string Question = "Fırfır nerede durur?";
        var entry = await editor.PublishAsync(EditorClient.Write("Kalpak nerede durur?", "Vestiyerde.", "Kalpak yeri"));
        var groups = await AllAsync(editor);
        var answer = await editor.AskAsync(Question);

        var preview = await editor.Http.PostWireAsync<SynonymPreview>(
            $"{EditorClient.Root}/synonyms/preview",
            new SynonymTrial(Add: [new(["kalpak", "fırfır"])], Questions: [Question, "Şifremi unuttum"]));

        preview.Asked.ShouldBe(2);
        var effect = preview.Effects.ShouldHaveSingleItem();
        (effect.Question, effect.Language, effect.Source).ShouldBe((Question, "tr", "given"));
        effect.After.Top[0].Id.ShouldBe(entry.Id);
        effect.After.Top[0].Probability.ShouldBeGreaterThan(
            (effect.Before.Top.FirstOrDefault(t => t.Id == entry.Id)?.Probability ?? 0) + 0.1);
        (await AllAsync(editor)).Select(g => (g.Id, g.ETag)).ShouldBe(groups.Select(g => (g.Id, g.ETag)));
        var again = await editor.AskAsync(Question);
        (again.Decision, again.Response, again.Confidence).ShouldBe((answer.Decision, answer.Response, answer.Confidence));
    }

    [Fact]
    public async Task A_preview_without_questions_takes_those_that_people_asked()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        using var member = await api.Host.SignInAsync("demo");
        const string Question = "Pırpır nereye park edilir?";
        await member.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest(Question));

        var preview = await editor.Http.PostWireAsync<SynonymPreview>(
            $"{EditorClient.Root}/synonyms/preview", new SynonymTrial(Add: [new(["pırpır", "araç", "otomobil"])]));
        preview.Effects.ShouldContain(e => e.Question == Question && e.Source == "asked");
    }

    [Fact]
    public async Task Risky_groups_are_warned_of()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        var first = await editor.PublishAsync(EditorClient.Write("Kayık nerede?", "İskelede.", "Kayık"));
        var second = await editor.PublishAsync(EditorClient.Write("Uçurtma nerede?", "Depoda.", "Uçurtma"));
        using var added = await editor.SendAsync(HttpMethod.Post, "/synonyms", new SynonymTerms(["kayık", "sandal"]));
        added.StatusCode.ShouldBe(HttpStatusCode.Created);

        var warnings = (await editor.Http.PostWireAsync<SynonymPreview>(
            $"{EditorClient.Root}/synonyms/preview",
            new SynonymTrial(Add: [new(["KAYIK", "uçurtma"])], Questions: ["Kayık nerede?"]))).Warnings;
        warnings.ShouldContain(w => w.Code == "term-in-several-groups" && w.Terms[0] == "KAYIK");
        var joins = warnings.Single(w => w.Code == "joins-entries");
        joins.Entries.ShouldBe([first.Id, second.Id], ignoreOrder: true);
        joins.Sentence.ShouldContain("Uçurtma");
    }

    [Fact]
    public async Task Groups_that_make_no_sense_are_refused_with_every_reason()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        using (var single = await editor.SendAsync(HttpMethod.Post, "/synonyms", new SynonymTerms(["tek"])))
            await single.ShouldBeProblemAsync(400, "invalid-fields");
        using (var same = await editor.SendAsync(HttpMethod.Post, "/synonyms", new SynonymTerms(["İZİN", "izin"])))
            await same.ShouldBeProblemAsync(400, "invalid-fields");
        using (var nothing = await editor.SendAsync(HttpMethod.Post, "/synonyms/preview", new SynonymTrial()))
            await nothing.ShouldBeProblemAsync(400, "invalid-fields");
        using var unknown = await editor.SendAsync(
            HttpMethod.Post, "/synonyms/preview", new SynonymTrial(Remove: [Guid.Empty], Change: [new(Guid.Empty, ["a b", "c d"])]));
        var detail = await unknown.ShouldBeProblemAsync(400, "invalid-fields");
        detail.ShouldContain("remove[0]");
        detail.ShouldContain("change[0].id");
    }

    private static async Task<double> ProbabilityAsync(EditorClient editor, string question, string id) =>
        (await editor.AskAsync(question)).Sources.FirstOrDefault(s => s.Id == id)?.Score ?? 0;

    private static async Task<List<SynonymItem>> AllAsync(EditorClient editor)
    {
        var groups = new List<SynonymItem>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await editor.ReadAsync<Page<SynonymItem>>($"/synonyms?limit=100{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}");
            groups.AddRange(page.Items);
            cursor = page.Next;
        }

        return groups;
    }
}
