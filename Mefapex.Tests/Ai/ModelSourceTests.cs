using System.Net;
using System.Net.Http.Json;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Embedding;
using Mefapex.Tests.Inference.Catalogue;
using Mefapex.Tests.Inference.Generation;

namespace Mefapex.Tests.Ai;

/// <summary>Where the service takes its models from.</summary>
public sealed class ModelSourceTests : IDisposable
{
    private const string OnHub = $"hub:{UnreliableHub.Repository}@{UnreliableHub.Commit}";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mefapex-source-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task An_encoder_may_be_any_folder()
    {
        var encoder = MakeEncoder();

        await using var service = await AiService.StartAsync(("Models:Encoder", encoder));
        using var client = service.CreateClient();

        var answer = await AiService.PostAsync<EmbeddingResponse>(client, "/embedding", new { text = "izin" });
        answer.ModelUsed.ShouldBe("tiny-bert");
        answer.Embedding.Length.ShouldBe(32);
    }

    [Fact]
    public async Task An_encoder_on_a_hub_is_downloaded_before_the_service_is_ready()
    {
        await using var hub = await UnreliableHub.StartAsync();
        var drops = 2;
        hub.DropAfter = path => path == "onnx/model.onnx" && drops-- > 0 ? 20_000 : null;
        var encoder = MakeEncoder();
        foreach (var file in Directory.EnumerateFiles(encoder, "*", SearchOption.AllDirectories))
        {
            hub.Add(
                Path.GetRelativePath(encoder, file).Replace('\\', '/'),
                await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken),
                large: file.EndsWith(".onnx", StringComparison.Ordinal));
        }

        (string, string)[] settings =
        [
            ("Models:Encoder", OnHub),
            ("Models:Hub:Endpoint", hub.Address.ToString()),
            ("Models:Hub:CacheFolder", Path.Combine(_folder.FullName, "cache")),
        ];
        await using (var service = await AiService.StartAsync(settings))
        {
            using var client = service.CreateClient();
            var model = (await AiService.GetAsync<ModelsInfo>(client, "/models/info")).ModelsLoaded.Single(one => one.Kind == "embedding");
            model.Name.ShouldBe(UnreliableHub.Repository);
            model.Version.ShouldBe(UnreliableHub.Commit);
        }

        hub.Requests.Clear();
        await using var offline = await AiService.StartAsync([.. settings, ("Models:Hub:Offline", "true")]);
        using var again = offline.CreateClient();
        (await AiService.PostAsync<EmbeddingResponse>(again, "/embedding", new { text = "izin" })).ModelUsed.ShouldBe(UnreliableHub.Repository);
        hub.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_encoder_that_the_hub_does_not_have_leaves_the_other_models_at_work()
    {
        await using var hub = await UnreliableHub.StartAsync();
        await using var service = await AiService.StartAsync(
            ("Models:Encoder", $"hub:nobody/nothing@{UnreliableHub.Commit}"),
            ("Models:Hub:Endpoint", hub.Address.ToString()),
            ("Models:Hub:CacheFolder", _folder.FullName));
        using var client = service.CreateClient();

        using var refused = await client.PostAsJsonAsync("/embedding", new { text = "izin" }, TestContext.Current.CancellationToken);

        await AiService.ProblemAsync(refused, HttpStatusCode.ServiceUnavailable, "model-unavailable");
        (await AiService.PostAsync<LanguageResponse>(client, "/language/detect", new { text = "yıllık izin nasıl alınır" })).Language.ShouldBe("tr");
    }

    [Fact]
    public async Task A_generator_on_a_hub_is_named_by_its_repository()
    {
        await using var hub = await UnreliableHub.StartAsync();
        using var echo = new EchoFolder();
        foreach (var file in Directory.EnumerateFiles(echo.Path))
            hub.Add($"cpu/{Path.GetFileName(file)}", await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        await using var service = await AiService.StartAsync(
            ("Models:Generator:Path", $"{OnHub}/cpu"),
            ("Models:Hub:Endpoint", hub.Address.ToString()),
            ("Models:Hub:CacheFolder", _folder.FullName));
        using var client = service.CreateClient();

        var answer = await AiService.PostAsync<GenerateResponse>(client, "/generate", new { prompt = "soru" });

        answer.GeneratedText.ShouldBe("soru");
        answer.ModelUsed.ShouldBe(UnreliableHub.Repository);
    }

    private string MakeEncoder()
    {
        var folder = Path.Combine(_folder.FullName, "tiny-bert");
        new TinyBert().Write(folder);
        return folder;
    }
}
