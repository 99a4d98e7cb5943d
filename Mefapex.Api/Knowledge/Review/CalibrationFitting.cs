using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Knowledge;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>
/// Fits weights to a tenant's labelled questions, measures them by five-fold cross-validation beside those in use, and
/// takes them into use where there are enough questions and nothing gets worse.
/// </summary>
internal sealed class CalibrationFitting(
    MefapexDb db,
    LabelSearch search,
    IVectorIndex index,
    Calibrations calibrations,
    Decider decider,
    WarningSigns warnings,
    TimeProvider time)
{
    public const int LeastQuestions = 150;
    public const int LeastDeclined = 20;

    private const int Folds = 5;

    /// <param name="labels">At least <see cref="Folds"/>; those that only documents answer are left out.</param>
    public async Task<CalibrationResult> FitAsync(
        TenantScope tenant,
        Caller by,
        IEnumerable<KnowledgeLabel> labels,
        CancellationToken cancellationToken)
    {
        var used = labels
            .Where(l => l.IsAboutEntries)
            .OrderBy(l => l.MustBeDeclined).ThenBy(l => l.Question, StringComparer.Ordinal)
            .ToList();
        var version = await db.KnowledgeBases.Where(k => k.TenantId == tenant.Id).Select(k => k.Version).SingleOrDefaultAsync(cancellationToken);
        var inUse = await calibrations.OfAsync(tenant.Id, version, cancellationToken);

        var model = index.ModelOf(tenant.Id)?.Hash;
        var lexical = Compare((await search.RunAsync(tenant.Id, used, withVectors: false, cancellationToken))!, inUse, modelHash: null);
        var vectors = await search.RunAsync(tenant.Id, used, withVectors: true, cancellationToken) is { } found
            ? Compare(found, inUse, model)
            : null;

        var declined = used.Count(l => l.MustBeDeclined);
        var figures = new CalibrationFigures(lexical.Comparison, vectors?.Comparison);
        var reason = Reason(used.Count, declined, figures);
        if (reason is null)
            await TakeAsync(tenant, by, lexical.Weights, vectors?.Weights, figures, used.Count, cancellationToken);

        return new CalibrationResult(tenant.Slug, reason is null, reason, used.Count, declined, figures);
    }

    /// <summary>Why the weights are not taken into use; null when they are.</summary>
    private static string? Reason(int questions, int declined, CalibrationFigures figures) =>
        questions < LeastQuestions || declined < LeastDeclined
            ? ReviewTexts.Format("CalibrationTooFew", LeastQuestions, LeastDeclined, questions, declined)
            : IsWorse(figures.Lexical, questions, declined) || (figures.Vectors is { } vectors && IsWorse(vectors, questions, declined))
                ? ReviewTexts.Get("CalibrationWorse")
                : null;

    /// <summary>One question more or less is chance; declining more and declining less may make up for each other.</summary>
    private static bool IsWorse(CalibrationComparison c, int questions, int declined)
    {
        var answerable = questions - declined;
        var one = 1.5 / Math.Max(1, answerable);
        return c.Fitted.LogLoss > c.InUse.LogLoss
            || c.Fitted.HitAt1 < c.InUse.HitAt1 - one
            || c.Fitted.HitAt3 < c.InUse.HitAt3 - one
            || WrongRefusals(c.Fitted) > WrongRefusals(c.InUse) + 1.5;

        double WrongRefusals(LabelFigures f) => (f.WronglyDeclined * answerable) + ((1 - (f.DeclinedCorrectly ?? 1)) * declined);
    }

    /// <param name="modelHash">The encoder whose vectors took part; null without them.</param>
    private Fitted Compare(IReadOnlyList<LabelFound> found, CalibrationFile inUse, string? modelHash)
    {
        var examples = found.Select(f => Example.Of(f.Result.Question, f.Result.Candidates, f.Label.Expected.ToHashSet(StringComparer.Ordinal))).ToList();
        var folds = Enumerable.Range(0, Folds)
            .AsParallel().AsOrdered()
            .Select(fold => With(CalibrationFit.Fit([.. examples.Where((_, i) => i % Folds != fold)], modelHash)))
            .ToList();
        return new Fitted(
            CalibrationFit.Fit(examples, modelHash),
            new CalibrationComparison(
                LabelOutcome.Figures([.. found.Select(f => Outcome(f, inUse))]),
                LabelOutcome.Figures([.. found.Select((f, i) => Outcome(f, folds[i % Folds]))])));

        CalibrationFile With(CalibrationWeights weights) =>
            modelHash is null ? inUse with { Lexical = weights } : inUse with { Vectors = weights };

        LabelOutcome Outcome(LabelFound f, CalibrationFile weights) =>
            LabelOutcome.Of(f.Label, Ranking.Of(f.Result, modelHash, weights), decider, warnings);
    }

    private async Task TakeAsync(
        TenantScope tenant,
        Caller by,
        CalibrationWeights lexical,
        CalibrationWeights? vectors,
        CalibrationFigures figures,
        int questions,
        CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            await db.TenantCalibrations.Where(c => c.TenantId == tenant.Id).ExecuteDeleteAsync(cancellationToken);
            db.TenantCalibrations.Add(new TenantCalibration
            {
                TenantId = tenant.Id,
                ModelHash = vectors?.ModelHash,
                Weights = new(Calibration.CandidateNames, Calibration.NoneNames, lexical, vectors),
                Figures = figures,
                Questions = questions,
                FittedAt = now,
                FittedBy = by.Username,
            });
            await db.SaveChangesAsync(cancellationToken);
            await KnowledgeWriter.BumpVersionAsync(db, tenant.Id, now, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        });
    }

    private sealed record Fitted(CalibrationWeights Weights, CalibrationComparison Comparison);
}
