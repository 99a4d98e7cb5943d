using System.Globalization;
using System.Net.Mime;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Mefapex.Api.Chat;

/// <summary>An answer as server-sent events, with comments while it is quiet so that proxies keep the connection.</summary>
/// <param name="first">Number of the first event to send.</param>
internal sealed class AnswerEventStream(AnswerRun run, int first = 0) : IResult, IEndpointMetadataProvider
{
    private const string LastEventId = "Last-Event-ID";

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => builder.Metadata.Add(
        new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), [MediaTypeNames.Text.EventStream]));

    /// <summary>The number of the event after the one that the caller had last; 0 without the header.</summary>
    /// <returns>Null when the header names no event of this message.</returns>
    public static int? NextAfter(HttpRequest request, Guid messageId)
    {
        var had = request.Headers[LastEventId].ToString();
        if (had.Length == 0)
            return 0;
        var parts = had.Split(':');
        return parts.Length == 2
            && Guid.TryParse(parts[0], out var id)
            && id == messageId
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number < int.MaxValue
                ? number + 1
                : null;
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var services = httpContext.RequestServices;
        var json = services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        var time = services.GetRequiredService<TimeProvider>();
        var heartbeat = services.GetRequiredService<IOptions<ChatOptions>>().Value.Heartbeat;
        var response = httpContext.Response;
        var gone = httpContext.RequestAborted;

        response.ContentType = MediaTypeNames.Text.EventStream;
        response.Headers.CacheControl = "no-cache,no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        httpContext.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        try
        {
            for (var next = first; ;)
            {
                var (events, ended, more) = run.From(next);
                next += events.Count;
                await response.WriteAsync(string.Concat(events.Select(e => TextOf(e, json))), gone);
                await response.Body.FlushAsync(gone);
                if (ended)
                    return;
                while (!await CompletesAsync(more, heartbeat, time, gone))
                {
                    await response.WriteAsync(":\n\n", gone);
                    await response.Body.FlushAsync(gone);
                }
            }
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
        }
    }

    private static string TextOf(AnswerEvent e, JsonSerializerOptions json) => new StringBuilder()
        .Append("id: ").Append(e.Id).Append('\n')
        .Append("event: ").Append(e.Type).Append('\n')
        .Append("data: ").Append(JsonSerializer.Serialize(e.Data, e.Data.GetType(), json)).Append("\n\n")
        .ToString();

    private static async Task<bool> CompletesAsync(Task task, TimeSpan within, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(within, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
