using System.Diagnostics;
using System.Globalization;
using Mefapex.Api.Accounts;
using Mefapex.Api.Ai;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Keys;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Shared;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Operations;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Operations;

/// <summary>Figures and switches for those who run the service, on the paths of the old contract.</summary>
internal static class OperationsEndpoints
{
    private const int DefaultMinutes = 15;
    private const int MaxMinutes = 24 * 60;
    private const string Success = "success";

    public static WebApplicationBuilder AddOperations(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MemoryCleaner>();
        builder.Services.AddHostedService<IdleTrim>();
        return builder;
    }

    public static void MapOperations(this IEndpointRouteBuilder endpoints)
    {
        var operations = endpoints.MapGroup("").WithTags("Operations").Requires(Policies.Operations).TakesKeys();
        operations.MapGet("/system/memory", (MemoryCleaner memory) => TypedResults.Ok(memory.Read()));
        operations.MapGet("/system/circuit-breaker-status", ReadBreakers);
        operations.MapGet("/admin/cache/health", ReadCacheHealthAsync);

        var ofTenant = operations.MapGroup("").NeedsDatabase();
        ofTenant.MapGet("/stats", ReadStatsAsync);
        ofTenant.MapGet("/admin/cache/stats", ReadCacheAsync);
        ofTenant.MapPost("/admin/cache/clear", ClearCacheAsync);
        ofTenant.MapPost("/system/memory/cleanup", CleanMemoryAsync);
        ofTenant.MapPost("/system/force-fallback", ForceFallbackAsync);
        ofTenant.MapDelete("/system/force-fallback", LiftFallbackAsync);

        endpoints.MapServicesHealth();
    }

