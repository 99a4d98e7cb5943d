using System.Globalization;
using Mefapex.Api.Data;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Http;

/// <summary>Answers 503 with a time to wait where the database is away, before the general handler sees it.</summary>
internal sealed partial class DatabaseOutageHandler(ILogger<DatabaseOutageHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (!DatabaseFault.IsOutage(exception))
            return false;
        LogAway(context.Request.Method, context.Request.Path, exception.GetBaseException().Message);
        await DatabaseOutage.AnswerAsync(context);
        return true;
    }

    [LoggerMessage(LogLevel.Warning, "{Method} {Path} answered 503: PostgreSQL is not reachable ({Reason})")]
    private partial void LogAway(string method, string path, string reason);
}

internal static class DatabaseOutage
{
    private const int RetryAfterSeconds = 5;

    /// <summary>Answers 503 until the schema is up to date, so that no handler meets a half-made one.</summary>
    public static TBuilder NeedsDatabase<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) =>
        {
            if (context.HttpContext.RequestServices.GetRequiredService<DatabaseState>().IsReady)
                return await next(context);
            await AnswerAsync(context.HttpContext);
            return Results.Empty;
        });

    public static Task AnswerAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return Problem().ExecuteAsync(context);
    }

    public static ProblemHttpResult Problem() => Problems.DatabaseUnavailable(RetryAfterSeconds);
}
