using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace Mefapex.Cli;

/// <summary>Asks a Mefapex API as somebody who is not signed in; an API that says "later" is asked again then.</summary>
internal sealed class ChatApi(HttpClient http, TimeProvider time)
{
    private const int MostTries = 8;
    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public Uri Address => http.BaseAddress!;

    /// <returns>The answer, or in words why there is none.</returns>
    /// <exception cref="SetupException">Nothing listens there, it is not Mefapex, or the tenant does not exist.</exception>
    public async Task<EvalOutcome> AskAsync(EvalQuestion question, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/chat")
                {
                    Content = JsonContent.Create(new { message = question.Text }),
                };
                request.Headers.Add("X-Tenant", question.Tenant);
                using var response = await http.SendAsync(request, cancellationToken);
                if (response.IsSuccessStatusCode)
                    return new EvalOutcome(question, await ReadAsync(response, cancellationToken), Problem: null);

                var (type, said) = await ProblemAsync(response, cancellationToken);
                if (response.StatusCode is HttpStatusCode.NotFound)
                    throw NotFound(question, type, said);
                if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable) || attempt == MostTries)
                    return new EvalOutcome(question, Answer: null, said);
                await Task.Delay(WaitOf(response), time, cancellationToken);
            }
            catch (HttpRequestException exception) when (exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
            {
                throw new SetupException($"Nothing answers at {Address}.", "See ./mefapex status, or name the API with --api.", exception);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                var said = exception is OperationCanceledException ? $"no answer within {http.Timeout.TotalSeconds:0} s" : exception.Message;
                return new EvalOutcome(question, Answer: null, said);
            }
        }
    }

    private static async Task<EvalAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var answer = await response.Content.ReadFromJsonAsync<EvalAnswer>(Json, cancellationToken);
        return answer is { Decision: not null, Sources: not null, Degradation: not null }
            ? answer
            : throw new JsonException("the answer lacks decision, sources or degradation");
    }

    private SetupException NotFound(EvalQuestion question, string type, string said) =>
        type.EndsWith("tenant-not-found", StringComparison.Ordinal)
            ? SetupException.Usage(
                string.Create(CultureInfo.InvariantCulture, $"Line {question.Line}: there is no tenant '{question.Tenant}'."),
                "Mend the file, or ask the API that has this tenant with --api.")
            : new SetupException($"{Address} is not a Mefapex API: POST /chat answered {said}.", "Name the API with --api.");

    private static async Task<(string Type, string Said)> ProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode}");
        try
        {
            var problem = await response.Content.ReadFromJsonAsync<ProblemBody>(Json, cancellationToken);
            return (problem?.Type ?? "", problem?.Detail is { } detail ? $"{status}: {detail}" : status);
        }
        catch (JsonException)
        {
            return ("", status);
        }
    }

    private TimeSpan WaitOf(HttpResponseMessage response)
    {
        var asked = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => DefaultWait,
        };
        return asked < TimeSpan.Zero ? TimeSpan.Zero : asked < LongestWait ? asked : LongestWait;
    }

    private sealed record ProblemBody(string? Type, string? Detail);
}
