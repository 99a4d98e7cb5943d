using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Knowledge.Entries;

public sealed class EntryListTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    [Theory]
    [InlineData("updated")]
    [InlineData("title")]
    public async Task The_pages_of_a_list_hold_every_entry_once(string sort)
    {
        using var editor = await EditorClient.SignInAsync(api.Host, "operator", "klinik");
        var rows = await AllAsync(editor, $"sort={sort}&limit=7");
        rows.Select(r => r.Id).ShouldBe(SampleKnowledge.Ids("klinik"), ignoreOrder: true);
        if (sort == "updated")
            rows.Select(r => r.UpdatedAt).ShouldBeInOrder(SortDirection.Descending);
        else
            rows[0].Title.ShouldStartWith("A");
    }

    [Fact]
    public async Task Filters_look_at_the_newest_version()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        var write = EditorClient.Write("Kestane şekeri nereden alınır?", "Kantinden.", "Kestane şekeri") with { Category = "Süzgeç" };
        var entry = await editor.PublishAsync(write with { ExpiresOn = new DateOnly(2030, 1, 1) });
        await editor.DoAsync(entry, "edit", write with { Owner = "Kantin", ExpiresOn = new DateOnly(2031, 1, 1) });

        foreach (var (query, found) in ((string, bool)[])
        [
            ("q=KESTANE+sekeri", true),
            ("q=kestane+otopark", false),
            ("category=S%C3%BCzge%C3%A7&status=draft", true),
            ("category=S%C3%BCzge%C3%A7&status=published", false),
            ("owner=Kantin", true),
            ("category=S%C3%BCzge%C3%A7&missing=en", true),
            ("category=S%C3%BCzge%C3%A7&missing=tr", false),
            ("expiring_before=2031-01-02", true),
            ("expiring_before=2031-01-01", false),
        ])
        {
            (await AllAsync(editor, query)).Any(r => r.Id == entry.Id).ShouldBe(found, query);
        }
    }

    [Theory]
    [InlineData("status=uydurma", "filter-invalid")]
    [InlineData("missing=de", "filter-invalid")]
    [InlineData("sort=renk", "filter-invalid")]
    [InlineData("limit=101", "limit-out-of-range")]
    [InlineData("cursor=abc", "cursor-invalid")]
    [InlineData("cursor=WyJ0aXRsZSIsImEiLCJiIl0", "cursor-invalid")]
    public async Task A_filter_that_makes_no_sense_is_refused(string query, string problem)
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        using var response = await editor.SendAsync(HttpMethod.Get, $"/entries?{query}");
        await response.ShouldBeProblemAsync(400, problem);
    }

    [Fact]
    public async Task A_renamed_category_moves_everything_in_it_and_is_found_by_its_new_name()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        var entry = await editor.PublishAsync(EditorClient.Write("Hamak?", "Yok.", "Hamak") with { Category = "Eski ad" });
        entry = await editor.DoAsync(entry, "edit", EditorClient.Write("Hamak?", "Var.", "Hamak") with { Category = "Eski ad" });
        using (var taken = await editor.SendAsync(HttpMethod.Put, "/categories/Eski%20ad", new CategoryRename("Bordro")))
            await taken.ShouldBeProblemAsync(409, "category-exists");

        using var renamed = await editor.SendAsync(HttpMethod.Put, "/categories/Eski%20ad", new CategoryRename("Tatil köyü"));
        (await renamed.ReadWireAsync<CategoryMoved>()).ShouldBe(new CategoryMoved("Tatil köyü", 1, 0));
        var present = await editor.ReadAsync<Entry>($"/entries/{entry.Id}");
        (present.Category, present.Status, present.Revision).ShouldBe(("Tatil köyü", "draft", entry.Revision + 1));
        (await editor.AskAsync("Hamak?")).Sources[0].Category.ShouldBe("Tatil köyü");
        (await editor.ReadAsync<EntryVersion>($"/entries/{entry.Id}/versions/1")).Category.ShouldBe("Tatil köyü");

        var categories = await editor.ReadAsync<Page<FiledCount>>("/categories");
        categories.Items.ShouldContain(new FiledCount("Tatil köyü", 1, 1, 0));
        categories.Items.ShouldNotContain(c => c.Name == "Eski ad");
        using var gone = await editor.SendAsync(HttpMethod.Put, "/categories/Eski%20ad", new CategoryRename("Başka"));
        await gone.ShouldBeProblemAsync(404, "category-not-found");
    }

    [Fact]
    public async Task Merged_categories_are_one()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        foreach (var name in (string[])["Birinci", "İkinci", "Üçüncü"])
            await editor.CreateAsync(EditorClient.Write($"{name}?", "Evet.", $"{name} kayıt") with { Category = name });

        using var merged = await editor.SendAsync(HttpMethod.Post, "/categories/merge", new CategoryMerge(["Birinci", "İkinci"], "Üçüncü"));
        (await merged.ReadWireAsync<CategoryMoved>()).ShouldBe(new CategoryMoved("Üçüncü", 2, 0));
        (await editor.ReadAsync<Page<FiledCount>>("/categories")).Items.ShouldContain(new FiledCount("Üçüncü", 3, 0, 0));
        (await editor.ReadAsync<Page<FiledCount>>("/owners")).Items.ShouldContain(o => o.Name == "İdari İşler" && o.Entries >= 3);
    }

    [Fact]
    public async Task The_contact_is_named_from_its_change_on_and_never_overwritten_unseen()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        using var read = await editor.SendAsync(HttpMethod.Get, "/contact");
        var tag = read.Headers.ETag!.Tag;
        var wanted = new KnowledgeContact("Ayşe Hanım, dahili 4711", "Ayşe, extension 4711");
        using (var blind = await editor.SendAsync(HttpMethod.Put, "/contact", wanted))
            await blind.ShouldBeProblemAsync(428, "precondition-missing");
        using (var written = await editor.SendAsync(HttpMethod.Put, "/contact", wanted, tag))
            (await written.ReadWireAsync<KnowledgeContact>()).ShouldBe(wanted);
        using (var stale = await editor.SendAsync(HttpMethod.Put, "/contact", wanted, tag))
            await stale.ShouldBeProblemAsync(412, "changed-meanwhile");
        using (var empty = await editor.SendAsync(HttpMethod.Put, "/contact", new KnowledgeContact("", null), tag))
            await empty.ShouldBeProblemAsync(400, "invalid-fields");
        (await editor.AskAsync("Güvercinler nasıl yüzer?")).Response.ShouldContain("dahili 4711");
    }

    private static async Task<List<EntrySummary>> AllAsync(EditorClient editor, string query)
    {
        var rows = new List<EntrySummary>();
        string? cursor = null;
        do
        {
            var page = await editor.ReadAsync<Page<EntrySummary>>($"/entries?{query}{(cursor is null ? "" : $"&cursor={cursor}")}");
            rows.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null);
        return rows;
    }
}
