using System.Text.Json;
using Mefapex.Api.Accounts;
using Mefapex.Api.Conversations;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>Why an answer came out as it did, and how it would come out now; and a bench for questions that nobody asked.</summary>
internal static class WhyEndpoints
{
    private const int MaxQuestion = 1000;
    private const int MostPerStage = 10;

    /// <summary>Fields of <see cref="AnswerWhy"/> that can explain a different answer.</summary>
    private static readonly string[] Causes =
        ["knowledge_version", "model_hash", "calibration", "thresholds", "degradation", "language", "understood", "today", "decision"];

    private static readonly (string Name, Func<Features, double> Score)[] Stages =
    [
        ("full_text", f => f.FullText),
        ("keywords", f => f.Keywords),
        ("synonyms", f => f.Synonyms),
        ("trigram", f => f.Trigram),
        ("vector", f => f.Vector),
        ("answer_vector", f => f.AnswerVector),
        ("phrase", f => f.Phrase),
        ("topic", f => f.Topic),
        ("telling", f => f.Telling),
        ("anywhere", f => f.Anywhere),
        ("grams", f => f.Grams),
    ];

    public static void MapWhy(this RouteGroupBuilder review)
    {
        review.MapGet("/exchanges/{messageId:guid}/why", WhyAsync);
        review.MapPost("/exchanges/{messageId:guid}/replay", ReplayAsync).Requires(Policies.Knowledge.Read);
        review.MapPost("/bench", BenchAsync).Requires(Policies.Knowledge.Read);
    }

    private static async Task<Results<Ok<AnswerExplanation>, ProblemHttpResult>> WhyAsync(
        Guid messageId,
        EditorScope editor,
        MefapexDb db,
        CancellationToken cancellationToken) =>
        await FindAsync(db, editor, messageId, cancellationToken) is { } exchange
            ? TypedResults.Ok(Explain(exchange))
            : ReviewProblems.ExchangeNotFound();

    private static async Task<Results<Ok<AnswerReplay>, ProblemHttpResult>> ReplayAsync(
        Guid messageId,
        EditorScope editor,
        MefapexDb db,
        AnswerService answers,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(db, editor, messageId, cancellationToken) is not { } exchange)
            return ReviewProblems.ExchangeNotFound();
        var stored = Explain(exchange);
        var asked = stored.Why.Deserialize<Circumstances>(WireJson.Options);
        var fresh = await answers.ReplayAsync(
            editor.Tenant, new Reader([.. asked?.Reader ?? []]), exchange.Question, asked?.Context, cancellationToken);
        var why = Why(fresh);
        return TypedResults.Ok(new AnswerReplay(stored, BenchAnswer(fresh), why, [.. Differences(stored, fresh, why)]));
    }

    private static async Task<Results<Ok<BenchResult>, ProblemHttpResult>> BenchAsync(
        BenchRequest request,
        EditorScope editor,
        AnswerService answers,
        SnapshotStore snapshots,
        CancellationToken cancellationToken)
    {
        var question = (request.Question ?? "").Replace("\0", "", StringComparison.Ordinal).Trim();
        if (question.Length is 0 or > MaxQuestion)
            return ReviewProblems.BenchQuestion(MaxQuestion);
        if (request.Language is not (null or "tr" or "en"))
            return ReviewProblems.LabelInvalid(ReviewTexts.Format("LabelLanguageUnknown", request.Language));

        var tenant = request.Language is null ? editor.Tenant : editor.Tenant with { Locale = request.Language };
        var reader = request.As is null ? Reader.Of(editor.Caller) : new Reader([.. request.As.Order(StringComparer.Ordinal)]);
        var result = await answers.ReplayAsync(tenant, reader, question, context: null, cancellationToken);
        var snapshot = await snapshots.GetAsync(tenant.Id, result.Why.KnowledgeVersion ?? 0, cancellationToken);
        return TypedResults.Ok(new BenchResult(BenchAnswer(result), Why(result), [.. Stages.Select(stage => Stage(stage.Name, stage.Score))]));

        BenchStage Stage(string name, Func<Features, double> score) => new(
            name,
            [
                .. result.Why.Candidates
                    .Where(c => score(c.Stages) > 0)
                    .OrderByDescending(c => score(c.Stages))
                    .ThenBy(c => c.Id, StringComparer.Ordinal)
                    .Take(MostPerStage)
                    .Select(c => new BenchCandidate(
                        c.Id,
                        snapshot.Entries.TryGetValue(c.Id, out var entry) ? entry.TextIn(result.Language).Title : c.Id,
                        Math.Round(score(c.Stages), 4))),
            ]);
    }

    private static Task<StoredExchange?> FindAsync(MefapexDb db, EditorScope editor, Guid id, CancellationToken cancellationToken) =>
        db.Exchanges.AsNoTracking().SingleOrDefaultAsync(e => e.TenantId == editor.Tenant.Id && e.Id == id, cancellationToken);

    private static AnswerExplanation Explain(StoredExchange exchange) => new(
        exchange.Id.ToString(), exchange.Question, exchange.ToAnswer(), exchange.AskedAt, JsonDocument.Parse(exchange.Why).RootElement);

    private static JsonElement Why(AnswerResult result) => JsonSerializer.SerializeToElement(result.Why, WireJson.Options);

    private static BenchAnswer BenchAnswer(AnswerResult result) => new(
        result.Response, result.Decision, result.Sources, result.Citations, result.Confidence, result.Language, result.Degradation, result.Understood);

    private static IEnumerable<ReplayDifference> Differences(AnswerExplanation stored, AnswerResult fresh, JsonElement why)
    {
        foreach (var cause in Causes)
        {
            var (before, now) = (Text(stored.Why, cause), Text(why, cause));
            if (before != now)
                yield return new(cause, before, now);
        }

        if (Candidates(stored.Why) is var then && Candidates(why) is var here && then != here)
            yield return new("candidates", then, here);
        if (stored.Answer.Response != fresh.Response)
            yield return new("response", stored.Answer.Response, fresh.Response);
    }

    private static string? Text(JsonElement why, string field) =>
        why.ValueKind is JsonValueKind.Object && why.TryGetProperty(field, out var value) && value.ValueKind is not JsonValueKind.Null
            ? JsonSerializer.Serialize(value).Trim('"')
            : null;

    /// <summary>The first three, which decide.</summary>
    private static string? Candidates(JsonElement why)
    {
        if (why.ValueKind is not JsonValueKind.Object || !why.TryGetProperty("candidates", out var candidates))
            return null;
        var first = candidates.EnumerateArray().Take(3).Select(c =>
            $"{c.GetProperty("id").GetString()} {c.GetProperty("probability").GetDouble().ToString("0.000", System.Globalization.CultureInfo.InvariantCulture)}");
        return string.Join(", ", first);
    }

    /// <summary>What of a stored <see cref="AnswerWhy"/> the question is asked again with.</summary>
    private sealed record Circumstances(IReadOnlyList<string>? Reader, ConversationContext? Context);
}
