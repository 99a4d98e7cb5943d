using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Mefapex.Contracts.Ai;
using Mefapex.Contracts.Health;
using Mefapex.Inference.Catalogue;
using Mefapex.Tests.Inference;

namespace Mefapex.Tests.Ai;

public sealed class ModelEndpointTests
{
    [Fact]
    public async Task A_started_service_is_ready_and_tells_its_models()
    {
        await using var service = await AiService.StartAsync();
        using var client = service.CreateClient();

        var ready = await AiService.GetAsync<Readiness>(client, "/health/ready");
        var health = await AiService.GetAsync<AiHealth>(client, "/health");
        var models = await AiService.GetAsync<ModelsInfo>(client, "/models/info");

        ready.Status.ShouldBe("healthy");
        health.Status.ShouldBe("healthy");
        health.ModelsAvailable.ShouldBe(new Dictionary<string, bool>
        {
            ["embedding"] = true,
            ["language"] = true,
            ["generation"] = false,
        });
        health.MemoryUsageMb.ShouldBeGreaterThan(0);
        models.ModelsLoaded.Select(model => model.Task)
            .ShouldBe([ModelTasks.SentenceEmbedding, ModelTasks.LanguageIdentification]);
        models.ModelsLoaded[0].Sha256.ShouldBe(
            ModelFolder.Sha256Of(File.ReadAllBytes(Path.Combine(ModelFolder.Bundled, "encoder", "model.onnx"))));
        models.Device.ShouldBe("cpu");
        models.MemoryUsage.ManagedMb.ShouldBeInRange(0.1, models.MemoryUsage.ResidentMb);
        models.ModelsLoaded.ShouldAllBe(model => model.State == "ready" && model.MemoryMb > 0);
        models.CacheInfo.ShouldBe(new EmbeddingCacheInfo(Enabled: true, Entries: 0, Hits: 0, Misses: 0, Capacity: 2000));
        models.LazyLoadingStats.Enabled.ShouldBeTrue();
        models.LazyLoadingStats.Loads.ShouldBe(2);
        models.LazyLoadingStats.Unloads.ShouldBe(0);
    }

    [Fact]
    public async Task A_damaged_encoder_leaves_the_service_alive_unready_and_honest()
    {
        using var folder = new ModelsFolder();
        File.WriteAllBytes(folder.Model, [1, 2, 3]);
        await using var service = await AiService.StartAsync(("Models:Path", folder.Root));
        using var client = service.CreateClient();

        using var ready = await client.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        using var health = await client.GetAsync("/health", TestContext.Current.CancellationToken);
        using var embedding = await client.PostAsJsonAsync(
            "/embedding", new { text = "izin" }, TestContext.Current.CancellationToken);

        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("damaged");
        health.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        await AiService.ProblemAsync(embedding, HttpStatusCode.ServiceUnavailable, "model-unavailable");
        (await AiService.GetAsync<Liveness>(client, "/health/live")).Status.ShouldBe("healthy");
        (await AiService.PostAsync<LanguageResponse>(client, "/language/detect", new { text = "yıllık izin nasıl alınır" }))
            .Language.ShouldBe("tr");
    }

    [Fact]
    public async Task A_missing_language_table_leaves_embedding_at_work()
    {
        using var folder = new ModelsFolder();
        Directory.Delete(folder.Language, recursive: true);
        await using var service = await AiService.StartAsync(("AI_MODELS_PATH", folder.Root));
        using var client = service.CreateClient();

        (await AiService.GetAsync<Readiness>(client, "/health/ready")).Status.ShouldBe("degraded");
        (await AiService.GetAsync<AiHealth>(client, "/health")).Status.ShouldBe("degraded");
        (await AiService.PostAsync<EmbeddingResponse>(client, "/embedding", new { text = "izin" }))
            .LanguageDetected.ShouldBe("unknown");
        using var detection = await client.PostAsJsonAsync(
            "/language/detect", new { text = "izin" }, TestContext.Current.CancellationToken);
        await AiService.ProblemAsync(detection, HttpStatusCode.ServiceUnavailable, "model-unavailable");
    }

    [Fact]
    public async Task The_interface_is_described()
    {
        await using var service = await AiService.StartAsync();
        using var client = service.CreateClient();

        var document = await AiService.GetAsync<JsonElement>(client, "/openapi.json");
        using var page = await client.GetAsync("/docs/index.html", TestContext.Current.CancellationToken);

        document.GetProperty("paths").EnumerateObject().Select(path => path.Name).ShouldBe(
            [
                "/health", "/embedding", "/v1/embeddings/batch", "/language/detect", "/generate", "/generate/huggingface",
                "/models/info", "/models/warmup", "/models/cleanup", "/models/unload", "/stats/lazy-loading",
                "/v1/embeddings", "/v1/chat/completions", "/v1/models", "/v1/models/{id}", "/embed", "/info",
            ],
            ignoreOrder: true);
        page.StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
