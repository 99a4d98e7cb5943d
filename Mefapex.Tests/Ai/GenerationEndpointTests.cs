using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Mefapex.Ai.Generation;
using Mefapex.Ai.Models;
using Mefapex.Contracts.Ai;
using Mefapex.Contracts.Health;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Generation;
using Mefapex.Inference.Serving;
using Mefapex.Tests.Inference.Generation;
using Mefapex.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Ai;

public sealed class GenerationEndpointTests : IDisposable
{
    private readonly EchoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_prompt_is_answered_with_model_and_quality()
    {
        await using var service = await StartAsync();
        using var client = service.CreateClient();

        using var response = await client.PostAsJsonAsync(
            "/generate", new { prompt = "Yıllık izin nasıl alınır?" }, TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var json = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        json.EnumerateObject().Select(property => property.Name)
            .ShouldBe(["generated_text", "model_used", "quality_score", "finish_reason"]);
        json.GetProperty("generated_text").GetString().ShouldBe("Yıllık izin nasıl alınır?");
        json.GetProperty("model_used").GetString().ShouldBe("echo");
        json.GetProperty("quality_score").GetDouble().ShouldBe(EchoModelExporter.TextProbability, 1e-5);
        json.GetProperty("finish_reason").GetString().ShouldBe("stop");
    }

    [Fact]
    public async Task The_older_path_answers_with_the_text()
    {
        await using var service = await StartAsync();
        using var client = service.CreateClient();

        var answer = await AiService.PostAsync<JsonElement>(client, "/generate/huggingface", new { prompt = "çay ☕" });

        answer.GetProperty("response").GetString().ShouldBe("çay ☕");
        answer.GetProperty("finish_reason").GetString().ShouldBe("stop");
    }

    [Fact]
    public async Task An_answer_has_80_tokens_at_most_unless_asked_otherwise()
    {
        await using var service = await StartAsync();
        using var client = service.CreateClient();
        var prompt = new string('a', 200);

        var plain = await AiService.PostAsync<GenerateResponse>(client, "/generate", new { prompt });
        var longer = await AiService.PostAsync<GenerateResponse>(client, "/generate", new { prompt, max_length = 150 });

        plain.GeneratedText.Length.ShouldBe(80);
        plain.FinishReason.ShouldBe("length");
        longer.GeneratedText.Length.ShouldBe(150);
    }

    [Fact]
    public async Task Turkish_context_puts_Turkish_instructions_before_the_prompt()
    {
        File.WriteAllText(
            _folder.File("chat_template.jinja"), "<|user|>{{ messages | map(attribute='content') | join('|') }}<|assistant|>");
        await using var service = await StartAsync();
        using var client = service.CreateClient();

        var with = await AiService.PostAsync<GenerateResponse>(client, "/generate", new { prompt = "soru", max_length = 500 });
        var without = await AiService.PostAsync<GenerateResponse>(
            client, "/generate", new { prompt = "soru", max_length = 500, turkish_context = false });

        with.GeneratedText.ShouldStartWith("Sen Türkçe konuşan bir yardımcısın.");
        with.GeneratedText.ShouldEndWith("|soru");
        without.GeneratedText.ShouldBe("soru");
    }

    [Theory]
    [InlineData("/generate")]
    [InlineData("/generate/huggingface")]
    public async Task Without_a_language_model_it_says_what_to_set(string path)
    {
        await using var service = await AiService.StartAsync();
        using var client = service.CreateClient();

        using var response = await client.PostAsJsonAsync(path, new { prompt = "soru" }, TestContext.Current.CancellationToken);
        var health = await AiService.GetAsync<AiHealth>(client, "/health");

        var detail = await AiService.ProblemAsync(response, HttpStatusCode.ServiceUnavailable, "generator-not-configured");
        detail.ShouldContain("Models:Generator:Path");
        detail.ShouldContain("AI_GENERATOR_PATH");
        health.Status.ShouldBe("healthy");
        health.ModelsAvailable["generation"].ShouldBeFalse();
    }

    [Fact]
    public async Task The_variable_names_the_folder_too_and_health_tells_of_the_model()
    {
        await using var service = await AiService.StartAsync((GenerationOptions.PathVariable, _folder.Path));
        using var client = service.CreateClient();

        (await AiService.GetAsync<AiHealth>(client, "/health")).ModelsAvailable["generation"].ShouldBeTrue();
        (await AiService.PostAsync<GenerateResponse>(client, "/generate", new { prompt = "soru" })).GeneratedText.ShouldBe("soru");
    }

    [Fact]
    public async Task A_damaged_model_is_a_503_and_leaves_the_rest_at_work()
    {
        File.WriteAllBytes(_folder.File("model.onnx"), [1, 2, 3]);
        await using var service = await StartAsync();
        using var client = service.CreateClient();

        using var response = await PostAsync(client, new { prompt = "soru" });
        var health = await AiService.GetAsync<AiHealth>(client, "/health");

        var detail = await AiService.ProblemAsync(response, HttpStatusCode.ServiceUnavailable, "model-unavailable");
        detail.ShouldNotContain(_folder.Path);
        health.Status.ShouldBe("degraded");
        health.ModelsAvailable["generation"].ShouldBeFalse();
        (await AiService.GetAsync<Readiness>(client, "/health/ready")).Status.ShouldBe("healthy");
        (await AiService.PostAsync<LanguageResponse>(client, "/language/detect", new { text = "yıllık izin nasıl alınır" }))
            .Language.ShouldBe("tr");
    }

    [Fact]
    public async Task The_model_is_loaded_by_its_first_request_and_unloaded_when_asked_to()
    {
        await using var service = await StartAsync();
        using var client = service.CreateClient();
        var slot = service.Services.GetRequiredService<ModelSlot<OnnxChatClient>>();

        slot.Status.State.ShouldBe(ModelState.Unloaded);
        await AiService.PostAsync<GenerateResponse>(client, "/generate", new { prompt = "soru" });
        slot.Status.State.ShouldBe(ModelState.Ready);
        var told = (await AiService.GetAsync<ModelsInfo>(client, "/models/info")).ModelsLoaded
            .Single(model => model.Kind == GenerationFeature.Kind);
        told.Name.ShouldBe("echo");
        told.Task.ShouldBe(ModelTasks.TextGeneration);
        told.Sha256.ShouldBe(ModelFolder.Sha256Of(File.ReadAllBytes(_folder.File("model.onnx"))));
        await AiService.PostAsync<JsonElement>(client, "/models/unload", new { });
        slot.Status.State.ShouldBe(ModelState.Unloaded);
        (await AiService.PostAsync<GenerateResponse>(client, "/generate", new { prompt = "soru" })).GeneratedText.ShouldBe("soru");
        slot.Status.Loads.ShouldBe(2);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" \n")]
    public async Task An_empty_prompt_is_refused(string? prompt)
    {
        await using var service = await StartAsync();
        using var client = service.CreateClient();

        using var response = await PostAsync(client, new { prompt });

        (await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "empty-text")).ShouldContain("prompt is empty");
    }

    [Fact]
    public async Task A_prompt_beyond_the_context_is_refused_with_the_numbers()
    {
        await using var service = await StartAsync();
        using var client = service.CreateClient();

        using var response = await PostAsync(client, new { prompt = new string('a', 2000), turkish_context = false });
        using var huge = await PostAsync(client, new { prompt = new string('a', GenerationEndpoints.MaxPromptCharacters + 1) });

        var detail = await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "prompt-too-long");
        detail.ShouldContain("2002 tokens");
        detail.ShouldContain("holds 1024");
        (await AiService.ProblemAsync(huge, HttpStatusCode.BadRequest, "text-too-long")).ShouldContain("200001");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1025)]
    public async Task A_length_out_of_range_is_refused(int length)
    {
        await using var service = await StartAsync();
        using var client = service.CreateClient();

        using var response = await PostAsync(client, new { prompt = "soru", max_length = length });

        (await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "max-length")).ShouldContain($"{length}");
    }

    [Fact]
    public async Task What_the_chat_template_refuses_is_a_400_with_its_words()
    {
        File.WriteAllText(_folder.File("chat_template.jinja"), "{{ raise_exception('no system role here') }}");
        await using var service = await StartAsync();
        using var client = service.CreateClient();

        using var response = await PostAsync(client, new { prompt = "soru" });

        (await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "prompt-refused")).ShouldContain("no system role here");
    }

    [Fact]
    public async Task While_the_model_answers_as_many_as_it_may_others_get_429_and_health_stays_green()
    {
        await using var service = await StartAsync(("Models:Generator:MaxQueued", "0"));
        using var client = service.CreateClient();
        var generator = service.Services.GetRequiredService<IChatClient>();
        await using var running = generator.GetStreamingResponseAsync(
            "bu yanıt sürüyor", cancellationToken: TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        (await running.MoveNextAsync()).ShouldBeTrue();

        using var refused = await PostAsync(client, new { prompt = "soru" });
        var ready = await AiService.GetAsync<Readiness>(client, "/health/ready");
        await running.DisposeAsync();

        await AiService.ProblemAsync(refused, HttpStatusCode.TooManyRequests, "busy");
        refused.Headers.RetryAfter.ShouldNotBeNull().Delta.ShouldNotBeNull().TotalSeconds.ShouldBeGreaterThanOrEqualTo(1);
        ready.Status.ShouldBe("healthy");
        (await AiService.PostAsync<GenerateResponse>(client, "/generate", new { prompt = "soru" })).GeneratedText.ShouldBe("soru");
    }

    [Fact]
    public async Task A_model_is_not_unloaded_before_its_answer_is_whole()
    {
        await using var service = await StartAsync();
        using var client = service.CreateClient();
        var slot = service.Services.GetRequiredService<ModelSlot<OnnxChatClient>>();
        Task<HttpResponseMessage>? unloading = null;
        var text = "";

        await foreach (var update in service.Services.GetRequiredService<IChatClient>()
            .GetStreamingResponseAsync("uzun yanıt", cancellationToken: TestContext.Current.CancellationToken))
        {
            text += update.Text;
            unloading ??= client.PostAsync("/models/unload", null, TestContext.Current.CancellationToken);
            await Eventually.UntilAsync(() => slot.Status.State == ModelState.Draining, "the model was to be unloaded");
        }

        text.ShouldBe("uzun yanıt");
        using var unloaded = await unloading.ShouldNotBeNull();
        unloaded.StatusCode.ShouldBe(HttpStatusCode.OK);
        slot.Status.State.ShouldBe(ModelState.Unloaded);
    }

    [Fact]
    public async Task A_model_to_be_loaded_at_the_start_is_there_before_its_first_request()
    {
        await using var service = await StartAsync(("Models:Generator:Preload", "true"));
        var slot = service.Services.GetRequiredService<ModelSlot<OnnxChatClient>>();

        await Eventually.UntilAsync(() => slot.Status.State == ModelState.Ready, "the language model was ready");
    }

    [Fact]
    public async Task An_answer_that_never_began_has_a_quality_of_null()
    {
        await using var service = await StartAsync(new HookedTime(), ("Models:Generator:TimeLimitSeconds", "1"));
        using var client = service.CreateClient();

        var answer = await AiService.PostAsync<JsonElement>(client, "/generate", new { prompt = "soru" });

        answer.GetProperty("generated_text").GetString().ShouldBe("");
        answer.GetProperty("quality_score").ValueKind.ShouldBe(JsonValueKind.Null);
        answer.GetProperty("finish_reason").GetString().ShouldBe("time_limit");
    }

    [Fact]
    public async Task The_time_limit_gives_what_there_is_with_the_reason()
    {
        await using var service = await StartAsync(new HookedTime(), ("Models:Generator:TimeLimitSeconds", "6"));
        using var client = service.CreateClient();

        var answer = await AiService.PostAsync<GenerateResponse>(
            client, "/generate", new { prompt = "abcdefghijkl", turkish_context = false });

        answer.FinishReason.ShouldBe("time_limit");
        answer.GeneratedText.ShouldBe("abc");
    }

    [Fact]
    public async Task A_client_that_goes_away_stops_the_generation_and_frees_it()
    {
        using var aborted = new ManualResetEventSlim();
        var underWay = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var armedAt = int.MaxValue;
        var endOfTest = TestContext.Current.CancellationToken;
        var time = new HookedTime(look =>
        {
            if (look != Volatile.Read(ref armedAt))
                return;
            underWay.SetResult();
            aborted.Wait(endOfTest);
        });
        await using var service = await StartAsync(time, aborted.Set, ("Models:Generator:TimeLimitSeconds", "3600"));
        using var lease = await service.Services.GetRequiredService<ModelSlot<OnnxChatClient>>().AcquireAsync(endOfTest);
        using var client = service.CreateClient();
        using var leaving = new CancellationTokenSource();
        Volatile.Write(ref armedAt, time.Looks + 20);

        var request = client.PostAsJsonAsync(
            "/generate", new { prompt = new string('a', 300), max_length = 300, turkish_context = false }, leaving.Token);
        await underWay.Task.WaitAsync(endOfTest);
        lease.Model.LiveGenerators.ShouldBe(1);
        await leaving.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => request);
        await Eventually.UntilAsync(() => time.Looks > armedAt, "the slot was given back");

        // The token at work was finished and no other begun.
        time.Looks.ShouldBe(armedAt + 1);
        lease.Model.LiveGenerators.ShouldBe(0);
        (await AiService.PostAsync<GenerateResponse>(client, "/generate", new { prompt = "soru" })).GeneratedText.ShouldBe("soru");
    }

    /// <summary>Over a real socket, with a clock for the language model alone.</summary>
    private Task<AiService> StartAsync(TimeProvider time, params (string Key, string Value)[] settings) =>
        StartAsync(time, static () => { }, settings);

    private Task<AiService> StartAsync(TimeProvider time, Action aborted, params (string Key, string Value)[] settings) =>
        AiService.StartOnKestrelAsync(
            services =>
            {
                services.AddSingleton<IStartupFilter>(new TellOfAborted(aborted));
                services.AddSingleton(provider => new ModelSlot<OnnxChatClient>(
                    GenerationFeature.Kind,
                    ModelLoaders.Generator(provider, time),
                    new ModelSlotOptions(),
                    provider.GetRequiredService<MemoryBudget>(),
                    TimeProvider.System,
                    provider.GetRequiredService<ServingMetrics>()));
            },
            [("Models:Generator:Path", _folder.Path), .. settings]);

    private Task<AiService> StartAsync(params (string Key, string Value)[] settings) =>
        AiService.StartAsync([("Models:Generator:Path", _folder.Path), .. settings]);

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, object body) =>
        client.PostAsJsonAsync("/generate", body, TestContext.Current.CancellationToken);

    /// <summary>Tells when the server notices that a caller has gone.</summary>
    private sealed class TellOfAborted(Action tell) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((HttpContext context, RequestDelegate inner) =>
            {
                context.RequestAborted.Register(tell);
                return inner(context);
            });
            next(app);
        };
    }
}
