using System.Net;
using System.Net.Http.Json;
using System.Numerics.Tensors;
using System.Text.Json;
using Mefapex.Contracts.Ai;

namespace Mefapex.Tests.Ai;

public sealed class TextEmbeddingsEndpointTests : IAsyncLifetime
{
    private AiService _service = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        _service = await AiService.StartAsync();
        _http = _service.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _service.DisposeAsync();
    }

    [Fact]
    public async Task One_text_and_several_give_an_array_of_vectors()
    {
        var one = await AiService.PostAsync<float[][]>(_http, "/embed", new { inputs = "izin" });
        var two = await AiService.PostAsync<float[][]>(
            _http, "/embed", new { inputs = new[] { "maaş", "izin" }, normalize = true, truncate = true, prompt_name = "passage" });

        one.ShouldHaveSingleItem();
        two.Length.ShouldBe(2);
        TensorPrimitives.Distance<float>(one[0], two[1]).ShouldBeLessThan(1e-6f);
        TensorPrimitives.Norm<float>(two[0]).ShouldBe(1, 1e-5);
    }

    [Fact]
    public async Task Info_tells_the_model_and_its_limits()
    {
        var info = await AiService.GetAsync<JsonElement>(_http, "/info");

        var loaded = (await AiService.GetAsync<ModelsInfo>(_http, "/models/info")).ModelsLoaded.Single(model => model.Kind == "embedding");
        info.GetProperty("model_id").GetString().ShouldBe(loaded.Name);
        info.GetProperty("model_sha").GetString().ShouldBe(loaded.Sha256);
        info.GetProperty("max_client_batch_size").GetInt32().ShouldBe(256);
        info.GetProperty("max_input_length").GetInt32().ShouldBe(4096);
        info.GetProperty("model_type").GetProperty("embedding").GetProperty("pooling").GetString().ShouldBe("mean");
    }

    [Theory]
    [InlineData("""{"inputs": []}""", 400, "batch-size")]
    [InlineData("""{"inputs": " "}""", 400, "empty-text")]
    [InlineData("""{"inputs": [1]}""", 400, "invalid-parameter")]
    [InlineData("""{"inputs": "a", "normalize": false}""", 400, "invalid-parameter")]
    [InlineData("""{"inputs": "a", "prompt_name": "poem"}""", 400, "invalid-parameter")]
    public async Task A_wrong_request_has_the_errors_of_both_kinds_of_client(string body, int status, string slug)
    {
        using var response = await _http.PostAsync(
            "/embed", new StringContent(body, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

        var detail = await AiService.ProblemAsync(response, (HttpStatusCode)status, slug);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        problem.GetProperty("error").GetString().ShouldBe(detail);
        problem.GetProperty("error_type").GetString().ShouldBe("Validation");
    }

    [Fact]
    public async Task A_text_longer_than_the_model_reads_is_refused_unless_it_may_be_cut()
    {
        var text = string.Join(' ', Enumerable.Repeat("a", 4097));
        text.Length.ShouldBeGreaterThan(8192);

        using var refused = await _http.PostAsJsonAsync("/embed", new { inputs = text }, TestContext.Current.CancellationToken);

        await AiService.ProblemAsync(refused, HttpStatusCode.BadRequest, "text-too-long");
    }
}
