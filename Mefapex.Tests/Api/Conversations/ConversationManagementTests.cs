using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Conversations;

public sealed class ConversationManagementTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Path = "/api/v1/conversations";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("PATCH")]
    [InlineData("PUT")]
    public async Task A_conversation_can_be_renamed_and_pinned(string method)
    {
        using var client = await api.Host.SignInAsync("demo");
        var id = await AskAsync(client, "Yemekhane ne zaman açık?");

        using var renamed = await EditAsync(client, method, id, new ConversationEdit(" Öğle\n yemeği "));
        (await renamed.ReadWireAsync<ConversationSummary>()).Title.ShouldBe("Öğle yemeği");
        using var pinned = await EditAsync(client, method, id, new ConversationEdit(Pinned: true));
        var summary = await pinned.ReadWireAsync<ConversationSummary>();

        summary.Title.ShouldBe("Öğle yemeği");
        summary.Pinned.ShouldBeTrue();
        summary.MessageCount.ShouldBe(1);
        (await client.GetWireAsync<Page<ConversationSummary>>($"{Path}?pinned=true")).Items.ShouldContain(c => c.Id == id);
        (await client.GetWireAsync<Page<ConversationSummary>>($"{Path}?pinned=false")).Items.ShouldNotContain(c => c.Id == id);
        (await client.GetWireAsync<ConversationSummary>($"{Path}/{id}")).ShouldBe(summary);
    }

    [Fact]
    public async Task An_edit_of_what_somebody_changed_meanwhile_is_412()
    {
        using var client = await api.Host.SignInAsync("demo");
        var id = await AskAsync(client, "Servis saatleri");
        using var read = await client.GetAsync(new Uri($"{Path}/{id}", UriKind.Relative), Cancellation);
        var seen = read.Headers.ETag!.ToString();

        using var first = await EditAsync(client, "PATCH", id, new ConversationEdit("Bir"), seen);
        first.StatusCode.ShouldBe(HttpStatusCode.OK);
        first.Headers.ETag!.ToString().ShouldNotBe(seen);
        using var second = await EditAsync(client, "PATCH", id, new ConversationEdit("İki"), seen);
        await second.ShouldBeProblemAsync(412, "conversation-changed");
        second.Headers.ETag.ShouldBe(first.Headers.ETag);
        (await client.GetWireAsync<ConversationSummary>($"{Path}/{id}")).Title.ShouldBe("Bir");
    }

    [Theory]
    [InlineData(null, "nothing-to-change")]
    [InlineData("", "title-length")]
    [InlineData(" \n\0 ", "title-length")]
    [InlineData("81", "title-length")]
    public async Task A_title_has_1_to_80_characters(string? title, string slug)
    {
        using var client = await api.Host.SignInAsync("demo");
        var id = (await client.PostWireAsync<ConversationSummary>(Path, new { })).Id;
        var edit = new ConversationEdit(title == "81" ? new string('a', 81) : title);

        using var response = await EditAsync(client, "PATCH", id, edit);
        await response.ShouldBeProblemAsync(400, slug);

        using var longest = await EditAsync(client, "PATCH", id, new ConversationEdit(string.Concat(Enumerable.Repeat("👩‍🏭", 80))));
        longest.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Conversations_of_others_can_be_neither_read_nor_renamed_nor_exported_nor_found()
    {
        using var owner = await api.Host.SignInAsync("demo");
        using var other = await api.Host.SignInAsync("yonetici");
        var id = await AskAsync(owner, "Gizemli kelime kuşburnu");

        using var read = await other.GetAsync(new Uri($"{Path}/{id}", UriKind.Relative), Cancellation);
        await read.ShouldBeProblemAsync(404, "conversation-not-found");
        using var edit = await EditAsync(other, "PATCH", id, new ConversationEdit("Benim"));
        await edit.ShouldBeProblemAsync(404, "conversation-not-found");
        using var export = await other.GetAsync(new Uri($"{Path}/{id}/export", UriKind.Relative), Cancellation);
        await export.ShouldBeProblemAsync(404, "conversation-not-found");
        (await other.GetWireAsync<Page<ConversationSummary>>($"{Path}?q=ku%C5%9Fburnu")).Items.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("SIĞINAK")]
    [InlineData("sığınak")]
    [InlineData("siginak")]
    [InlineData("Sığınağa İniş")]
    [InlineData("inis SIGINA")]
    public async Task Search_finds_words_whatever_their_case_and_diacritics(string words)
    {
        using var client = await api.Host.SignInAsync("editor");
        var id = await AskAsync(client, "Yangında sığınağa iniş nereden, SIĞINAK kaçıncı katta?");
        await AskAsync(client, "Servis saatleri");

        var found = (await SearchAsync(client, words)).Items;

        found.ShouldContain(c => c.Id == id);
        found.ShouldAllBe(c => c.Title.Contains("SIĞINAK", StringComparison.Ordinal));
        var match = found.First(c => c.Id == id).Matches!.First(m => m.Field == SearchField.Question);
        match.MessageId.ShouldNotBeNull();
        match.Marks.Select(m => match.Text.Substring(m.Start, m.Length))
            .ShouldContain(word => word.StartsWith("SIĞINAK", StringComparison.Ordinal) || word.StartsWith("sığına", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Search_looks_into_titles_and_answers_and_shows_the_surroundings()
    {
        using var client = await api.Host.SignInAsync("hasta");
        var answer = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Saç ekimi kaç saat sürer?"));
        var word = answer.Response.Split(' ', '\n').Last(w => w.Length > 6 && w.All(char.IsLetter));
        using var renamed = await EditAsync(client, "PATCH", answer.SessionId!, new ConversationEdit("Istanbul yolculuğu"));

        var byAnswer = (await SearchAsync(client, word.ToUpperInvariant())).Items.ShouldHaveSingleItem();
        byAnswer.Matches!.ShouldContain(m => m.Field == SearchField.Answer && m.MessageId == answer.MessageId && m.Marks.Count > 0);
        var byTitle = (await SearchAsync(client, "ISTANBUL")).Items.ShouldHaveSingleItem();
        var title = byTitle.Matches!.Single(m => m.Field == SearchField.Title);
        title.Text.ShouldBe("Istanbul yolculuğu");
        title.Marks.ShouldBe([new TextSpan(0, 8)]);
        (await SearchAsync(client, "istanbul yokböyle")).Items.ShouldBeEmpty();
        (await SearchAsync(client, "%")).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task Pages_of_a_search_list_every_conversation_once()
    {
        using var client = await api.Host.SignInAsync("yonetici");
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
            ids.Insert(0, await AskAsync(client, $"Kırmızı baret {i}"));

        var first = await client.GetWireAsync<Page<ConversationSummary>>($"{Path}?q=kirmizi&limit=2");
        var second = await client.GetWireAsync<Page<ConversationSummary>>($"{Path}?q=kirmizi&limit=2&cursor={first.Next}");

        first.Items.Concat(second.Items).Select(c => c.Id).ShouldBe(ids);
        second.Next.ShouldBeNull();
        using var tooLong = await client.GetAsync(new Uri($"{Path}?q={new string('a', 201)}", UriKind.Relative), Cancellation);
        await tooLong.ShouldBeProblemAsync(400, "query-too-long");
    }

    [Fact]
    public async Task An_export_is_a_file_with_times_of_the_zone_that_is_asked_for()
    {
        using var client = await api.Host.SignInAsync("demo");
        var id = await AskAsync(client, "Dışa aktarma\n<b>sorusu</b>");
        var exchange = (await client.GetWireAsync<Page<Exchange>>($"{Path}/{id}/messages")).Items.Single();

        using var markdown = await client.GetAsync(new Uri($"{Path}/{id}/export", UriKind.Relative), Cancellation);
        markdown.Content.Headers.ContentType!.ToString().ShouldBe("text/markdown; charset=utf-8");
        markdown.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
        markdown.Content.Headers.ContentDisposition.FileNameStar.ShouldBe("Dışa-aktarma-b-sorusu-b.md");
        var text = await markdown.Content.ReadAsStringAsync(Cancellation);
        text.ShouldStartWith("# Dışa aktarma <b>sorusu</b>\n");
        text.ShouldContain("> Dışa aktarma\n> <b>sorusu</b>\n");
        text.ShouldContain(exchange.Answer.Response.ReplaceLineEndings("\n"));
        text.ShouldContain("(UTC+03:00)");

        var json = await client.GetWireAsync<JsonObject>($"{Path}/{id}/export?format=json&tz=America/New_York");
        json["time_zone"]!.GetValue<string>().ShouldBe("America/New_York");
        var at = json["exchanges"]![0]!["asked_at"]!.GetValue<DateTimeOffset>();
        at.ShouldBe(exchange.AskedAt);
        at.Offset.ShouldBe(TimeZoneInfo.FindSystemTimeZoneById("America/New_York").GetUtcOffset(at));
    }

    [Theory]
    [InlineData("format=pdf", "format-unknown")]
    [InlineData("tz=Mars/Olympus", "time-zone-unknown")]
    public async Task An_export_that_cannot_be_made_is_400(string query, string slug)
    {
        using var client = await api.Host.SignInAsync("demo");
        var id = (await client.PostWireAsync<ConversationSummary>(Path, new { })).Id;
        using var response = await client.GetAsync(new Uri($"{Path}/{id}/export?{query}", UriKind.Relative), Cancellation);

        await response.ShouldBeProblemAsync(400, slug);
    }

    private static async Task<string> AskAsync(HttpClient client, string question) =>
        (await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest(question))).SessionId!;

    private static Task<Page<ConversationSummary>> SearchAsync(HttpClient client, string words) =>
        client.GetWireAsync<Page<ConversationSummary>>($"{Path}?limit=100&q={Uri.EscapeDataString(words)}");

    private static async Task<HttpResponseMessage> EditAsync(
        HttpClient client, string method, string id, ConversationEdit edit, string? seen = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"{Path}/{id}")
        {
            Content = JsonContent.Create(edit, options: WireJson.Options),
        };
        if (seen is not null)
            request.Headers.Add("If-Match", seen);
        return await client.SendAsync(request, Cancellation);
    }
}
