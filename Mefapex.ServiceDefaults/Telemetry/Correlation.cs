using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Mefapex.ServiceDefaults;

/// <summary>
/// The id that ties together what a request left in the logs of every service: the caller's own where it sent a sane
/// one, else the W3C trace id.
/// </summary>
public static class Correlation
{
    /// <summary>Read from requests, written to responses and to calls of other services.</summary>
    public const string Header = "X-Correlation-Id";

    /// <summary>Name of the log scope value and, in lower case with a dot, of the span attribute.</summary>
    internal const string ScopeKey = "CorrelationId";

    internal const string Tag = "correlation.id";

    private const int MaxLength = 64;

    private static readonly AsyncLocal<string?> CallersId = new();

    /// <summary>The id of the current request, or of the current trace outside of one; null outside of both.</summary>
    public static string? Current => CallersId.Value ?? Activity.Current?.TraceId.ToHexString();

    /// <summary>The id the caller chose; null where the trace id stands in for it and travels by itself.</summary>
    internal static string? FromCaller
    {
        get => CallersId.Value;
        set => CallersId.Value = value;
    }

    internal static string? Sane(StringValues values) =>
        values is [{ Length: > 0 and <= MaxLength } id] && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? id
            : null;
}

internal sealed class CorrelationMiddleware(RequestDelegate next, ILogger<CorrelationMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        Correlation.FromCaller = Correlation.Sane(context.Request.Headers[Correlation.Header]);
        var id = Correlation.Current ?? context.TraceIdentifier;
        if (Correlation.FromCaller is not null)
            Activity.Current?.SetTag(Correlation.Tag, id);

        // Set again at the start of the response: the exception handler clears the headers.
        context.Response.OnStarting(() =>
        {
            context.Response.Headers[Correlation.Header] = id;
            return Task.CompletedTask;
        });

        using (logger.BeginScope(new KeyValuePair<string, object?>[] { new(Correlation.ScopeKey, id) }))
            await next(context);
    }
}
