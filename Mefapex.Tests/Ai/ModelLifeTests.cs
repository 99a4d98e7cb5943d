using System.Net;
using System.Net.Http.Json;
using Mefapex.Ai.Models;
using Mefapex.Contracts;
using Mefapex.Contracts.Ai;
using Mefapex.Contracts.Health;
using Mefapex.Inference.Catalogue;
using Mefapex.ServiceDefaults;
using Mefapex.Tests.Inference;
using Mefapex.Tests.Inference.Serving;
using Mefapex.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Ai;

public sealed class ModelLifeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Models_are_unloaded_and_warmed_up_on_request_and_loaded_by_the_next_call()
    {
        await using var service = await AiService.StartAsync();
        using var client = service.CreateClient();

        var unloaded = await ActAsync(client, "/models/unload");
        var empty = await AiService.GetAsync<ModelsInfo>(client, "/models/info");
        var idle = await AiService.GetAsync<AiHealth>(client, "/health");
        await AiService.PostAsync<EmbeddingResponse>(client, "/embedding", new { text = "izin", force_turkish = true });
        var used = (await AiService.GetAsync<LazyLoadingAnswer>(client, "/stats/lazy-loading")).LazyLoadingStats;
        var warm = await ActAsync(client, "/models/warmup");
        var stats = (await AiService.GetAsync<LazyLoadingAnswer>(client, "/stats/lazy-loading")).LazyLoadingStats;

        unloaded.Models.ShouldBe(["language", "embedding"], ignoreOrder: true);
        empty.ModelsLoaded.ShouldBeEmpty();
        idle.Status.ShouldBe("healthy");
        idle.ModelsAvailable["embedding"].ShouldBeTrue();
        used.Models.Select(model => model.State).ShouldBe(["ready", "unloaded"]);
        warm.Models.ShouldBe(["language", "embedding"], ignoreOrder: true);
        stats.Models.ShouldAllBe(model => model.State == "ready" && model.Loads == 2 && model.Unloads == 1 && model.InUse == 0);
        stats.Loads.ShouldBe(4);
        stats.Unloads.ShouldBe(2);
    }

    [Fact]
    public async Task Cleaning_up_forgets_vectors_and_keeps_what_was_just_used()
    {
        await using var service = await AiService.StartAsync();
        using var client = service.CreateClient();
        await AiService.PostAsync<EmbeddingResponse>(client, "/embedding", new { text = "izin" });
        await AiService.PostAsync<EmbeddingResponse>(client, "/embedding", new { text = "izin" });
        var before = (await AiService.GetAsync<ModelsInfo>(client, "/models/info")).CacheInfo;

        var cleaned = await ActAsync(client, "/models/cleanup");

        before.ShouldBe(new EmbeddingCacheInfo(Enabled: true, Entries: 1, Hits: 1, Misses: 1, Capacity: 2000));
        cleaned.CacheEntries.ShouldBe(1);
        cleaned.Models.ShouldBeEmpty();
        cleaned.FreedMb.ShouldNotBeNull();
        (await AiService.GetAsync<ModelsInfo>(client, "/models/info")).CacheInfo.Entries.ShouldBe(0);
    }

    [Fact]
    public async Task Without_preloading_the_first_call_loads()
    {
        await using var service = await AiService.StartAsync(("Models:Preload", "false"));
        using var client = service.CreateClient();

        var health = await AiService.GetAsync<AiHealth>(client, "/health");
        var before = await AiService.GetAsync<ModelsInfo>(client, "/models/info");
        await AiService.PostAsync<LanguageResponse>(client, "/language/detect", new { text = "izin nasıl alınır" });
        var after = await AiService.GetAsync<ModelsInfo>(client, "/models/info");

        health.Status.ShouldBe("healthy");
        before.ModelsLoaded.ShouldBeEmpty();
        after.ModelsLoaded.ShouldHaveSingleItem().Kind.ShouldBe("language");
    }

    [Theory]
    [InlineData("DISABLE_AI_MODELS", "1")]
    [InlineData("Models:Disabled", "true")]
    public async Task Switched_off_models_answer_503_and_the_service_is_healthy_as_configured(string key, string value)
    {
        await using var service = await AiService.StartAsync((key, value));
        using var client = service.CreateClient();

        var health = await AiService.GetAsync<AiHealth>(client, "/health");
        var ready = await AiService.GetAsync<Readiness>(client, "/health/ready");

        health.Status.ShouldBe("disabled");
        health.ModelsAvailable.Values.ShouldAllBe(available => !available);
        ready.Status.ShouldBe("healthy");
        ready.Checks.ShouldContain(check => check.Description != null && check.Description.Contains("switched off"));
        foreach (var (path, body) in ((string, object)[])
                 [("/embedding", new { text = "izin" }), ("/language/detect", new { text = "izin" }), ("/models/warmup", new { })])
        {
            using var response = await client.PostAsJsonAsync(path, body, Cancellation);
            await AiService.ProblemAsync(response, HttpStatusCode.ServiceUnavailable, "models-disabled");
        }

        (await AiService.GetAsync<ModelsInfo>(client, "/models/info")).LazyLoadingStats.Loads.ShouldBe(0);
    }

    [Fact]
    public async Task In_an_emergency_small_models_work_without_a_cache()
    {
        await using var service = await AiService.StartAsync(("EMERGENCY_MODE", "true"));
        using var client = service.CreateClient();

        await AiService.PostAsync<EmbeddingResponse>(client, "/embedding", new { text = "izin" });

        var info = await AiService.GetAsync<ModelsInfo>(client, "/models/info");
        info.CacheInfo.ShouldBe(new EmbeddingCacheInfo(Enabled: false));
        info.MemoryUsage.EmergencyMode.ShouldBeTrue();
        info.ModelsLoaded.Count.ShouldBe(2);
    }

    [Fact]
    public async Task In_an_emergency_a_large_model_answers_503_with_the_numbers()
    {
        await using var service = await AiService.StartAsync(("EMERGENCY_MODE", "yes"), ("Models:LargeModelMb", "1"));
        using var client = service.CreateClient();

        using var response = await client.PostAsJsonAsync("/embedding", new { text = "izin" }, Cancellation);

        (await AiService.ProblemAsync(response, HttpStatusCode.ServiceUnavailable, "emergency-mode")).ShouldContain("up to 1 MiB");
        (await AiService.PostAsync<LanguageResponse>(client, "/language/detect", new { text = "yıllık izin nasıl alınır" }))
            .Language.ShouldBe("tr");
    }

    [Fact]
    public async Task A_model_over_its_budget_is_refused_and_readiness_names_the_numbers()
    {
        await using var service = await AiService.StartAsync(("Models:MaxModelMb", "1"));
        using var client = service.CreateClient();

        using var ready = await client.GetAsync("/health/ready", Cancellation);
        using var response = await client.PostAsJsonAsync("/embedding", new { text = "izin" }, Cancellation);

        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.Content.ReadAsStringAsync(Cancellation)).ShouldContain("one model may have 1 MiB");
        await AiService.ProblemAsync(response, HttpStatusCode.ServiceUnavailable, "model-unavailable");
        response.Headers.RetryAfter.ShouldNotBeNull();
    }

    [Fact]
    public async Task Above_the_memory_threshold_unused_models_are_unloaded_and_requests_still_served()
    {
        await using var service = await AiService.StartAsync(("MEMORY_THRESHOLD_MB", "1"), ("Models:MemoryCheckSeconds", "1"));
        using var client = service.CreateClient();

        LazyLoadingStats stats;
        do
        {
            await Task.Delay(50, Cancellation);
            stats = (await AiService.GetAsync<LazyLoadingAnswer>(client, "/stats/lazy-loading")).LazyLoadingStats;
        }
        while (stats.Unloads < 2);

        var info = await AiService.GetAsync<ModelsInfo>(client, "/models/info");
        info.MemoryUsage.UnderPressure.ShouldBeTrue();
        info.MemoryUsage.ThresholdMb.ShouldBe(1);
        info.CacheInfo.Entries.ShouldBe(0);
        (await AiService.PostAsync<EmbeddingResponse>(client, "/embedding", new { text = "izin" })).Embedding.Length.ShouldBe(256);
    }

    [Fact]
    public async Task The_cache_has_the_size_that_the_old_variable_says()
    {
        await using var service = await AiService.StartAsync(("MODEL_CACHE_SIZE", "1"));
        using var client = service.CreateClient();

        foreach (var text in (string[])["izin", "rapor", "izin", "izin"])
            await AiService.PostAsync<EmbeddingResponse>(client, "/embedding", new { text });

        (await AiService.GetAsync<ModelsInfo>(client, "/models/info")).CacheInfo
            .ShouldBe(new EmbeddingCacheInfo(Enabled: true, Entries: 1, Hits: 1, Misses: 3, Capacity: 1));
    }

    [Fact]
    public async Task A_restored_model_is_found_without_a_restart()
    {
        using var folder = new ModelsFolder();
        var whole = File.ReadAllBytes(folder.Model);
        File.WriteAllBytes(folder.Model, whole[..1000]);
        await using var service = await AiService.StartAsync(("AI_MODELS_PATH", folder.Root));
        using var client = service.CreateClient();
        using var broken = await client.GetAsync("/health", Cancellation);
        broken.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);

        File.WriteAllBytes(folder.Model, whole);

        while (true)
        {
            using var health = await client.GetAsync("/health", Cancellation);
            if (health.StatusCode == HttpStatusCode.OK)
                break;
            await Task.Delay(50, Cancellation);
        }

        (await AiService.PostAsync<EmbeddingResponse>(client, "/embedding", new { text = "izin" })).Embedding.Length.ShouldBe(256);
    }

    [Fact]
    public async Task A_vector_that_is_no_number_is_an_error_of_its_own_and_the_service_lives_on()
    {
        var encoder = GatedEncoder.OfBundled();
        await using var service = await AiService.StartGatedAsync(encoder);
        using var client = service.CreateClient();
        encoder.Before = _ => throw new ModelException(ModelFault.WrongOutput, "gave a vector that is not a number");

        using var response = await client.PostAsJsonAsync("/embedding", new { text = "izin" }, Cancellation);
        encoder.Before = null;

        await AiService.ProblemAsync(response, HttpStatusCode.InternalServerError, "model-wrong-output");
        (await AiService.PostAsync<EmbeddingResponse>(client, "/embedding", new { text = "izin" })).Embedding.Length.ShouldBe(256);
        (await AiService.GetAsync<AiHealth>(client, "/health")).Status.ShouldBe("healthy");
    }

    [Fact]
    public async Task A_client_that_hangs_up_is_not_computed_for()
    {
        var encoder = GatedEncoder.OfBundled();
        await using var service = await AiService.StartGatedAsync(encoder, ("Models:Workers", "1"));
        using var client = service.CreateClient();
        using var gone = new CancellationTokenSource();
        encoder.Close();
        var first = client.PostAsJsonAsync("/embedding", new { text = "izin" }, Cancellation);
        await Eventually.UntilAsync(() => encoder.Running == 1, "the only worker is busy");
        var second = client.PostAsJsonAsync("/embedding", new { text = "rapor" }, gone.Token);
        await Eventually.UntilAsync(() => service.Generator.Waiting == 1, "the second waits");

        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(second);
        await Eventually.UntilAsync(() => service.Generator.Waiting == 0, "the second is dropped");
        encoder.Open();
        using var served = await first;

        served.StatusCode.ShouldBe(HttpStatusCode.OK);
        encoder.Runs.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_deadline_that_passes_is_said()
    {
        var encoder = GatedEncoder.OfBundled();
        await using var service = await AiService.StartGatedAsync(encoder, ("Models:Workers", "1"));
        using var client = service.CreateClient();
        encoder.Close();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/embedding") { Content = JsonContent.Create(new { text = "izin" }) };
        request.Headers.Add(AiHeaders.TimeoutMs, "50");

        using var response = await client.SendAsync(request, Cancellation);

        (await AiService.ProblemAsync(response, HttpStatusCode.GatewayTimeout, "deadline-passed")).ShouldContain("50 ms");
        encoder.Open();
    }

    [Theory]
    [InlineData(AiHeaders.TimeoutMs, "soon")]
    [InlineData(AiHeaders.TimeoutMs, "-1")]
    [InlineData(AiHeaders.TimeoutMs, "0")]
    [InlineData(AiHeaders.TimeoutMs, "999999999")]
    public async Task A_header_that_is_no_time_is_refused(string header, string value)
    {
        await using var service = await AiService.StartAsync();
        using var client = service.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/embedding") { Content = JsonContent.Create(new { text = "izin" }) };
        request.Headers.Add(header, value);

        using var response = await client.SendAsync(request, Cancellation);

        (await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "bad-request")).ShouldContain(header);
    }

    [Theory]
    [InlineData("Models:MaxQueuedTexts", "0", "MaxQueuedTexts")]
    [InlineData("MODEL_CACHE_SIZE", "-1", "CacheSize")]
    [InlineData("Models:MemoryLimitMb", "100", "MEMORY_THRESHOLD_MB")]
    public void A_setting_out_of_range_stops_the_start_and_is_named(string key, string value, string named)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection([new(key, value), new("Models:MemoryThresholdMb", "200")]);
        builder.AddServiceDefaults();
        builder.AddModels();
        using var services = builder.Services.BuildServiceProvider();

        Should.Throw<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate())
            .Message.ShouldContain(named);
    }

    private static async Task<ModelsAction> ActAsync(HttpClient client, string path)
    {
        using var response = await client.PostAsync(path, content: null, Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var action = (await response.Content.ReadFromJsonAsync<ModelsAction>(WireJson.Options, Cancellation))!;
        action.Message.ShouldNotBeEmpty();
        action.MemoryUsageMb.ShouldBeGreaterThan(0);
        return action;
    }
}
