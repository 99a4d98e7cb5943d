using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Mefapex.Cli;

/// <summary>Has the API fit the weights of its answers to labelled questions, tenant by tenant.</summary>
internal sealed class FitApi(HttpClient http)
{
    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Signs in as somebody who administers the tenants of the file.</summary>
    /// <param name="token">Takes the place of name and password where there is one.</param>
    public async Task SignInAsync(string? token, string user, string password, CancellationToken cancellationToken)
    {
        if (token is null)
        {
            using var response = await SendAsync(HttpMethod.Post, "/login", tenant: null, new { username = user, password }, cancellationToken);
            if (response.StatusCode is HttpStatusCode.Unauthorized)
            {
                throw new SetupException(
                    $"{http.BaseAddress} does not let '{user}' in with that password.",
                    "Give --user and --password of an administrator, or a token in the variable MEFAPEX_TOKEN.");
            }

            token = (await ReadAsync<SignedIn>(response, cancellationToken)).AccessToken;
        }

        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public async Task<FitOutcome> FitAsync(string tenant, IEnumerable<EvalQuestion> questions, CancellationToken cancellationToken)
    {
        var body = new
        {
            questions = questions.Select(q => new { question = q.Text, language = q.Lang, expected = q.Expected, kind = q.Kind }),
        };
        using var response = await SendAsync(HttpMethod.Post, "/api/v1/knowledge/calibration/fit", tenant, body, cancellationToken);
        var outcome = await ReadAsync<FitOutcome>(response, cancellationToken);
        return outcome.Tenant == tenant
            ? outcome
            : throw new SetupException(
                $"This account belongs to the tenant '{outcome.Tenant}', the questions to '{tenant}'.",
                "Sign in as an administrator of that tenant or as the platform's operator.");
    }

    /// <summary>The figures in use and the new ones, a line each.</summary>
    public static string Render(FitOutcome outcome)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{outcome.Tenant}: {outcome.Questions} questions, {outcome.MustBeDeclined} of them to decline");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"",-32}  hit@1   hit@3   declined   wrongly     log");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"",-32}                correctly  declined    loss");
        Lines(text, "without vectors", outcome.Figures.Lexical);
        if (outcome.Figures.Vectors is { } vectors)
            Lines(text, "with vectors", vectors);
        else
            text.AppendLine("  with vectors: none, the AI service is away or its index is not ready");
        text.AppendLine(outcome.Taken ? "  The new weights are in use." : $"  Not taken into use: {outcome.Reason}");
        return text.ToString();
    }

    private static void Lines(StringBuilder text, string name, FitComparison comparison)
    {
        Line(text, $"{name}, in use", comparison.InUse);
        Line(text, $"{name}, new (5-fold)", comparison.Fitted);
    }

    private static void Line(StringBuilder text, string name, FitFigures f)
    {
        var declined = f.DeclinedCorrectly is { } share ? share.ToString("0.000", CultureInfo.InvariantCulture) : "    –";
        text.AppendLine(CultureInfo.InvariantCulture, $"  {name,-30}  {f.HitAt1:0.000}   {f.HitAt3:0.000}      {declined}     {f.WronglyDeclined:0.000}   {f.LogLoss:0.000}");
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        string? tenant,
        object body,
        CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body, mediaType: null, Json) };
        if (tenant is not null)
            request.Headers.Add("X-Tenant", tenant);
        try
        {
            return await http.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException exception) when (exception.InnerException is SocketException)
        {
            throw new SetupException($"Nothing answers at {http.BaseAddress}.", "See ./mefapex status, or name the API with --api.", exception);
        }
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        if (response.IsSuccessStatusCode)
            return JsonSerializer.Deserialize<T>(text, Json)!;
        var said = response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized
            ? "only administrators of the tenant and the platform's operator may fit weights"
            : Detail(text);
        throw new SetupException(
            string.Create(CultureInfo.InvariantCulture, $"{http.BaseAddress} answered {(int)response.StatusCode}: {said}"),
            "Mend that and run the command again.");
    }

    private static string Detail(string problem)
    {
        try
        {
            using var json = JsonDocument.Parse(problem);
            return json.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() ?? "" : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    private sealed record SignedIn(string AccessToken);
}

/// <summary>What the API says about new weights; see <c>CalibrationResult</c> of the contracts.</summary>
internal sealed record FitOutcome(string Tenant, bool Taken, string? Reason, int Questions, int MustBeDeclined, FitBoth Figures);

internal sealed record FitBoth(FitComparison Lexical, FitComparison? Vectors);

internal sealed record FitComparison(FitFigures InUse, FitFigures Fitted);

internal sealed record FitFigures(
    [property: System.Text.Json.Serialization.JsonPropertyName("hit_at1")] double HitAt1,
    [property: System.Text.Json.Serialization.JsonPropertyName("hit_at3")] double HitAt3,
    double? DeclinedCorrectly,
    double WronglyDeclined,
    double LogLoss);
