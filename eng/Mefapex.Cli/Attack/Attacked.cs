using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Mefapex.Cli;

/// <summary>Somebody with an account that the suite made.</summary>
/// <param name="tenant">Slug; null for the operator.</param>
internal sealed class Person(string role, string? tenant, string username, string password)
{
    public string Role => role;

    public string? Tenant => tenant;

    public string Username => username;

    public string Password => password;

    public string Token { get; set; } = "";

    public override string ToString() => Tenant is null ? Role : $"{Role} of {Tenant}";
}

/// <summary>One request of the suite.</summary>
/// <param name="Token">Sent as bearer token; null for none.</param>
internal sealed record Probe(
    string Method,
    string Path,
    string? Token,
    string? Body = null,
    string? Tenant = null,
    string? Cookie = null,
    string BodyType = "application/json",
    MultipartFormDataContent? Form = null);

/// <summary>What came back, its body cut off at a length that no honest answer to the suite reaches.</summary>
/// <param name="Asked">Address and body of the request.</param>
internal sealed record Reply(int Status, string Body, string Asked)
{
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>Whether it says that there is no good token; other 401s are about what an operation itself wants.</summary>
    public bool IsSignedOut => Status == 401
        && (Body.Contains("problem:token-", StringComparison.Ordinal) || Body.Contains("problem:session-ended", StringComparison.Ordinal));

    public bool IsForbidden => Status == 403 && Body.Contains("problem:forbidden", StringComparison.Ordinal);

    /// <summary>Whether the request named this itself, so that "there is no X" tells nothing new.</summary>
    public bool WasAskedFor(string text) => Asked.Contains(text, StringComparison.OrdinalIgnoreCase);
}

/// <summary>The API under attack. Waits where it is told that it asks too much.</summary>
internal sealed class Attacked(HttpClient http)
{
    private const int MostTries = 300;
    private const int MostCharacters = 200_000;

    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>A stream of events may go on for ever; what it has to tell comes first.</summary>
    private static readonly TimeSpan StreamTime = TimeSpan.FromMilliseconds(300);

    private int _sent;

    public HttpClient Http => http;

    /// <summary>How many requests there were so far.</summary>
    public int Sent => _sent;

    public async Task<Reply> SendAsync(Probe probe, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var request = Request(probe);
            Interlocked.Increment(ref _sent);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var reply = new Reply((int)response.StatusCode, await ReadAsync(response, cancellationToken), $"{Uri.UnescapeDataString(probe.Path)} {probe.Body}");
            if (response.StatusCode != HttpStatusCode.TooManyRequests || attempt == MostTries || IsLock(reply))
                return reply;
            var wait = response.Headers.RetryAfter?.Delta ?? DefaultWait;
            await Task.Delay(wait < LongestWait ? wait : LongestWait, cancellationToken);
        }
    }

    // A quota that is used up and an account that is locked do not pass by waiting.
    private static bool IsLock(Reply reply) => !reply.Body.Contains("problem:too-many-requests", StringComparison.Ordinal);

    private static HttpRequestMessage Request(Probe probe)
    {
        var request = new HttpRequestMessage(new HttpMethod(probe.Method), new Uri(probe.Path, UriKind.Relative))
        {
            Content = probe.Form is not null ? probe.Form
                : probe.Body is null ? null
                : new StringContent(probe.Body, Encoding.UTF8, probe.BodyType),
        };
        if (probe.Token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {probe.Token}");
        if (probe.Tenant is not null)
            request.Headers.Add("X-Tenant", probe.Tenant);
        if (probe.Cookie is not null)
            request.Headers.TryAddWithoutValidation("Cookie", probe.Cookie);
        if (probe.Method != "GET")
            request.Headers.IfMatch.Add(EntityTagHeaderValue.Any);
        return request;
    }

    private static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            time.CancelAfter(StreamTime);
        var text = new StringBuilder();
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(time.Token);
            using var reader = new StreamReader(stream);
            var buffer = new char[8192];
            while (text.Length < MostCharacters && await reader.ReadAsync(buffer, time.Token) is > 0 and var read)
                text.Append(buffer, 0, read);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The stream goes on; this is what it said.
        }

        return text.ToString();
    }
}

/// <summary>The API could not be brought into the state in which it is attacked.</summary>
internal static class StageFailure
{
    public static SetupException Of(Probe probe, Reply reply) => new(
        string.Create(CultureInfo.InvariantCulture, $"{probe.Method} {probe.Path} answered {reply.Status}: {reply.Body}"),
        "The attack needs two tenants with people and rows of their own; mend that and run it again.");
}
