using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;
using Npgsql;

namespace Mefapex.Tests.Api.Chat;

public sealed class SuggestionTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Path = "/api/v1/suggestions";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("demo", "tr")]
    [InlineData("hasta", "tr")]
    [InlineData("hasta", "en")]
    public async Task Each_suggestion_is_answered_by_its_entry(string username, string language)
    {
        using var client = await api.Host.SignInAsync(username);

        var suggestions = await SuggestedAsync(client, $"{Path}?limit=12&lang={language}");

        suggestions.Count.ShouldBeGreaterThanOrEqualTo(4);
        suggestions.Select(s => s.EntryId).ShouldBeUnique();
        foreach (var suggestion in suggestions)
        {
            var answer = await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest(suggestion.Text));
            answer.Decision.ShouldBe(Decision.Answer, suggestion.Text);
            answer.Sources[0].Id.ShouldBe(suggestion.EntryId);
            answer.Language.ShouldBe(language);
        }
    }

    [Fact]
    public async Task Nobody_is_offered_what_they_may_not_read_nor_a_warning_sign()
    {
        await using var host = await ApiHost.Start(api.ConnectionString).ReadyAsync();
        using var before = await host.SignInAsync("demo");
        var hidden = (await SuggestedAsync(before, $"{Path}?limit=1")).ShouldHaveSingleItem();
        await ExecuteAsync(
            """
            update knowledge_entries set audience = '{role:editor}'
            where id = $1 and tenant_id = (select id from tenants where slug = 'fabrika')
            """, hidden.EntryId);
        await ExecuteAsync("update knowledge_bases set version = version + 1 where $1 = ''", "");

        (await SuggestedAsync(before, $"{Path}?limit=12")).ShouldNotContain(s => s.EntryId == hidden.EntryId);
        using var editor = await host.SignInAsync("editor");
        (await SuggestedAsync(editor, $"{Path}?limit=12")).ShouldContain(s => s.EntryId == hidden.EntryId);
        using var patient = await host.SignInAsync("hasta");
        (await SuggestedAsync(patient, $"{Path}?limit=12")).ShouldNotContain(s => s.EntryId.EndsWith("uyari-isaretleri", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_asked_most_comes_first()
    {
        using var client = await api.Host.SignInAsync("yonetici");
        for (var i = 0; i < 3; i++)
            await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Şifremi unuttum"));
        await using var host = await ApiHost.Start(api.ConnectionString).ReadyAsync();
        using var fresh = await host.SignInAsync("yonetici");

        (await SuggestedAsync(fresh, Path)).Select(s => s.EntryId).First().ShouldBe("sifre-sifirlama");
    }

    [Theory]
    [InlineData("limit=0", "limit-out-of-range")]
    [InlineData("limit=13", "limit-out-of-range")]
    [InlineData("lang=de", "language-unknown")]
    public async Task What_cannot_be_asked_for_is_400(string query, string slug)
    {
        using var response = await api.Host.Anonymous.GetAsync(new Uri($"{Path}?{query}", UriKind.Relative), Cancellation);

        await response.ShouldBeProblemAsync(400, slug);
    }

    /// <summary>Asks until they have been tried, which may take longer than a page waits.</summary>
    private static async Task<IReadOnlyList<Suggestion>> SuggestedAsync(HttpClient client, string path)
    {
        while (true)
        {
            if ((await client.GetWireAsync<SuggestionList>(path)).Items is { Count: > 0 } items)
                return items;
        }
    }

    private async Task ExecuteAsync(string sql, string value)
    {
        await using var source = NpgsqlDataSource.Create(api.ConnectionString);
        await using var command = source.CreateCommand(sql);
        command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
