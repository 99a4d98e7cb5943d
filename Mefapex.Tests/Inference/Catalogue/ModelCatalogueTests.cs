using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Catalogue.Hub;

namespace Mefapex.Tests.Inference.Catalogue;

public sealed class ModelCatalogueTests : IAsyncLifetime
{
    private const string OnHub = $"hub:{UnreliableHub.Repository}@{UnreliableHub.Commit}";

    private readonly string _cache = Directory.CreateTempSubdirectory("mefapex-catalogue-").FullName;
    private readonly HttpClient _http = new();
    private UnreliableHub _hub = null!;
    private ModelCatalogue _catalogue = null!;

    public async ValueTask InitializeAsync()
    {
        _hub = await UnreliableHub.StartAsync();
        _catalogue = new ModelCatalogue(
            ModelFolder.Bundled, new HubDownloader(_http, new HubOptions { Endpoint = _hub.Address, CacheFolder = _cache }));
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_cache, recursive: true);
    }

    [Theory]
    [InlineData(ModelTasks.SentenceEmbedding, "encoder")]
    [InlineData(ModelTasks.LanguageIdentification, "language")]
    public async Task Bundled_models_are_beside_the_program(string task, string name)
    {
        var folder = await FindAsync(ModelCatalogue.Bundled, task);

        folder.ShouldBe(Path.Combine(ModelFolder.Bundled, name));
        ModelManifest.Read(folder).Task.ShouldBe(task);
    }

    [Fact]
    public async Task No_generator_is_bundled() =>
        (await Should.ThrowAsync<ModelException>(() => FindAsync(ModelCatalogue.Bundled, ModelTasks.TextGeneration)))
            .Message.ShouldContain("name a folder or a model on a hub");

    [Fact]
    public async Task A_folder_is_itself()
    {
        (await FindAsync(_cache, ModelTasks.TextGeneration)).ShouldBe(_cache);
        (await Should.ThrowAsync<ModelException>(() => FindAsync("/no/such/folder", ModelTasks.SentenceEmbedding)))
            .Message.ShouldContain("/no/such/folder");
    }

    [Fact]
    public async Task Of_an_encoder_on_a_hub_only_one_copy_of_the_weights_is_fetched()
    {
        _hub.Add("onnx/model_quantized.onnx", [1]);
        _hub.Add("pytorch_model.bin", [1]);
        _hub.Add("1_Pooling/config.json", [1]);
        _catalogue.IsHere(OnHub).ShouldBeFalse();

        var folder = await FindAsync(OnHub, ModelTasks.SentenceEmbedding);

        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file))
            .ShouldBe(
                ["1_Pooling/config.json", "config.json", HubDownloader.HashesFile, "onnx/model.onnx", "tokenizer.json"],
                ignoreOrder: true);
        _catalogue.IsHere(OnHub).ShouldBeTrue();
    }

    [Fact]
    public async Task Of_a_generator_everything_but_the_papers_is_fetched()
    {
        _hub.Add(".gitattributes", [1]);
        _hub.Add("genai_config.json", [1]);

        var folder = await FindAsync(OnHub, ModelTasks.TextGeneration);

        File.Exists(Path.Combine(folder, "genai_config.json")).ShouldBeTrue();
        File.Exists(Path.Combine(folder, "README.md")).ShouldBeFalse();
        File.Exists(Path.Combine(folder, ".gitattributes")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("hub:encoder")]
    [InlineData("hub:")]
    public async Task A_reference_that_cannot_be_read_says_how_one_is_written(string reference) =>
        (await Should.ThrowAsync<ModelException>(() => FindAsync(reference, ModelTasks.SentenceEmbedding)))
            .Message.ShouldContain("hub:owner/name@commit");

    private Task<string> FindAsync(string reference, string task) =>
        _catalogue.FindAsync(reference, task, progress: null, TestContext.Current.CancellationToken);
}
