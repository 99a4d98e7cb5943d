using System.Net;
using System.Net.Http.Json;
using Mefapex.Contracts;
using Mefapex.Contracts.Ai;

namespace Mefapex.Tests.Ai;

public sealed class LanguageEndpointTests : IAsyncLifetime
{
    private AiService _service = null!;
    private HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _service = await AiService.StartAsync();
        _client = _service.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
    }

    [Theory]
    [InlineData("yillik izin nasil alinir", "tr")]
    [InlineData("How do I request leave?", "en")]
    [InlineData("1240 👍", "unknown")]
    public async Task The_language_comes_with_a_probability(string text, string language)
    {
        var answer = await AiService.PostAsync<LanguageResponse>(_client, "/language/detect", new { text });

        answer.Language.ShouldBe(language);
        answer.Confidence.ShouldBeInRange(0.5, 1);
    }

    [Fact]
    public async Task An_empty_text_is_refused()
    {
        using var response = await _client.PostAsJsonAsync(
            "/language/detect", new LanguageRequest(""), WireJson.Options, TestContext.Current.CancellationToken);

        await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "empty-text");
    }
}
