using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Knowledge.Review;

public sealed class LabelTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Labels = "/api/v1/knowledge/labels";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_label_is_made_changed_listed_and_deleted()
    {
        using var editor = await api.Host.SignInAsync("editor");
        var made = await editor.PostWireAsync<LabelItem>(Labels, new LabelDraft("  Şifreyi unuttum, ne yapayım?  ", null, ["sifre-sifirlama"]));
        made.Question.ShouldBe("Şifreyi unuttum, ne yapayım?");
        (made.Language, made.Kind, made.UpdatedBy).ShouldBe(("tr", "other", "editor"));

        using var changed = await editor.PutWireAsync($"{Labels}/{made.Id}", new LabelDraft("Bugün hava nasıl?", "tr", [], "offtopic"));
        (await changed.ReadWireAsync<LabelItem>()).Expected.ShouldBeEmpty();
        (await AllAsync(editor)).Single(l => l.Id == made.Id).Question.ShouldBe("Bugün hava nasıl?");

        using var deleted = await editor.DeleteAsync(new Uri($"{Labels}/{made.Id}", UriKind.Relative), Cancellation);
        deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await AllAsync(editor)).ShouldNotContain(l => l.Id == made.Id);
        using var again = await editor.DeleteAsync(new Uri($"{Labels}/{made.Id}", UriKind.Relative), Cancellation);
        await again.ShouldBeProblemAsync(404, "label-not-found");
    }

    [Fact]
    public async Task The_same_question_is_labelled_once_and_another_tenants_label_is_not_found()
    {
        using var editor = await api.Host.SignInAsync("editor");
        var made = await editor.PostWireAsync<LabelItem>(Labels, new LabelDraft("Servis kaçta geliyor?", "tr", ["servis-saatleri"]));

        using var twice = await editor.PostWireAsync(Labels, new LabelDraft("Servis kaçta geliyor?", "tr", []));
        (await twice.ShouldBeProblemAsync(409, "label-exists")).ShouldContain("Servis kaçta geliyor?");

        using var platform = await api.Host.SignInAsync("operator");
        platform.DefaultRequestHeaders.Add("X-Tenant", "klinik");
        using var stranger = await platform.PutWireAsync($"{Labels}/{made.Id}", new LabelDraft("x", "tr", []));
        await stranger.ShouldBeProblemAsync(404, "label-not-found");
    }

    [Theory]
    [InlineData("", "tr", "sifre-sifirlama", "Write it as people ask it.")]
    [InlineData("Soru?", "de", "sifre-sifirlama", "\"de\"")]
    [InlineData("Soru?", "tr", "boyle-bir-kayit-yok", "boyle-bir-kayit-yok")]
    [InlineData("Soru?", "tr", null, "empty list")]
    public async Task A_label_that_could_never_be_right_is_refused(string question, string language, string? expected, string said)
    {
        using var editor = await api.Host.SignInAsync("editor");
        editor.DefaultRequestHeaders.AcceptLanguage.ParseAdd("en");

        using var refused = await editor.PostWireAsync(Labels, new LabelDraft(question, language, expected is null ? null : [expected]));

        (await refused.ShouldBeProblemAsync(400, "label-invalid")).ShouldContain(said);
    }

    [Fact]
    public async Task The_file_of_eval_is_imported_for_ones_own_tenant_and_a_second_time_changes_nothing()
    {
        using var platform = await api.Host.SignInAsync("operator");
        platform.DefaultRequestHeaders.Add("X-Tenant", "klinik");
        var lines = LabelledQuestion.Test.Select(q =>
            $"{q.Tenant}\t{q.Language}\t{q.Text}\t{(q.MustBeDeclined ? "NONE" : string.Join('|', q.Expected))}\t{q.Kind}");
        var file = "tenant\tlang\tquestion\texpected\tkind\r\n" + string.Join("\r\n", lines);
        var own = LabelledQuestion.Test.Count(q => q.Tenant == "klinik");

        using var first = await ImportAsync(platform, file);
        using var second = await ImportAsync(platform, file);

        (await first.ReadWireAsync<LabelImport>()).ShouldBe(new LabelImport(own, 0, 0, LabelledQuestion.Test.Count - own));
        (await second.ReadWireAsync<LabelImport>()).ShouldBe(new LabelImport(0, 0, own, LabelledQuestion.Test.Count - own));
        (await AllAsync(platform)).Count(l => l.Expected.Count == 0).ShouldBe(LabelledQuestion.Test.Count(q => q is { Tenant: "klinik", MustBeDeclined: true }));
    }

    [Theory]
    [InlineData("soru\tcevap\n", "tenant lang question expected kind")]
    [InlineData("tenant\tlang\tquestion\texpected\tkind\nfabrika\ttr\tSoru?\tNONE\n", "Line 2 has 4 cells")]
    [InlineData("tenant\tlang\tquestion\texpected\tkind\nfabrika\ttr\tSoru?\tNONE\tx\nfabrika\ttr\tSoru 2?\tyok\tx\n", "Line 3: There is no entry or document: yok")]
    public async Task A_file_with_a_bad_line_is_refused_whole_and_names_the_line(string file, string said)
    {
        using var editor = await api.Host.SignInAsync("editor");
        editor.DefaultRequestHeaders.AcceptLanguage.ParseAdd("en");

        using var refused = await ImportAsync(editor, file);

        (await refused.ShouldBeProblemAsync(400, "label-invalid")).ShouldContain(said);
        (await AllAsync(editor)).ShouldNotContain(l => l.Question == "Soru?");
    }

    [Fact]
    public async Task Only_those_who_keep_the_knowledge_see_labels()
    {
        using var member = await api.Host.SignInAsync("demo");
        using var refused = await member.GetAsync(new Uri(Labels, UriKind.Relative), Cancellation);
        using var anonymous = await api.Host.Anonymous.GetAsync(new Uri(Labels, UriKind.Relative), Cancellation);

        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        anonymous.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static async Task<HttpResponseMessage> ImportAsync(HttpClient client, string file)
    {
        using var content = new StringContent(file, Encoding.UTF8, new MediaTypeHeaderValue("text/tab-separated-values"));
        return await client.PostAsync(new Uri(Labels + "/import", UriKind.Relative), content, Cancellation);
    }

    private static async Task<List<LabelItem>> AllAsync(HttpClient client)
    {
        var all = new List<LabelItem>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await client.GetWireAsync<Page<LabelItem>>($"{Labels}?limit=20" + (cursor.Length > 0 ? $"&cursor={cursor}" : ""));
            all.AddRange(page.Items);
            cursor = page.Next;
        }

        all.DistinctBy(l => l.Id).Count().ShouldBe(all.Count);
        return all;
    }
}
