using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Api.Keys;
using Mefapex.Api.Tenants;
using Microsoft.Extensions.Primitives;

namespace Mefapex.Api.Limits;

/// <summary>
/// Gives a repeated request the answer of the first. A middleware rather than a filter, as the body must be read before it is
/// bound and the answer seen as it is sent.
/// </summary>
internal sealed partial class IdempotencyMiddleware(
    RequestDelegate next,
    IdempotencyStore store,
    DatabaseState database,
    ILogger<IdempotencyMiddleware> logger)
{
    public const string Header = "Idempotency-Key";

    /// <summary>On an answer that was given before.</summary>
    public const string ReplayedHeader = "Idempotency-Replayed";

    private const int RetryAfterSeconds = 1;

    /// <summary>An answer that is not kept may be created twice, so a database at its limits is asked again.</summary>
    private const int SettleTries = 3;

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<IdempotencyMetadata>() is null
            || !context.Request.Headers.TryGetValue(Header, out var sent)
            || !database.IsReady
            || Caller.From(context.User) is not { } caller)
        {
            await next(context);
            return;
        }

        if (caller.Key is not null)
        {
            await KeyProblems.NoIdempotency().ExecuteAsync(context);
            return;
        }

        if (Read(sent) is not { } key)
        {
            await LimitProblems.KeyInvalid(IdempotentRequest.MaxKeyLength).ExecuteAsync(context);
            return;
        }

        var fingerprint = await FingerprintAsync(context.Request, context.RequestAborted);
        var request = new IdempotentRequestKey(caller.UserId, context.Request.PathBase + context.Request.Path, key);
        var claim = Guid.CreateVersion7();
        if (await store.ClaimAsync(request, fingerprint, claim, context.RequestAborted) is { } first)
            await RepeatAsync(context, first, fingerprint);
        else
            await RunAsync(context, request, claim);
    }

    private static async Task RepeatAsync(HttpContext context, IdempotentRequest first, byte[] fingerprint)
    {
        if (!first.Fingerprint.AsSpan().SequenceEqual(fingerprint))
        {
            await LimitProblems.KeyReused().ExecuteAsync(context);
            return;
        }

        var response = context.Response;
        if (first.Status is not { } status)
        {
            response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
            await LimitProblems.KeyInUse(RetryAfterSeconds).ExecuteAsync(context);
            return;
        }

        response.StatusCode = status;
        response.ContentType = first.ContentType;
        response.Headers.Location = first.Location;
        response.Headers.ETag = first.Etag;
        response.Headers[ReplayedHeader] = "true";
        if (first.Body is { Length: > 0 } body)
        {
            response.ContentLength = body.Length;
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    private async Task RunAsync(HttpContext context, IdempotentRequestKey request, Guid claim)
    {
        // Who sends a key wants it done once: it is carried through although the caller may be gone, or nobody knew whether
        // it was done.
        var aborted = context.RequestAborted;
        context.RequestAborted = CancellationToken.None;
        var wire = context.Response.Body;
        using var answer = new MemoryStream();
        context.Response.Body = answer;
        var kept = false;
        try
        {
            await next(context);
            kept = IsKept(context.Response.StatusCode);
        }
        finally
        {
            context.Response.Body = wire;
            context.RequestAborted = aborted;
            await SettleAsync(context.Response, request, claim, kept ? answer.ToArray() : null);
        }

        if (answer.Length > 0)
        {
            context.Response.ContentLength ??= answer.Length;
            await wire.WriteAsync(answer.GetBuffer().AsMemory(0, (int)answer.Length), aborted);
        }
    }

    /// <summary>A failure of ours and a refusal that may pass are no answers to give again.</summary>
    private static bool IsKept(int status) => status is < 500 and not (401 or 403 or 408 or 425 or 429);

    private async Task SettleAsync(HttpResponse response, IdempotentRequestKey request, Guid claim, byte[]? body)
    {
        for (var attempt = 1; attempt <= SettleTries; attempt++)
        {
            try
            {
                if (body is null)
                    await store.ReleaseAsync(request, claim, CancellationToken.None);
                else
                    await store.CompleteAsync(request, claim, response, body, CancellationToken.None);
                return;
            }
            catch (Exception e) when (DatabaseFault.IsOutage(e))
            {
                LogNotSettled(request.Path, attempt, e.GetBaseException().Message);
            }
        }
    }

    /// <returns>The key, with or without the quotes of a structured field; null where it is none.</returns>
    private static string? Read(StringValues sent)
    {
        if (sent is not [{ } value])
            return null;
        var key = value.Trim();
        if (key is ['"', .. var quoted, '"'])
            key = quoted;
        return key.Length is >= 1 and <= IdempotentRequest.MaxKeyLength && key.All(c => c is > ' ' and <= '~' and not '"') ? key : null;
    }

    private static async Task<byte[]> FingerprintAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        request.EnableBuffering();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(
            $"{request.QueryString}\n{request.Headers[RequestTenant.Header]}\n{request.ContentType}\n"));
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
            hash.AppendData(buffer, 0, read);
        request.Body.Position = 0;
        return hash.GetHashAndReset();
    }

    [LoggerMessage(LogLevel.Warning, "The answer of {Path} was not kept for a repetition in attempt {Attempt}: {Reason}")]
    private partial void LogNotSettled(string path, int attempt, string reason);
}
