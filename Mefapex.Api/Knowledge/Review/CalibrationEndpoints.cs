using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Knowledge;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Review;

internal static class CalibrationEndpoints
{
    private const int LeastToFit = 20;

    public static void MapCalibration(this RouteGroupBuilder review)
    {
        var calibration = review.MapGroup("/calibration").Requires(Policies.Calibration);
        calibration.MapGet("", ReadAsync);
        calibration.MapDelete("", RevertAsync);
        calibration.MapPost("/fit", FitAsync);
    }

    private static async Task<Results<Ok<CalibrationState>, ProblemHttpResult>> ReadAsync(
        RequestTenant tenant,
        MefapexDb db,
        CancellationToken cancellationToken)
    {
        var own = await db.TenantCalibrations.AsNoTracking().SingleOrDefaultAsync(c => c.TenantId == tenant.Id, cancellationToken);
        return TypedResults.Ok(own is null
            ? new CalibrationState(Own: false)
            : new CalibrationState(own.Weights.FitTheFigures, own.Questions, own.ModelHash, own.FittedAt, own.FittedBy, own.Figures));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RevertAsync(
        RequestTenant tenant,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var deleted = 0;
        await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            deleted = await db.TenantCalibrations.Where(c => c.TenantId == tenant.Id).ExecuteDeleteAsync(cancellationToken);
            if (deleted > 0)
                await KnowledgeWriter.BumpVersionAsync(db, tenant.Id, time.GetUtcNow(), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        });
        return deleted == 0 ? ReviewProblems.CalibrationNotFound() : TypedResults.NoContent();
    }

    private static async Task<Results<Ok<CalibrationResult>, ProblemHttpResult>> FitAsync(
        Caller caller,
        RequestTenant tenant,
        Labels labels,
        CalibrationFitting fitting,
        TimeProvider time,
        CancellationToken cancellationToken,
        [FromBody] FitRequest? request = null)
    {
        var questions = new List<KnowledgeLabel>();
        if (request?.Questions is { } given)
        {
            if (given.Count > Labels.Most)
                return ReviewProblems.LabelsFull(Labels.Most);
            var known = await labels.KnownAsync(tenant.Id, cancellationToken);
            foreach (var (draft, i) in given.Select((draft, i) => (draft, i)))
            {
                var (label, wrong) = Labels.Check(draft, known);
                if (label is null)
                    return ReviewProblems.LabelInvalid(ReviewTexts.Format("LabelNumber", i + 1) + " " + wrong);
                questions.Add(Labels.New(tenant.Scope, caller, label, time.GetUtcNow()));
            }
        }
        else
        {
            questions = await labels.AllAsync(tenant.Id, cancellationToken);
        }

        return questions.Count < LeastToFit
            ? ReviewProblems.LabelsTooFew(LeastToFit, questions.Count)
            : TypedResults.Ok(await fitting.FitAsync(tenant.Scope, caller, questions, cancellationToken));
    }
}
