using System.Net;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Review;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Knowledge.Review;

public sealed class CalibrationFittingTests(KnowledgeFixture fixture) : IClassFixture<KnowledgeFixture>
{
    private const string Calibration = "/api/v1/knowledge/calibration";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>As few as can be, because each is searched for.</summary>
    private static FitRequest Questions(int answerable, int declined) => new(
    [
        .. LabelledQuestion.Fit.Where(q => q is { Tenant: "fabrika", MustBeDeclined: false }).Take(answerable)
            .Concat(LabelledQuestion.Fit.Where(q => q is { Tenant: "fabrika", MustBeDeclined: true }).Take(declined))
            .Select(q => new LabelDraft(q.Text, q.Language, [.. q.Expected], q.Kind)),
    ]);

    [Fact]
    public async Task Better_weights_are_taken_into_use_for_their_tenant_alone_and_can_be_reverted()
    {
        using var admin = await fixture.Lexical.SignInAsync("yonetici");
        admin.Timeout = TimeSpan.FromMinutes(5);
        await UseBlindWeightsAsync();
        (await AskAsync("Şifremi unuttum")).Decision.ShouldBe(Decision.Decline);

        var result = await admin.PostWireAsync<CalibrationResult>(Calibration + "/fit", Questions(130, 20));

        result.Taken.ShouldBeTrue(result.Reason);
        result.Figures.Lexical.InUse.WronglyDeclined.ShouldBeGreaterThan(0.9);
        result.Figures.Lexical.Fitted.HitAt1.ShouldBeGreaterThan(0.6);
        result.Figures.Lexical.Fitted.LogLoss.ShouldBeLessThan(result.Figures.Lexical.InUse.LogLoss);
        (await AskAsync("Şifremi unuttum")).Decision.ShouldBe(Decision.Answer);
        var state = await admin.GetWireAsync<CalibrationState>(Calibration);
        (state.Own, state.FittedBy, state.Questions).ShouldBe((true, "yonetici", result.Questions));

        using var platform = await fixture.Lexical.SignInAsync("operator");
        platform.DefaultRequestHeaders.Add("X-Tenant", "klinik");
        (await platform.GetWireAsync<CalibrationState>(Calibration)).Own.ShouldBeFalse();

        using var reverted = await admin.DeleteAsync(new Uri(Calibration, UriKind.Relative), Cancellation);
        reverted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await admin.GetWireAsync<CalibrationState>(Calibration)).Own.ShouldBeFalse();
        using var again = await admin.DeleteAsync(new Uri(Calibration, UriKind.Relative), Cancellation);
        await again.ShouldBeProblemAsync(404, "calibration-not-found");
    }

    [Fact]
    public async Task Too_few_questions_are_measured_with_vectors_too_but_change_nothing()
    {
        using var admin = await fixture.Vectors.SignInAsync("yonetici");
        admin.DefaultRequestHeaders.AcceptLanguage.ParseAdd("en");

        var result = await admin.PostWireAsync<CalibrationResult>(Calibration + "/fit", Questions(22, 6));

        result.Taken.ShouldBeFalse();
        result.Reason.ShouldNotBeNull().ShouldContain("from 150 questions");
        result.Figures.Vectors.ShouldNotBeNull().InUse.HitAt1.ShouldBeGreaterThan(0.7);
        result.Figures.Vectors.InUse.LogLoss.ShouldNotBe(result.Figures.Lexical.InUse.LogLoss);
        (await admin.GetWireAsync<CalibrationState>(Calibration)).Own.ShouldBeFalse();
    }

    [Fact]
    public async Task Nothing_is_measured_on_a_handful_and_only_administrators_may()
    {
        using var admin = await fixture.Lexical.SignInAsync("yonetici");
        using var handful = await admin.PostWireAsync(Calibration + "/fit", Questions(5, 0));
        await handful.ShouldBeProblemAsync(409, "labels-too-few");

        using var editor = await fixture.Lexical.SignInAsync("editor");
        using var refused = await editor.PostWireAsync(Calibration + "/fit", Questions(5, 0));
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    /// <summary>On a busy machine the search may take too long and the answer come from memory, with the weights known there.</summary>
    private async Task<AnswerResult> AskAsync(string question)
    {
        while (true)
        {
            var result = await KnowledgeFixture.AskAsync(fixture.Lexical, "fabrika", question);
            if (result.Degradation != Degradation.ApprovedOnly)
                return result;
        }
    }

    /// <summary>Weights that see nothing and decline everything.</summary>
    private async Task UseBlindWeightsAsync()
    {
        var tenant = await KnowledgeFixture.TenantAsync(fixture.Lexical, "fabrika");
        var model = CalibrationFile.Load().Vectors.ModelHash;
        var blind = new CalibrationWeights(
            new double[Mefapex.Api.Knowledge.Answers.Calibration.CandidateNames.Count],
            [9, .. new double[Mefapex.Api.Knowledge.Answers.Calibration.NoneNames.Count - 1]],
            ModelHash: null,
            Questions: 0,
            LogLoss: 0);
        var none = new LabelFigures(0, 0, 1, 1, 9);
        await using var scope = fixture.Lexical.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.WholeDatabase();
        db.TenantCalibrations.Add(new TenantCalibration
        {
            TenantId = tenant.Id,
            ModelHash = model,
            Weights = new(Mefapex.Api.Knowledge.Answers.Calibration.CandidateNames, Mefapex.Api.Knowledge.Answers.Calibration.NoneNames, blind, blind with { ModelHash = model }),
            Figures = new(new(none, none), null),
            Questions = 0,
            FittedAt = TimeProvider.System.GetUtcNow(),
            FittedBy = "test",
        });
        await db.SaveChangesAsync(Cancellation);
        await db.Database.ExecuteSqlAsync($"update knowledge_bases set version = version + 1 where tenant_id = {tenant.Id}", Cancellation);
    }
}
