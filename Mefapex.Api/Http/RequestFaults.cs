using System.Text.Json;
using Mefapex.Api.Data;
using Microsoft.AspNetCore.Diagnostics;

namespace Mefapex.Api.Http;

/// <summary>Turns a database that is away into 503, and a request that cannot be read into 400, 413 or 415.</summary>
internal sealed partial class RequestFaults(ILogger<RequestFaults> logger) : IExceptionHandler
{
    public const int RetryAfterSeconds = 5;

    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (DatabaseFault.IsOutage(exception))
        {
            LogDatabaseAway(context.Request.Path, exception.GetBaseException().Message);
            await AnswerDatabaseAway(context);
            return true;
        }

        if (exception is BadHttpRequestException bad)
        {
            await Problems.InvalidRequest(bad.StatusCode, Reason(bad)).ExecuteAsync(context);
            return true;
        }

        return false;
    }

    public static Task AnswerDatabaseAway(HttpContext context)
    {
        context.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Problems.DatabaseUnavailable(RetryAfterSeconds).ExecuteAsync(context);
    }

    /// <summary>Where the JSON breaks, without naming our types.</summary>
    private static string Reason(BadHttpRequestException bad)
    {
        for (Exception? e = bad; e is not null; e = e.InnerException)
        {
            if (e is JsonException json)
            {
                return $"not the expected JSON at {json.Path ?? "$"}, line {json.LineNumber + 1}, byte {json.BytePositionInLine}.";
            }
        }

        return bad.Message;
    }

    [LoggerMessage(LogLevel.Warning, "{Path} answered 503: the database is not reachable ({Reason})")]
    private partial void LogDatabaseAway(string path, string reason);
}
