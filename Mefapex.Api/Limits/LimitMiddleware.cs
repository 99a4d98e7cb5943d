namespace Mefapex.Api.Limits;

/// <summary>Answers 429 before an endpoint runs. Comes after authentication, so that people are told apart.</summary>
internal sealed class LimitMiddleware(RequestDelegate next, RequestLimits limits)
{
    /// <summary>Monitors ask often, and must be told the truth under load.</summary>
    private const string Health = "/health";

    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments(Health, StringComparison.Ordinal))
        {
            var kind = context.GetEndpoint()?.Metadata.GetMetadata<LimitMetadata>()?.Kind ?? LimitKind.General;
            var verdict = await limits.TakeAsync(kind, context.User, context.Connection.RemoteIpAddress, context.RequestAborted);
            verdict?.Write(context.Response.Headers);
            if (verdict is { Allowed: false })
            {
                await LimitProblems.TooManyRequests(verdict.RetryAfterSeconds).ExecuteAsync(context);
                return;
            }
        }

        await next(context);
    }
}
