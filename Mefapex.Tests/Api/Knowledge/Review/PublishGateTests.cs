using System.Text.Json;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Api.Knowledge.Entries;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Knowledge.Review;

public sealed class PublishGateTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_entry_that_loses_its_wordings_is_kept_back_until_somebody_gives_a_reason()
    {
        const string Airship = "Zeplin hangarının anahtarı kimde durur?";
        const string Aquarium = "Akvaryumdaki balıkları kim besler?";
        using var editor = await EditorClient.SignInAsync(api.Host);
        var airship = await editor.PublishAsync(EditorClient.Write(Airship, "Anahtar bekçidedir.", "Zeplin hangarı", "zeplin"));
        var aquarium = await editor.PublishAsync(EditorClient.Write(Aquarium, "Balıkları Ayşe besler.", "Akvaryum", "akvaryum"));
        await LabelAsync(editor, Airship, airship.Id);
        await LabelAsync(editor, Aquarium, aquarium.Id);

        var stripped = await ReviewAsync(editor, airship, EditorClient.Write("Kime sormalıyım?", "Müdüre sorun.", "Genel bilgi"));
        using var refused = await editor.TryAsync(stripped, "publish");

        var finding = await RefusalAsync(refused);
        finding.EntryId.ShouldBe("zeplin");
        finding.Sentence.ShouldContain(Airship);
        var lost = Lost(finding).ShouldHaveSingleItem();
        (lost.Question, lost.Before.Id, lost.Before.Decision).ShouldBe((Airship, "zeplin", Decision.Answer));
        lost.Expected.ShouldBe(["zeplin"]);
        (await editor.AskAsync(Airship)).Sources[0].Id.ShouldBe("zeplin");

        await editor.DoAsync(stripped, "publish", new EntryPublish("hangar kapandı"));

        (await editor.ReadAsync<EntryVersion>("/entries/zeplin/versions/2")).OverrideReason.ShouldBe("hangar kapandı");
        var answer = await editor.AskAsync(Airship);
        (answer.Decision, answer.Sources.Select(s => s.Id).FirstOrDefault()).ShouldBe((lost.After.Decision, lost.After.Id));
    }

    [Fact]
    public async Task A_change_that_costs_no_question_passes()
    {
        const string Question = "Trambolin salonu kaçta açılır?";
        using var editor = await EditorClient.SignInAsync(api.Host);
        var entry = await editor.PublishAsync(EditorClient.Write(Question, "Salon sabah açılır.", "Trambolin salonu", "trambolin"));
        await LabelAsync(editor, Question, entry.Id);

        var changed = await ReviewAsync(
            editor, entry, EditorClient.Write(Question, "Salon sabah açılır. Çorapla girilir.", "Trambolin salonu"));
        var published = await editor.DoAsync(changed, "publish");

        published.PublishedVersion.ShouldBe(2);
        (await editor.ReadAsync<EntryVersion>("/entries/trambolin/versions/2")).OverrideReason.ShouldBeNull();
    }

    [Fact]
    public async Task An_entry_that_questions_are_labelled_with_goes_away_for_a_reason_only()
    {
        const string Question = "Paten pisti kimin sorumluluğunda?";
        using var editor = await EditorClient.SignInAsync(api.Host);
        var entry = await editor.PublishAsync(EditorClient.Write(Question, "Pist spor kulübünündür.", "Paten pisti", "paten"));
        await LabelAsync(editor, Question, entry.Id);

        using var refused = await editor.TryAsync(entry, "retire");

        var finding = await RefusalAsync(refused, "retire-refused");
        finding.EntryId.ShouldBe("paten");
        Lost(finding).ShouldHaveSingleItem().Question.ShouldBe(Question);
        (await editor.AskAsync(Question)).Sources[0].Id.ShouldBe("paten");

        await editor.DoAsync(entry, "retire", new EntryRetire("pist yıkıldı"));

        (await editor.ReadAsync<EntryVersion>("/entries/paten/versions/1")).OverrideReason.ShouldBe("pist yıkıldı");
        (await editor.AskAsync(Question)).Sources.ShouldNotContain(s => s.Id == "paten");
    }

    [Fact]
    public async Task An_entry_that_takes_a_question_which_must_be_declined_is_kept_back()
    {
        const string Question = "Ay'a roket ne zaman kalkıyor?";
        using var editor = await EditorClient.SignInAsync(api.Host);
        editor.Http.DefaultRequestHeaders.AcceptLanguage.ParseAdd("en");
        (await editor.AskAsync(Question)).Decision.ShouldBe(Decision.Decline);
        await LabelAsync(editor, Question);

        var drafted = await editor.CreateAsync(EditorClient.Write("Ay'a roket ne zaman kalkar?", "Vitrindeki roket maketi satılıktır.", "Roket maketi", "roket"));
        using var refused = await editor.TryAsync(await editor.DoAsync(drafted, "review"), "publish");

        var finding = await RefusalAsync(refused);
        finding.Sentence.ShouldContain("would be answered worse");
        var lost = Lost(finding).Single(l => l.Question == Question);
        lost.Expected.ShouldBeEmpty();
        (lost.Before.Decision, lost.Before.Id, lost.After.Decision, lost.After.Id).ShouldBe((Decision.Decline, null, Decision.Answer, "roket"));
    }

    private static async Task LabelAsync(EditorClient editor, string question, params string[] expected) =>
        await editor.Http.PostWireAsync<LabelItem>(EditorClient.Root + "/labels", new LabelDraft(question, "tr", expected));

    private static async Task<Entry> ReviewAsync(EditorClient editor, Entry entry, EntryWrite to) =>
        await editor.DoAsync(await editor.DoAsync(entry, "edit", to), "review");

    private static async Task<EntryFinding> RefusalAsync(HttpResponseMessage refused, string type = "publish-refused")
    {
        await refused.ShouldBeProblemAsync(409, type);
        var problem = await JsonSerializer.DeserializeAsync<JsonElement>(
            await refused.Content.ReadAsStreamAsync(Cancellation), WireJson.Options, Cancellation);
        var findings = problem.GetProperty("findings").Deserialize<List<EntryFinding>>(WireJson.Options)!;
        return findings.Single(f => f.Code == "labelled-questions-lost");
    }

    private static List<LostQuestion> Lost(EntryFinding finding) =>
        finding.Details.ShouldNotBeNull().Deserialize<List<LostQuestion>>(WireJson.Options)!;
}
