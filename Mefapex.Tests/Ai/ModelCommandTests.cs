using Mefapex.Ai.Commands;
using Mefapex.Inference.Catalogue;

namespace Mefapex.Tests.Ai;

public sealed class ModelCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mefapex-commands-");
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    public void Dispose()
    {
        _output.Dispose();
        _errors.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("--urls", "http://localhost:1")]
    [InlineData]
    public void What_is_no_command_starts_the_service(params string[] args) =>
        ModelCommands.Run(args, _output, _errors).ShouldBeNull();

    [Fact]
    public void Help_tells_every_command()
    {
        Run("help").ShouldBe(0);

        foreach (var command in (string[])["train ", "train-language", "measure-encoder", "export-encoder", "pull", "--questions", "--report"])
            _output.ToString().ShouldContain(command);
    }

    [Theory]
    [InlineData(2, "There is no command fly", "fly")]
    [InlineData(1, "--wings is not understood", "train", "--wings", "2")]
    [InlineData(1, "--epochs needs a value", "train", "--epochs")]
    [InlineData(1, "--epochs 0 is not a number from 1 to 1000", "train", "--epochs", "0")]
    [InlineData(1, "needs --out", "export-encoder")]
    [InlineData(1, "no-such-folder", "train", "--sentences", "no-such-folder")]
    public void What_cannot_be_done_is_named(int code, string message, params string[] args)
    {
        Run(args).ShouldBe(code);

        _errors.ToString().ShouldContain(message);
    }

    [Fact]
    public void Own_questions_that_are_not_understood_are_named_by_file_and_line()
    {
        WriteSentences();
        var own = Write("own.tsv", "leave\tone\nno tab\n");

        Run("train", "--sentences", _folder.FullName, "--questions", own, "--samples", Inference.Samples.Folder, "--out", PathOf("model"))
            .ShouldBe(1);

        _errors.ToString().ShouldContain("own.tsv(2)");
        Directory.Exists(PathOf("model")).ShouldBeFalse();
    }

    [Fact]
    public void Training_writes_model_report_and_progress()
    {
        WriteSentences();
        var own = Write("own.tsv", "coffee\tWhere is the coffee machine?\ncoffee\tKahve makinesi nerede?\n");

        Run(
            "train", "--sentences", _folder.FullName, "--questions", own, "--samples", Inference.Samples.Folder,
            "--out", PathOf("model"), "--epochs", "2", "--seed", "3", "--threads", "2", "--report", PathOf("report.txt"))
            .ShouldBe(0, _errors.ToString());

        var manifest = ModelManifest.Read(PathOf("model"));
        manifest.TrainingData.ShouldContain("in 4 clusters");
        manifest.Quality.ShouldNotBeNull();
        _output.ToString().ShouldContain("epoch   2/2");
        File.ReadAllText(PathOf("report.txt")).ShouldContain(manifest.Sha256);
        File.ReadAllText(PathOf("report.json")).ShouldContain(manifest.Sha256);
    }

    [Fact]
    public void The_untrained_encoder_is_measured_in_its_own_folder()
    {
        Run("export-encoder", "--out", PathOf("encoder")).ShouldBe(0, _errors.ToString());
        Run("measure-encoder", "--models", _folder.FullName, "--samples", Inference.Samples.Folder).ShouldBe(0, _errors.ToString());

        ModelManifest.Read(PathOf("encoder")).Quality.ShouldNotBeNull().Figures.ShouldContain(figure =>
            figure.Set == "fabrika" && figure.Language == "tr" && Math.Abs(figure.RecallAt1 - 0.415771) < 1e-6);
    }

    private int? Run(params string[] args) => ModelCommands.Run(args, _output, _errors);

    private void WriteSentences()
    {
        Write("Sentences/a.txt", string.Join('\n', Enumerable.Range(0, 3).Select(i =>
            $"# cluster-{i} | konu {i} | topic {i}\ntr: soru {i} bir\ntr: soru {i} iki\ntr: soru {i} üç\nen: question {i}\nen: query {i}\n")));
        Write("Terms/a.txt", "maaş | salary\n");
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }
}
