using System.Data.Common;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;

namespace Mefapex.ServiceDefaults;

/// <summary>
/// The last resort: exceptions that no <see cref="IExceptionHandler"/> of a feature turned into an answer. Nothing of
/// the exception reaches the caller.
/// </summary>
internal sealed partial class ProblemExceptionHandler(IProblemDetailsService problems, ILogger<ProblemExceptionHandler> logger)
{
    private const int RetryAfterSeconds = 5;

    public async Task HandleAsync(HttpContext context)
    {
        var exception = context.Features.GetRequiredFeature<IExceptionHandlerFeature>().Error;
        var problem = exception switch
        {
            BadHttpRequestException bad => Describe(bad, context),
            _ when IsOutage(exception) => Unavailable(exception, context),
            _ => Unexpected(exception, context),
        };
        context.Response.StatusCode = problem.Status ?? StatusCodes.Status500InternalServerError;
        await problems.WriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem });
    }

    private static ProblemDetails Describe(BadHttpRequestException bad, HttpContext context)
    {
        if (IsInvalidText(bad))
            return new ProblemDetails { Status = bad.StatusCode, Type = ProblemTypes.InvalidUtf8 };

        var json = bad.InnerException as JsonException;
        return new ProblemDetails
        {
            Status = bad.StatusCode,
            Type = json is null ? ProblemTypes.Of(bad.StatusCode) : ProblemTypes.WrongJson,
            Detail = bad.StatusCode switch
            {
                StatusCodes.Status400BadRequest when json is not null => DescribeJson(json),
                StatusCodes.Status400BadRequest when ExpectsBody(context) && context.Request.ContentLength is null or 0 =>
                    ProblemTexts.Text("bad-request.empty"),
                StatusCodes.Status400BadRequest => ProblemTexts.Text("bad-request.reason", bad.Message),
                _ => null,
            },
        };
    }

    /// <summary>The reader finds bytes that are no text only when it makes a string of them, deep inside.</summary>
    private static bool IsInvalidText(BadHttpRequestException bad)
    {
        for (var current = bad.InnerException; current is not null; current = current.InnerException)
        {
            if (current is DecoderFallbackException)
                return true;
        }

        return false;
    }

    private static bool ExpectsBody(HttpContext context) =>
        context.Features.Get<IExceptionHandlerFeature>()?.Endpoint?.Metadata.GetMetadata<IAcceptsMetadata>() is not null;

    private static string DescribeJson(JsonException json)
    {
        var where = ProblemTexts.Text("wrong-json.position", (json.LineNumber ?? 0) + 1, (json.BytePositionInLine ?? 0) + 1);
        return json.Path is { Length: > 1 } path
            ? ProblemTexts.Text("wrong-json.field", path.TrimStart('$', '.'), where)
            : ProblemTexts.Text("wrong-json.syntax", where);
    }

    private static bool IsOutage(Exception exception)
    {
        for (var current = exception; current is not null; current = current.InnerException)
        {
            if (current is DbException { IsTransient: true } or HttpRequestException)
                return true;
        }

        return false;
    }

    private ProblemDetails Unavailable(Exception exception, HttpContext context)
    {
        LogOutage(logger, context.Request.Method, context.Request.Path, exception);
        context.Response.Headers.RetryAfter = $"{RetryAfterSeconds}";
        return new ProblemDetails { Status = StatusCodes.Status503ServiceUnavailable, Type = ProblemTypes.Unavailable };
    }

    private ProblemDetails Unexpected(Exception exception, HttpContext context)
    {
        LogUnexpected(logger, context.Request.Method, context.Request.Path, exception);
        return new ProblemDetails { Status = StatusCodes.Status500InternalServerError, Type = ProblemTypes.Unexpected };
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private static partial void LogUnexpected(ILogger logger, string method, string path, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} {Path} needs the database or a service that does not answer")]
    private static partial void LogOutage(ILogger logger, string method, string path, Exception exception);
}
