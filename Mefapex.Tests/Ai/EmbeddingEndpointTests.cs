using System.Net;
using System.Net.Http.Json;
using System.Numerics.Tensors;
using System.Text;
using System.Text.Json;
using Mefapex.Contracts;
using Mefapex.Contracts.Ai;

namespace Mefapex.Tests.Ai;

public sealed class EmbeddingEndpointTests : IAsyncLifetime
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

    [Fact]
    public async Task A_text_becomes_a_vector_of_unit_length_with_model_and_language()
    {
        using var response = await _client.PostAsJsonAsync(
            "/embedding", new { text = "Yıllık izin nasıl alınır?" }, TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var json = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        json.EnumerateObject().Select(property => property.Name)
            .ShouldBe(["embedding", "model_used", "language_detected"]);
        var vector = json.GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle()).ToArray();
        vector.Length.ShouldBe(256);
        TensorPrimitives.Norm<float>(vector).ShouldBe(1, 1e-5);
        json.GetProperty("model_used").GetString().ShouldBe("mefapex-subword-256");
        json.GetProperty("language_detected").GetString().ShouldBe("tr");
    }

    [Fact]
    public async Task Force_turkish_skips_detection()
    {
        var plain = await AiService.PostAsync<EmbeddingResponse>(_client, "/embedding", new { text = "How do I request leave?" });
        var forced = await AiService.PostAsync<EmbeddingResponse>(
            _client, "/embedding", new { text = "How do I request leave?", force_turkish = true });

        plain.LanguageDetected.ShouldBe("en");
        forced.LanguageDetected.ShouldBe("tr");
        forced.Embedding.ShouldBe(plain.Embedding);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" \n\t")]
    public async Task An_empty_text_is_refused(string? text)
    {
        using var response = await PostAsync("/embedding", new EmbeddingRequest(text));

        (await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "empty-text")).ShouldContain("text is empty");
    }

    [Fact]
    public async Task A_text_of_invisible_characters_is_refused()
    {
        using var response = await PostAsync("/embedding", new EmbeddingRequest("\u200B\u2060"));

        await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "empty-text");
    }

    [Fact]
    public async Task The_length_limit_is_8192_characters()
    {
        using var longest = await PostAsync("/embedding", new EmbeddingRequest(new string('a', 8192)));
        using var longer = await PostAsync("/embedding", new EmbeddingRequest(new string('a', 8193)));

        longest.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await AiService.ProblemAsync(longer, HttpStatusCode.BadRequest, "text-too-long")).ShouldContain("8193");
    }

    [Theory]
    [InlineData("👍🏽")]
    [InlineData("C# && -- SELECT")]
    [InlineData("日本語")]
    [InlineData("e\u0301\u0307")]
    [InlineData("0")]
    public async Task Odd_texts_are_embedded(string text) =>
        TensorPrimitives.Norm<float>(
            (await AiService.PostAsync<EmbeddingResponse>(_client, "/embedding", new { text })).Embedding).ShouldBe(1, 1e-5);

    [Fact]
    public async Task A_lone_surrogate_escaped_in_JSON_is_embedded_or_refused_but_never_a_server_error()
    {
        using var content = new StringContent("""{"text":"izin \ud800"}""", Encoding.UTF8, "application/json");
        using var response = await _client.PostAsync("/embedding", content, TestContext.Current.CancellationToken);

        ((int)response.StatusCode).ShouldBeLessThan(500);
    }

    [Theory]
    [InlineData("{\"text\":")]
    [InlineData("{\"text\":5}")]
    [InlineData("[]")]
    public async Task Wrong_JSON_is_a_400_that_says_so(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _client.PostAsync("/embedding", content, TestContext.Current.CancellationToken);

        await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "wrong-json");
    }

    [Theory]
    [InlineData("/embedding", "{\"text\":\"izin ", "\"}")]
    [InlineData("/v1/embeddings/batch", "{\"texts\":[\"izin ", "\"]}")]
    [InlineData("/v1/embeddings", "{\"input\":\"izin ", "\"}")]
    [InlineData("/v1/embeddings", "{\"input\":[\"izin ", "\"]}")]
    [InlineData("/embed", "{\"inputs\":[\"izin ", "\"]}")]
    public async Task Bytes_that_are_not_UTF8_are_a_400_of_their_own(string path, string before, string after)
    {
        using var content = new ByteArrayContent([.. Encoding.UTF8.GetBytes(before), 0xc3, 0x28, .. Encoding.UTF8.GetBytes(after)]);
        content.Headers.ContentType = new("application/json");
        using var response = await _client.PostAsync(path, content, TestContext.Current.CancellationToken);

        (await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "invalid-utf8")).ShouldContain("UTF-8");
    }

    [Fact]
    public async Task An_empty_body_is_a_400()
    {
        using var content = new StringContent("", Encoding.UTF8, "application/json");
        using var response = await _client.PostAsync("/embedding", content, TestContext.Current.CancellationToken);

        await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "bad-request");
    }

    [Fact]
    public async Task Ten_megabytes_of_text_are_a_413()
    {
        await using var service = await AiService.StartOnKestrelAsync();
        using var client = service.CreateClient();

        // The client asks before it sends the body: an answer in the middle of it would cost it the connection.
        using var request = new HttpRequestMessage(HttpMethod.Post, "/embedding")
        {
            Content = new StringContent($"{{\"text\":\"{new string('a', 10 << 20)}\"}}", Encoding.UTF8, "application/json"),
        };
        request.Headers.ExpectContinue = true;

        using var single = await client.SendAsync(request, TestContext.Current.CancellationToken);
        using var batch = await client.PostAsJsonAsync(
            "/v1/embeddings/batch", new { texts = (string[])[new string('a', 10 << 20)] }, TestContext.Current.CancellationToken);

        await AiService.ProblemAsync(single, HttpStatusCode.RequestEntityTooLarge, "payload-too-large");
        (await AiService.ProblemAsync(batch, HttpStatusCode.BadRequest, "text-too-long")).ShouldContain("8192");
        (await AiService.PostAsync<EmbeddingResponse>(client, "/embedding", new { text = "izin" })).Embedding.Length.ShouldBe(256);
    }

    [Fact]
    public async Task A_batch_gives_in_order_what_each_text_gives_alone()
    {
        string[] texts = ["izin", "Yıllık izin talebi nasıl girilir ve kim onaylar?", "👍", "izin"];

        var batch = await AiService.PostAsync<EmbeddingBatchResponse>(_client, "/v1/embeddings/batch", new { texts });

        batch.Dimensions.ShouldBe(256);
        batch.Model.ShouldBe("mefapex-subword-256");
        batch.ModelHash.Length.ShouldBe(64);
        batch.Embeddings.Count.ShouldBe(texts.Length);
        for (var i = 0; i < texts.Length; i++)
        {
            var alone = await AiService.PostAsync<EmbeddingResponse>(_client, "/embedding", new { text = texts[i] });
            TensorPrimitives.Distance<float>(batch.Embeddings[i], alone.Embedding).ShouldBeLessThan(1e-5f);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(257)]
    [InlineData(10_000)]
    public async Task A_batch_has_1_to_256_texts(int count)
    {
        using var response = await PostAsync("/v1/embeddings/batch", new { texts = Enumerable.Repeat("izin", count) });

        (await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "batch-size"))
            .ShouldBe($"The batch has {count} texts; send 1 to 256.");
    }

    [Fact]
    public async Task A_full_batch_of_the_longest_texts_is_embedded()
    {
        var text = string.Concat(Enumerable.Range(0, 2000).Select(i => $"kelime{i} "))[..8192];

        var batch = await AiService.PostAsync<EmbeddingBatchResponse>(
            _client, "/v1/embeddings/batch", new { texts = Enumerable.Repeat(text, 256) });

        batch.Embeddings.Count.ShouldBe(256);
    }

    [Fact]
    public async Task The_empty_text_of_a_batch_is_named()
    {
        using var response = await PostAsync("/v1/embeddings/batch", new { texts = (string?[])["izin", null] });

        (await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "empty-text")).ShouldContain("texts[1]");
    }

    [Fact]
    public async Task Typos_stay_close_and_other_subjects_far()
    {
        var vectors = (await AiService.PostAsync<EmbeddingBatchResponse>(
            _client, "/v1/embeddings/batch", new { texts = (string[])["Şifremi unuttum", "sifremi unutum", "Otoparkta yer var mı?"] })).Embeddings;

        TensorPrimitives.CosineSimilarity<float>(vectors[0], vectors[1])
            .ShouldBeGreaterThan(TensorPrimitives.CosineSimilarity<float>(vectors[0], vectors[2]) + 0.3f);
    }

    private Task<HttpResponseMessage> PostAsync(string path, object body) =>
        _client.PostAsJsonAsync(path, body, WireJson.Options, TestContext.Current.CancellationToken);
}
