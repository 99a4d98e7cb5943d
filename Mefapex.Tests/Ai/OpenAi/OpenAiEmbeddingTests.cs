using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using System.Net.Http.Json;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;
using Mefapex.Contracts.Ai;
using OpenAI;
using OpenAI.Embeddings;

namespace Mefapex.Tests.Ai.OpenAi;

/// <summary>The official client against <c>/v1/embeddings</c> and <c>/v1/models</c>.</summary>
public sealed class OpenAiEmbeddingTests : IAsyncLifetime
{
    private AiService _service = null!;
    private HttpClient _http = null!;
    private string _model = "";

    public async ValueTask InitializeAsync()
    {
        _service = await AiService.StartAsync();
        _http = _service.CreateClient();
        _model = (await AiService.GetAsync<ModelsInfo>(_http, "/models/info")).ModelsLoaded.Single(model => model.Kind == "embedding").Name;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _service.DisposeAsync();
    }

    [Fact]
    public async Task The_client_gets_the_vectors_of_the_services_own_endpoint()
    {
        string[] texts = ["Yıllık izin nasıl alınır?", "How do I request leave?"];

        var answer = await Client().GenerateEmbeddingsAsync(texts, null, TestContext.Current.CancellationToken);

        var own = await AiService.PostAsync<EmbeddingBatchResponse>(_http, "/v1/embeddings/batch", new { texts });
        answer.Value.Count.ShouldBe(2);
        for (var i = 0; i < texts.Length; i++)
        {
            answer.Value[i].Index.ShouldBe(i);
            TensorPrimitives.Distance(answer.Value[i].ToFloats().Span, own.Embeddings[i]).ShouldBeLessThan(1e-6f);
        }

        answer.Value.Model.ShouldBe(_model);
        answer.Value.Usage.InputTokenCount.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Base64_holds_the_same_little_endian_floats_as_the_numbers()
    {
        var numbers = await EmbedAsync(new { input = "izin", encoding_format = "float" });
        var base64 = await EmbedAsync(new { input = "izin", encoding_format = "base64" });

        var bytes = base64.Data.Single().Embedding.GetBytesFromBase64();
        MemoryMarshal.Cast<byte, float>(bytes).ToArray()
            .ShouldBe(numbers.Data.Single().Embedding.EnumerateArray().Select(value => value.GetSingle()));
        numbers.Object.ShouldBe("list");
        numbers.Data[0].Object.ShouldBe("embedding");
    }

    [Fact]
    public async Task The_client_lists_the_models()
    {
        var models = await new OpenAIClient(new ApiKeyCredential("none"), Options())
            .GetOpenAIModelClient().GetModelsAsync(TestContext.Current.CancellationToken);

        models.Value.Select(model => model.Id).ShouldContain(_model);
        using var one = await _http.GetAsync($"/v1/models/{_model}", TestContext.Current.CancellationToken);
        one.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var none = await _http.GetAsync("/v1/models/gpt-9", TestContext.Current.CancellationToken);
        none.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_client_can_read_what_is_wrong()
    {
        var exception = await Should.ThrowAsync<ClientResultException>(() => Client("gpt-9")
            .GenerateEmbeddingsAsync(["izin"], null, TestContext.Current.CancellationToken));

        exception.Status.ShouldBe(404);
        exception.Message.ShouldContain("There is no model 'gpt-9'");
        exception.Message.ShouldContain(_model);
    }

    [Theory]
    [InlineData("""{"input": []}""", "batch-size", null)]
    [InlineData("""{"input": ""}""", "empty-text", null)]
    [InlineData("""{"input": ["a", " "]}""", "empty-text", null)]
    [InlineData("""{"input": [1, 2, 3]}""", "invalid-parameter", "input")]
    [InlineData("""{"input": [[1, 2]]}""", "invalid-parameter", "input")]
    [InlineData("""{"input": [null]}""", "invalid-parameter", "input")]
    [InlineData("""{"input": {"text": "a"}}""", "invalid-parameter", "input")]
    [InlineData("""{"model": "x"}""", "invalid-parameter", "input")]
    [InlineData("""{"input": "a", "encoding_format": "hex"}""", "invalid-parameter", "encoding_format")]
    [InlineData("""{"input": "a", "dimensions": 3}""", "invalid-parameter", "dimensions")]
    public async Task A_wrong_request_is_a_problem_and_an_OpenAI_error_in_one(string body, string slug, string? parameter)
    {
        using var response = await _http.PostAsync(
            "/v1/embeddings",
            new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
            TestContext.Current.CancellationToken);

        var detail = await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, slug);
        var error = (await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("error");
        error.GetProperty("message").GetString().ShouldBe(detail);
        error.GetProperty("type").GetString().ShouldBe("invalid_request_error");
        error.GetProperty("code").GetString().ShouldBe(slug);
        (error.TryGetProperty("param", out var param) ? param.GetString() : null).ShouldBe(parameter);
    }

    private EmbeddingClient Client(string? model = null) => new(model ?? _model, new ApiKeyCredential("none"), Options());

    private OpenAIClientOptions Options() => new()
    {
        Endpoint = new Uri(_http.BaseAddress!, "/v1"),
        Transport = new HttpClientPipelineTransport(_http),
        RetryPolicy = new ClientRetryPolicy(0),
    };

    private Task<OpenAiEmbeddingResponse> EmbedAsync(object request) =>
        AiService.PostAsync<OpenAiEmbeddingResponse>(_http, "/v1/embeddings", request);
}
