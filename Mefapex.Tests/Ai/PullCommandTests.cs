using Mefapex.Ai.Commands;
using Mefapex.Inference.Embedding;
using Mefapex.Tests.Inference.Catalogue;
using Mefapex.Tests.Inference.Generation;

namespace Mefapex.Tests.Ai;

public sealed class PullCommandTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mefapex-pull-").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();
    private UnreliableHub _hub = null!;

    public async ValueTask InitializeAsync() => _hub = await UnreliableHub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _output.DisposeAsync();
        await _errors.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task An_encoder_is_pinned_fetched_and_proven()
    {
        var made = Path.Combine(_folder, "tiny");
        new TinyBert().Write(made);
        await ServeAsync(made, "");

        Pull($"hub:{UnreliableHub.Repository}").ShouldBe(0, _errors.ToString());

        var said = _output.ToString();
        said.ShouldContain($"Set Models__Encoder=hub:{UnreliableHub.Repository}@{UnreliableHub.Commit}");
        said.ShouldContain("32 dimensions, at most 128 tokens");
        Directory.GetFiles(_folder, RecordedVectors.FileName, SearchOption.AllDirectories).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_generator_in_a_folder_is_proven_too()
    {
        using var echo = new EchoFolder();
        await ServeAsync(echo.Path, "cpu/");

        Pull($"hub:{UnreliableHub.Repository}@main/cpu", "--kind", "generator").ShouldBe(0, _errors.ToString());

        _output.ToString().ShouldContain($"Set Models__Generator__Path=hub:{UnreliableHub.Repository}@{UnreliableHub.Commit}/cpu");
        _output.ToString().ShouldContain("a context of 1024 tokens");
    }

    [Fact]
    public void What_cannot_be_pulled_says_why()
    {
        Pull("hub:nobody/nothing").ShouldBe(1);
        _errors.ToString().ShouldContain("does not have hub:nobody/nothing@main");
        Pull("nothing").ShouldBe(1);
        _errors.ToString().ShouldContain("hub:owner/name@commit");
        Pull($"hub:{UnreliableHub.Repository}", "--kind", "poem").ShouldBe(1);
        _errors.ToString().ShouldContain("--kind poem");
    }

    [Fact]
    public void A_model_that_does_not_run_here_is_told()
    {
        Pull($"hub:{UnreliableHub.Repository}").ShouldBe(1);

        _errors.ToString().ShouldContain("tokenizer.json");
        _output.ToString().ShouldNotContain("Set ");
    }

    private int? Pull(string reference, params string[] more) => ModelCommands.Run(
        ["pull", reference, "--endpoint", _hub.Address.ToString(), "--cache", Path.Combine(_folder, "cache"), .. more], _output, _errors);

    private async Task ServeAsync(string folder, string prefix)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            _hub.Add(
                prefix + Path.GetRelativePath(folder, file).Replace('\\', '/'),
                await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken),
                large: file.EndsWith(".onnx", StringComparison.Ordinal));
        }
    }
}