    private static async Task<Results<Ok<ServiceStats>, ProblemHttpResult>> ReadStatsAsync(
        RequestTenant tenant,
        MefapexDb db,
        AnswerCache cache,
        ServiceIdentity identity,
        TimeProvider time,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var (scope, problem) = await OperationsScope.OfAsync(tenant, http);
        if (problem is not null)
            return problem;
        var (id, yesterday) = (scope.TenantId, time.GetUtcNow().AddDays(-1));
        var exchanges = db.Exchanges.Where(e => id == null || e.TenantId == id);
        var decisions = await exchanges.Where(e => e.AskedAt > yesterday)
            .GroupBy(e => e.Decision)
            .Select(g => new { Decision = g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Decision, g => g.Count, StringComparer.Ordinal, cancellationToken);
        using var process = Process.GetCurrentProcess();
        return TypedResults.Ok(new ServiceStats(
            Success,
            time.GetUtcNow(),
            scope.Name,
            identity.Version,
            Math.Round((time.GetUtcNow() - new DateTimeOffset(process.StartTime)).TotalSeconds, 1),
            await db.Users.CountAsync(u => id == null || u.TenantId == id, cancellationToken),
            await db.Conversations.CountAsync(c => id == null || c.TenantId == id, cancellationToken),
            await exchanges.CountAsync(cancellationToken),
            decisions.Values.Sum(),
            decisions,
            await db.KnowledgeEntries.CountAsync(e => (id == null || e.TenantId == id) && e.PublishedVersion != null, cancellationToken),
            await db.Documents.CountAsync(d => id == null || d.TenantId == id, cancellationToken),
            cache.Figures(id).HitRate));
    }

    private static async Task<Results<Ok<CacheStats>, ProblemHttpResult>> ReadCacheAsync(
        RequestTenant tenant,
        AnswerCache cache,
        SharedAnswers shared,
        IOptions<AnswerCacheOptions> options,
        TimeProvider time,
        HttpContext http)
    {
        var (scope, problem) = await OperationsScope.OfAsync(tenant, http);
        if (problem is not null)
            return problem;
        var figures = cache.Figures(scope.TenantId);
        var (hits, misses) = shared.Counts;
        return TypedResults.Ok(new CacheStats(
            Success,
            time.GetUtcNow(),
            scope.Name,
            figures.Hits,
            figures.Misses,
            figures.Shared,
            figures.HitRate,
            figures.Answers,
            figures.Bytes,
            options.Value.MaxAnswers,
            options.Value.MaxBytes,
            shared.IsOn ? new SecondLevelStats(RedisHealth.Name, hits, misses) : null));
    }

    private static async Task<Ok<CacheHealthReport>> ReadCacheHealthAsync(
        HealthCheckService checks,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var report = await checks.CheckHealthAsync(check => check.Name == CacheHealth.Name, cancellationToken);
        return TypedResults.Ok(new CacheHealthReport(
            report.Status.Word(), time.GetUtcNow(), report.Entries[CacheHealth.Name].InFull()));
    }

    private static async Task<Results<Ok<CacheCleared>, ProblemHttpResult>> ClearCacheAsync(
        RequestTenant tenant,
        AnswerClearing answers,
        IAuditLog audit,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var (scope, problem) = await OperationsScope.OfAsync(tenant, http);
        if (problem is not null)
            return problem;
        var (cleared, isComplete) = await answers.ClearAsync(scope.TenantId, cancellationToken);
        await audit.RecordAsync(
            new(AuditVerbs.CacheCleared, scope.TenantId, new("cache", "answers")) { Before = new() { ["answers"] = cleared } },
            cancellationToken);
        return TypedResults.Ok(new CacheCleared(isComplete ? Success : "partial", scope.Name, cleared));
    }

    private static async Task<Results<Ok<MemoryCleaned>, ProblemHttpResult>> CleanMemoryAsync(
        RequestTenant tenant,
        MemoryCleaner memory,
        IAuditLog audit,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var (scope, problem) = await OperationsScope.OfAsync(tenant, http);
        if (problem is not null)
            return problem;
        var (cleaned, wait) = memory.Clean();
        if (cleaned is null)
        {
            var seconds = (int)Math.Ceiling(wait.TotalSeconds);
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            return OperationsProblems.CleanupTooSoon(seconds);
        }

        await audit.RecordAsync(
            new(AuditVerbs.MemoryCleaned, scope.TenantId, new("memory", "api")) { After = new() { ["freed_mb"] = cleaned.FreedMb } },
            cancellationToken);
        return TypedResults.Ok(cleaned);
    }

    private static Ok<CircuitBreakers> ReadBreakers(
        Caller caller,
        AiAvailability ai,
        RedisConnection redis,
        CircuitStates circuits,
        ForcedFallbacks fallbacks,
        TimeProvider time)
    {
        var questions = ai.State;
        var breakers = new Dictionary<string, BreakerState>(StringComparer.Ordinal)
        {
            [AiServiceHealth.Name] = new(questions.IsUp ? "closed" : "open", questions.Since, questions.Closings, questions.Reason),
        };
        if (redis.IsConfigured)
            breakers[RedisHealth.Name] = new(redis.IsUp ? "closed" : "open", Reason: redis.IsUp ? null : redis.Obstacle);
        foreach (var (service, state) in circuits.All)
            breakers["http:" + service] = new(state.State, state.Since, state.Opened, state.Reason);
        return TypedResults.Ok(new CircuitBreakers(
            breakers.Values.All(breaker => breaker.State == "closed") ? "closed" : "open",
            time.GetUtcNow(),
            breakers,
            [.. fallbacks.Of(caller.Tenant).Select(ToWire)]));
    }

    private static async Task<Results<Ok<FallbackState>, ProblemHttpResult>> ForceFallbackAsync(
        FallbackRequest? request,
        RequestTenant tenant,
        MefapexDb db,
        ForcedFallbacks fallbacks,
        IAuditLog audit,
        TimeProvider time,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var minutes = request?.Minutes ?? DefaultMinutes;
        if (minutes is < 1 or > MaxMinutes)
            return OperationsProblems.FallbackMinutes(MaxMinutes);
        var reason = request?.Reason?.Replace("\0", "", StringComparison.Ordinal).Trim();
        if (reason?.Length > ForcedFallback.MaxReasonLength)
            return OperationsProblems.FallbackReason(ForcedFallback.MaxReasonLength);
        var (scope, problem) = await OperationsScope.OfAsync(tenant, http);
        if (problem is not null)
            return problem;

        var now = time.GetUtcNow();
        var forced = new ForcedFallback
        {
            Id = Guid.CreateVersion7(now),
            TenantId = scope.TenantId,
            Reason = string.IsNullOrEmpty(reason) ? null : reason,
            ForcedAt = now,
            Until = now.AddMinutes(minutes),
        };
        await db.InTransactionAsync(
            async () =>
            {
                await db.ForcedFallbacks.Where(f => f.TenantId == forced.TenantId).ExecuteDeleteAsync(cancellationToken);
                db.ForcedFallbacks.Add(forced);
                await db.SaveChangesAsync(cancellationToken);
                await audit.RecordAsync(
                    new(AuditVerbs.FallbackForced, scope.TenantId, new("fallback", scope.Name))
                    {
                        After = new() { ["reason"] = forced.Reason, ["minutes"] = minutes },
                    },
                    cancellationToken);
                return true;
            },
            cancellationToken);
        await fallbacks.ChangedAsync(cancellationToken);
        return TypedResults.Ok(ToWire(new(forced.TenantId, scope.Name, forced.Reason, forced.ForcedAt, forced.Until)));
    }

    private static async Task<Results<Ok<FallbackState>, ProblemHttpResult>> LiftFallbackAsync(
        RequestTenant tenant,
        MefapexDb db,
        ForcedFallbacks fallbacks,
        IAuditLog audit,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var (scope, problem) = await OperationsScope.OfAsync(tenant, http);
        if (problem is not null)
            return problem;
        await db.InTransactionAsync(
            async () =>
            {
                if (await db.ForcedFallbacks.Where(f => f.TenantId == scope.TenantId).ExecuteDeleteAsync(cancellationToken) > 0)
                {
                    await audit.RecordAsync(
                        new(AuditVerbs.FallbackLifted, scope.TenantId, new("fallback", scope.Name)), cancellationToken);
                }

                return true;
            },
            cancellationToken);
        await fallbacks.ChangedAsync(cancellationToken);
        return TypedResults.Ok(new FallbackState("none", scope.Name));
    }

    private static FallbackState ToWire(FallbackInForce forced) => new(
        "forced",
        forced.TenantId is null ? OperationsScope.All : forced.Slug ?? "",
        Degradation.Lexical,
        forced.Reason,
        forced.ForcedAt,
        forced.Until);
}
