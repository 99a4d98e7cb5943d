using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Mefapex.Ai.Models;
using Mefapex.Contracts;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Serving;
using Mefapex.Tests.Inference.Serving;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Ai;

/// <summary>The AI service in this process, with its real models.</summary>
internal sealed class AiService(params (string Key, string Value)[] settings) : WebApplicationFactory<ModelOptions>
{
    private GatedEncoder? _encoder;
    private Action<IServiceCollection> _otherServices = static _ => { };

    public BatchingEmbeddingGenerator Generator =>
        (BatchingEmbeddingGenerator)Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();

    /// <summary>Starts it in memory and waits until its models are loaded, or cannot be.</summary>
    public static Task<AiService> StartAsync(params (string Key, string Value)[] settings) =>
        WaitAsync(new AiService(settings));

    /// <summary>The same over a real socket of the loopback interface, patient with bodies that take their time.</summary>
    public static Task<AiService> StartOnKestrelAsync(params (string Key, string Value)[] settings) =>
        StartOnKestrelAsync(static _ => { }, settings);

    /// <summary>The same with other services in place of its own.</summary>
    public static Task<AiService> StartOnKestrelAsync(
        Action<IServiceCollection> otherServices, params (string Key, string Value)[] settings)
    {
        var service = new AiService(settings) { _otherServices = otherServices };
        service.UseKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MinRequestBodyDataRate = null;
        });
        service.StartServer();
        return WaitAsync(service);
    }

    /// <summary>Over a real socket, with the bundled encoder behind a gate.</summary>
    public static Task<AiService> StartGatedAsync(GatedEncoder encoder, params (string Key, string Value)[] settings)
    {
        var service = new AiService(settings) { _encoder = encoder };
        service.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        service.StartServer();
        return WaitAsync(service);
    }

    private static async Task<AiService> WaitAsync(AiService service)
    {
        using var client = service.CreateClient();
        while (await StatusAsync(client) == "starting")
            await Task.Delay(20, TestContext.Current.CancellationToken);
        return service;
    }

    public static async Task<T> PostAsync<T>(HttpClient client, string path, object body)
    {
        using var response = await client.PostAsJsonAsync(path, body, WireJson.Options, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await response.Content.ReadFromJsonAsync<T>(WireJson.Options, TestContext.Current.CancellationToken))!;
    }

    public static async Task<T> GetAsync<T>(HttpClient client, string path) =>
        (await client.GetFromJsonAsync<T>(path, WireJson.Options, TestContext.Current.CancellationToken))!;

    /// <summary>Checks that an answer is problem details of a type, and gives its detail.</summary>
    public static async Task<string> ProblemAsync(HttpResponseMessage response, HttpStatusCode status, string slug)
    {
        response.StatusCode.ShouldBe(status);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = JsonSerializer.Deserialize<JsonElement>(
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        problem.GetProperty("type").GetString().ShouldBe($"urn:mefapex:problem:{slug}");
        return problem.GetProperty("detail").GetString().ShouldNotBeNull();
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (key, value) in settings)
            builder.UseSetting(key, value);
        builder.ConfigureTestServices(_otherServices);
        if (_encoder is { } encoder)
        {
            builder.ConfigureTestServices(services => services.AddSingleton(provider => new ModelSlot<ITextEncoder>(
                "embedding",
                encoder.Loader(),
                new ModelSlotOptions(),
                provider.GetRequiredService<MemoryBudget>(),
                TimeProvider.System,
                provider.GetRequiredService<ServingMetrics>())));
        }
    }

    private static async Task<string?> StatusAsync(HttpClient client)
    {
        using var response = await client.GetAsync("/health", TestContext.Current.CancellationToken);
        var health = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        return health.GetProperty("status").GetString();
    }
}
