using System.Text.Json;
using Mefapex.Cli;

namespace Mefapex.Tests.Cli.Setup;

public sealed class FeedMakerTests : IDisposable
{
    private static readonly MadePackage Package = new("Some.Package", "1.0.0");

    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new();
    private int _made;

    private string InFeed => Path.Combine(Workspace.Feed, Package.FileName);

    private Workspace Workspace => new(_folder.Path) { Feed = _folder["feed"] };

    [Fact]
    public async Task A_package_is_made_once_for_the_same_inputs()
    {
        await MakeAsync(Recipe("a"));
        await MakeAsync(Recipe("a"));

        _made.ShouldBe(1);
        File.Exists(InFeed).ShouldBeTrue();
    }

    [Fact]
    public async Task Other_inputs_make_it_anew_and_drop_what_NuGet_unpacked()
    {
        await MakeAsync(Recipe("a"));
        var unpacked = Unpacked(Workspace.Feed);

        await MakeAsync(Recipe("b"));

        _made.ShouldBe(2);
        Directory.Exists(unpacked).ShouldBeFalse();
    }

    [Fact]
    public async Task What_NuGet_unpacked_from_a_registry_is_left_alone()
    {
        var unpacked = Unpacked("https://registry.example.com/v3/index.json");

        await MakeAsync(Recipe("a"));

        Directory.Exists(unpacked).ShouldBeTrue();
    }

    [Fact]
    public async Task A_package_that_was_deleted_is_made_anew()
    {
        await MakeAsync(Recipe("a"));
        File.Delete(InFeed);

        await MakeAsync(Recipe("a"));

        File.Exists(InFeed).ShouldBeTrue();
    }

    [Fact]
    public async Task A_damaged_package_is_named_and_made_anew()
    {
        await MakeAsync(Recipe("a"));
        File.WriteAllText(InFeed, "spoilt");

        await MakeAsync(Recipe("a"));

        File.ReadAllText(InFeed).ShouldBe("whole");
        _output.ToString().ShouldContain(InFeed);
    }

    [Fact]
    public async Task An_interrupted_make_leaves_nothing_that_passes_for_finished()
    {
        var broken = new Recipe("some", [Package], ["a"], async (_, made, cancellationToken) =>
        {
            await File.WriteAllTextAsync(Path.Combine(made, Package.FileName), "half", cancellationToken);
            throw new OperationCanceledException();
        });
        await Should.ThrowAsync<OperationCanceledException>(() => MakeAsync(broken));
        File.Exists(InFeed).ShouldBeFalse();

        await MakeAsync(Recipe("a"));

        File.ReadAllText(InFeed).ShouldBe("whole");
    }

    public void Dispose() => _folder.Dispose();

    private string Unpacked(string source)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Workspace.Packages, "some.package", "1.0.0")).FullName;
        File.WriteAllText(Path.Combine(folder, ".nupkg.metadata"), JsonSerializer.Serialize(new { version = 2, source }));
        return folder;
    }

    private Recipe Recipe(string input) => new("some", [Package], [input], async (_, made, cancellationToken) =>
    {
        _made++;
        await File.WriteAllTextAsync(Path.Combine(made, Package.FileName), "whole", cancellationToken);
    });

    private async Task MakeAsync(Recipe recipe)
    {
        var maker = new FeedMaker(Workspace, new Terminal(_output, interactive: false, colour: false, TimeProvider.System));
        if (!maker.IsUpToDate(recipe))
            await maker.MakeAsync(recipe, TestContext.Current.CancellationToken);
    }
}
