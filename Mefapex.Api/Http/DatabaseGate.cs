using Mefapex.Api.Data;

namespace Mefapex.Api.Http;

internal static class DatabaseGate
{
    /// <summary>Answers 503 until the schema is up to date, so that no handler meets a half-made one.</summary>
    public static TBuilder NeedsDatabase<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) =>
        {
            if (context.HttpContext.RequestServices.GetRequiredService<DatabaseState>().IsReady)
                return await next(context);
            await RequestFaults.AnswerDatabaseAway(context.HttpContext);
            return Results.Empty;
        });
}
