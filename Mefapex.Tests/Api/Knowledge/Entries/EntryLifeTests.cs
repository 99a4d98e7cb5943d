using System.Net;
using System.Text.Json;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Knowledge.Entries;

public sealed class EntryLifeTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    [Fact]
    public async Task An_entry_goes_from_draft_over_review_to_publication_and_answers_at_once()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        const string Question = "Zeplin biletimi nereden alırım?";
        (await editor.AskAsync(Question)).Sources.ShouldNotContain(s => s.Title == "Zeplin bileti");

        var entry = await editor.CreateAsync(EditorClient.Write(Question, "Zeplin bileti **kapı 3**'te satılır.", "Zeplin bileti"));
        entry.Id.ShouldBe("zeplin-bileti");
        entry.Status.ShouldBe("draft");
        entry.PublishedVersion.ShouldBeNull();
        (await editor.AskAsync(Question)).Sources.ShouldNotContain(s => s.Id == entry.Id);

        entry = await editor.DoAsync(entry, "review", new EntryNote("bakar mısınız"));
        (entry.Status, entry.Note).ShouldBe(("review", "bakar mısınız"));
        (await editor.AskAsync(Question)).Sources.ShouldNotContain(s => s.Id == entry.Id);

        entry = await editor.DoAsync(entry, "publish");
        (entry.Status, entry.PublishedVersion).ShouldBe(("published", 1));
        var answer = await editor.AskAsync(Question);
        answer.Decision.ShouldBe(Decision.Answer);
        answer.Response.ShouldBe("Zeplin bileti **kapı 3**'te satılır.");

        var version = await editor.ReadAsync<EntryVersion>($"/entries/{entry.Id}/versions/1");
        (version.Author, version.PublishedBy, version.Status).ShouldBe(("editor", "editor", "published"));
    }

    [Fact]
    public async Task The_published_version_serves_while_a_draft_is_written_and_the_new_one_after_its_publication()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        const string Question = "Fagot nereden ödünç alınır?";
        var entry = await editor.PublishAsync(EditorClient.Write(Question, "Fagot A binasında.", "Fagot ödünç alma"));

        entry = await editor.DoAsync(entry, "edit", EditorClient.Write(Question, "Fagot B binasında.", "Fagot ödünç alma"));
        (entry.Status, entry.Version, entry.PublishedVersion).ShouldBe(("draft", 2, 1));
        (await editor.AskAsync(Question)).Response.ShouldBe("Fagot A binasında.");
        entry = await editor.DoAsync(entry, "review");
        (await editor.AskAsync(Question)).Response.ShouldBe("Fagot A binasında.");
        entry = await editor.DoAsync(entry, "publish");
        (await editor.AskAsync(Question)).Response.ShouldBe("Fagot B binasında.");

        var versions = await editor.ReadAsync<Page<EntryVersionSummary>>($"/entries/{entry.Id}/versions");
        versions.Items.Select(v => (v.Version, v.Status)).ShouldBe([(2, "published"), (1, "superseded")]);
        var listed = await editor.ReadAsync<Page<Dictionary<string, object>>>($"/entries/{entry.Id}/versions");
        listed.Items.ShouldAllBe(v => v.ContainsKey("title") && !v.ContainsKey("texts"));

        entry = await editor.DoAsync(entry, "rollback", new EntryRollback(1, "B binası kapandı"));
        (entry.Status, entry.Version, entry.PublishedVersion, entry.Note).ShouldBe(("published", 3, 3, "B binası kapandı"));
        (await editor.AskAsync(Question)).Response.ShouldBe("Fagot A binasında.");
    }

    [Fact]
    public async Task A_retired_entry_answers_nobody_until_it_is_published_again()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        const string Question = "Usturlap?";
        var write = EditorClient.Write(Question, "Usturlap müzede.", "Usturlap");
        var entry = await editor.PublishAsync(write);
        (await editor.AskAsync(Question)).Decision.ShouldBe(Decision.Answer);

        entry = await editor.DoAsync(entry, "retire");
        (entry.Status, entry.PublishedVersion).ShouldBe(("retired", null));
        var declined = await editor.AskAsync(Question);
        declined.Sources.ShouldNotContain(s => s.Id == entry.Id);
        declined.Decision.ShouldBe(Decision.Decline);
        (await editor.ReadAsync<EntryVersion>($"/entries/{entry.Id}/versions/1")).Status.ShouldBe("retired");

        entry = await editor.DoAsync(entry, "edit", write with { Tags = ["usturlap"] });
        entry.Status.ShouldBe("draft");
        await editor.DoAsync(await editor.DoAsync(entry, "review"), "publish");
        (await editor.AskAsync(Question)).Decision.ShouldBe(Decision.Answer);
    }

    [Fact]
    public async Task Retiring_below_a_newer_draft_keeps_the_draft()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        const string Question = "Theremin odası açık mı?";
        var entry = await editor.PublishAsync(EditorClient.Write(Question, "Açık.", "Theremin odası"));
        entry = await editor.DoAsync(entry, "edit", EditorClient.Write(Question, "Kapalı.", "Theremin odası"));
        entry = await editor.DoAsync(entry, "retire");

        (entry.Status, entry.Version, entry.PublishedVersion).ShouldBe(("draft", 2, null));
        entry.Texts["tr"].Answer.ShouldBe("Kapalı.");
        (await editor.AskAsync(Question)).Sources.ShouldNotContain(s => s.Id == entry.Id);
        using var again = await editor.TryAsync(entry, "retire");
        await again.ShouldBeProblemAsync(409, "move-not-allowed");
    }

    [Fact]
    public async Task A_move_that_the_state_does_not_allow_names_the_state_and_the_possible_moves()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        var entry = await editor.CreateAsync(EditorClient.Write("Bumerang?", "Yok.", "Bumerang"));
        using (var refused = await editor.TryAsync(entry, "publish"))
        {
            await refused.ShouldBeProblemAsync(409, "move-not-allowed");
            using var problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            problem.RootElement.GetProperty("status").GetString().ShouldBe("draft");
            problem.RootElement.GetProperty("allowed").EnumerateArray().Select(m => m.GetString())
                .ShouldBe(["edit", "review", "rollback"]);
        }

        entry = await editor.DoAsync(entry, "review");
        using (var refused = await editor.TryAsync(entry, "edit", EditorClient.Write("Bumerang?", "Var.", "Bumerang")))
            await refused.ShouldBeProblemAsync(409, "move-not-allowed");
        using (var noNote = await editor.TryAsync(entry, "return"))
            await noNote.ShouldBeProblemAsync(400, "invalid-fields");
        entry = await editor.DoAsync(entry, "return", new EntryNote("kaynak yazın"));
        (entry.Status, entry.Note).ShouldBe(("draft", "kaynak yazın"));
        using (var never = await editor.TryAsync(entry, "rollback", new EntryRollback(1)))
            await never.ShouldBeProblemAsync(409, "version-never-published");
        using (var missing = await editor.TryAsync(entry, "rollback", new EntryRollback(7)))
            await missing.ShouldBeProblemAsync(404, "version-not-found");
    }

    [Fact]
    public async Task Of_two_edits_at_once_one_gets_412_with_the_current_version()
    {
        using var first = await EditorClient.SignInAsync(api.Host);
        using var second = await EditorClient.SignInAsync(api.Host, "yonetici");
        var entry = await first.CreateAsync(EditorClient.Write("Lale devri ne zaman?", "Bilinmiyor.", "Lale devri"));

        var replies = await Task.WhenAll(
            first.TryAsync(entry, "edit", EditorClient.Write("Lale devri ne zaman?", "1718.", "Lale devri")),
            second.TryAsync(entry, "edit", EditorClient.Write("Lale devri ne zaman?", "1730.", "Lale devri")));

        replies.Select(r => r.StatusCode).ShouldBe([HttpStatusCode.OK, HttpStatusCode.PreconditionFailed], ignoreOrder: true);
        var winner = await replies.Single(r => r.IsSuccessStatusCode).ReadWireAsync<Entry>();
        var loser = replies.Single(r => !r.IsSuccessStatusCode);
        var detail = await loser.ShouldBeProblemAsync(412, "changed-meanwhile");
        detail.ShouldContain(winner.UpdatedBy);
        loser.Headers.ETag!.Tag.ShouldBe($"\"{winner.Revision}\"");
        using var problem = JsonDocument.Parse(await loser.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        problem.RootElement.GetProperty("current_version").GetInt32().ShouldBe(winner.Version);
        problem.RootElement.GetProperty("updated_by").GetString().ShouldBe(winner.UpdatedBy);
        (await first.ReadAsync<Entry>($"/entries/{entry.Id}")).Texts["tr"].Answer.ShouldBe(winner.Texts["tr"].Answer);
        foreach (var reply in replies)
            reply.Dispose();
    }

    [Theory]
    [InlineData("PUT", "")]
    [InlineData("DELETE", "")]
    [InlineData("POST", "/review")]
    [InlineData("POST", "/publish")]
    [InlineData("POST", "/retire")]
    public async Task A_change_without_If_Match_is_428_and_one_with_an_old_tag_412(string method, string move)
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        var entry = await editor.CreateAsync(EditorClient.Write("Sapan nerede?", "Yok.", $"Sapan {method} {move}"));
        var body = method == "PUT" ? EditorClient.Write("Sapan nerede?", "Var.", "Sapan") : null;

        using (var blind = await editor.SendAsync(new HttpMethod(method), $"/entries/{entry.Id}{move}", body))
            await blind.ShouldBeProblemAsync(428, "precondition-missing");
        using (var stale = await editor.SendAsync(new HttpMethod(method), $"/entries/{entry.Id}{move}", body, "\"999\""))
            await stale.ShouldBeProblemAsync(412, "changed-meanwhile");
        (await editor.ReadAsync<Entry>($"/entries/{entry.Id}")).Revision.ShouldBe(entry.Revision);
    }

    [Fact]
    public async Task Only_an_entry_that_was_never_published_can_be_deleted()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        var draft = await editor.CreateAsync(EditorClient.Write("Misket?", "Yok.", "Misket"));
        using (var deleted = await editor.SendAsync(HttpMethod.Delete, $"/entries/{draft.Id}", null, $"\"{draft.Revision}\""))
            deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using (var gone = await editor.SendAsync(HttpMethod.Get, $"/entries/{draft.Id}"))
            await gone.ShouldBeProblemAsync(404, "entry-not-found");

        var retired = await editor.DoAsync(await editor.PublishAsync(EditorClient.Write("Topaç?", "Yok.", "Topaç")), "retire");
        using var kept = await editor.SendAsync(HttpMethod.Delete, $"/entries/{retired.Id}", null, $"\"{retired.Revision}\"");
        await kept.ShouldBeProblemAsync(409, "entry-was-published");
    }

    [Fact]
    public async Task An_entry_that_was_read_already_is_not_sent_again_and_saying_the_same_makes_no_version()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        var write = EditorClient.Write("Kukla nerede?", "Depoda.", "Kukla");
        var entry = await editor.CreateAsync(write);
        (await editor.DoAsync(entry, "edit", write)).Revision.ShouldBe(entry.Revision);

        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{EditorClient.Root}/entries/{entry.Id}", UriKind.Relative));
        request.Headers.IfNoneMatch.ParseAdd($"\"{entry.Revision}\"");
        using var response = await editor.Http.SendAsync(request, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task Markdown_with_script_in_it_stays_the_text_it_is()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        const string Answer = "<script>alert('x')</script>\n\n[bas](javascript:alert(1)) & \"tırnak\"";
        var entry = await editor.PublishAsync(EditorClient.Write("Betik sorusu nedir?", Answer, "Betik <b>sorusu</b>"));
        entry.Texts["tr"].Answer.ShouldBe(Answer);
        (await editor.AskAsync("Betik sorusu nedir?")).Response.ShouldBe(Answer);
    }

    [Fact]
    public async Task An_entry_that_expired_or_is_not_yet_valid_answers_nobody()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        foreach (var (word, from, to, found) in ((string, DateOnly, DateOnly?, bool)[])
        [
            ("Mandolin", today.AddDays(-9), today.AddDays(-1), false),
            ("Akordeon", today.AddDays(2), null, false),
            ("Klarnet", today.AddDays(-9), today.AddDays(1), true),
        ])
        {
            var entry = await editor.PublishAsync(
                EditorClient.Write($"{word} dersi kimde?", $"{word} Ayşe'de.", $"{word} dersi") with { ValidFrom = from, ExpiresOn = to });
            (await editor.AskAsync($"{word} dersi kimde?")).Sources.Any(s => s.Id == entry.Id).ShouldBe(found, word);
        }
    }

    [Fact]
    public async Task An_audience_keeps_an_entry_from_everybody_else()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        using var member = await api.Host.SignInAsync("demo");
        const string Question = "Periskop anahtarı kimde?";
        var entry = await editor.PublishAsync(
            EditorClient.Write(Question, "Anahtar vardiya amirinde.", "Periskop anahtarı") with { Audience = ["role:editor", "group:bakim"] });

        (await editor.AskAsync(Question)).Sources[0].Id.ShouldBe(entry.Id);
        foreach (var http in (HttpClient[])[member, api.Host.Anonymous])
        {
            var answer = await EditorClient.AskAsync(http, Question);
            answer.Sources.ShouldNotContain(s => s.Id == entry.Id);
            answer.Response.ShouldNotContain("Periskop", Case.Insensitive);
        }

        var found = await KnowledgeFixture.SearchAsync(
            api.Host, new LabelledQuestion("fabrika", "tr", Question, new HashSet<string>(), "test"));
        found.Candidates.ShouldNotContain(c => c.Entry.Id == entry.Id);
    }

    [Fact]
    public async Task A_new_entry_without_an_id_gets_one_from_its_title_that_is_free()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        var write = EditorClient.Write("Iğdır çayı?", "Var.", "  IĞDIR'ın ÇAYI: şöyle/böyle!  ");
        (await editor.CreateAsync(write)).Id.ShouldBe("igdir-in-cayi-soyle-boyle");
        (await editor.CreateAsync(write)).Id.ShouldBe("igdir-in-cayi-soyle-boyle-2");
        using var taken = await editor.SendAsync(HttpMethod.Post, "/entries", write with { Id = "igdir-in-cayi-soyle-boyle" });
        await taken.ShouldBeProblemAsync(409, "entry-exists");
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_said_at_once()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        using var response = await editor.SendAsync(HttpMethod.Post, "/entries", new EntryWrite
        {
            Id = "Büyük Harf",
            Category = new string('k', 81),
            ValidFrom = new DateOnly(2026, 5, 1),
            ExpiresOn = new DateOnly(2026, 4, 1),
            Tags = ["iyi", ""],
            Audience = ["role:editor", "role:kral", "bakim"],
            Texts = new Dictionary<string, EntryTextWrite?>
            {
                ["tr"] = new(new string('ş', 201), [new string('q', 301), "iki\nsatır"], new string('a', 8001)),
                ["de"] = new("Titel", ["Frage?"], "Antwort"),
                ["en"] = new("Title", [], "Answer"),
            },
        });
        await response.ShouldBeProblemAsync(400, "invalid-fields");
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        problem.RootElement.GetProperty("errors").EnumerateObject().Select(e => e.Name).ShouldBe(
            [
                "id", "category", "owner", "expires_on", "tags[1]", "audience[1]", "audience[2]", "texts.tr.title",
                "texts.tr.questions[0]", "texts.tr.questions[1]", "texts.tr.answer", "texts.de", "texts.en.questions",
            ],
            ignoreOrder: true);
    }

    [Fact]
    public async Task Editors_work_on_their_own_tenant_and_the_operator_on_the_one_he_names()
    {
        using (var anonymous = await api.Host.Anonymous.GetAsync(new Uri("/api/v1/knowledge/entries", UriKind.Relative), TestContext.Current.CancellationToken))
            await anonymous.ShouldBeProblemAsync(401, "token-missing");
        using var member = await EditorClient.SignInAsync(api.Host, "demo");
        using (var forbidden = await member.SendAsync(HttpMethod.Get, "/entries"))
            await forbidden.ShouldBeProblemAsync(403, "forbidden");

        using var stranger = await EditorClient.SignInAsync(api.Host, tenant: "klinik");
        using (var hidden = await stranger.SendAsync(HttpMethod.Get, "/entries/tercuman"))
            await hidden.ShouldBeProblemAsync(404, "tenant-not-found");
        using var editor = await EditorClient.SignInAsync(api.Host);
        using (var hidden = await editor.SendAsync(HttpMethod.Get, "/entries/tercuman"))
            await hidden.ShouldBeProblemAsync(404, "entry-not-found");

        using var platform = await EditorClient.SignInAsync(api.Host, "operator", "klinik");
        var entry = await platform.ReadAsync<Entry>("/entries/tercuman");
        entry = await platform.DoAsync(entry, "edit", new EntryWrite
        {
            Category = entry.Category,
            Owner = entry.Owner,
            Texts = new Dictionary<string, EntryTextWrite?> { ["tr"] = new("Çevirmen", ["Çevirmen var mı?"], "Var.") },
        });
        (entry.UpdatedBy, entry.PublishedVersion).ShouldBe(("operator", 1));
    }
}
