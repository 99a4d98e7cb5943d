using Mefapex.Inference.Training;

namespace Mefapex.Tests.Inference.Training;

public sealed class TrainingFilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mefapex-training-files-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Clusters_and_glossaries_are_read()
    {
        Write("Sentences/a.txt", "# leave-balance | kalan izin | leave left\ntr: Kaç gün iznim kaldı?\nen: How much leave is left?\n");
        Write("Terms/a.txt", "maaş, ücret | salary, pay\n");

        var corpus = TrainingFiles.ReadFolder(_folder.FullName);

        var cluster = corpus.Clusters.ShouldHaveSingleItem();
        cluster.Id.ShouldBe("leave-balance");
        cluster.Sentences.Select(sentence => sentence.Style).ShouldBe(["tr", "en"]);
        corpus.SentenceCount.ShouldBe(2);
        corpus.Terms.ShouldHaveSingleItem().English.ShouldBe(["salary", "pay"]);
    }

    [Fact]
    public void A_heading_without_gists_adds_to_a_cluster_wherever_that_stands()
    {
        Write("Sentences/a.txt", "# leave\ntr: Ne kadar iznim var?\nen: Any leave left?\n");
        Write("Sentences/b.txt", "# leave | kalan izin | leave left\ntr: Kaç gün iznim kaldı?\nen: How much leave is left?\n");

        var cluster = TrainingFiles.ReadFolder(_folder.FullName).Clusters.ShouldHaveSingleItem();

        cluster.Sentences.Count.ShouldBe(4);
    }

    [Theory]
    [InlineData("# no gists\n", "a.txt(1)", "heading")]
    [InlineData("tr: sentence without a heading\n", "a.txt(1)", "style: sentence")]
    [InlineData("# a | b | c\ntr: one\nxx: two\n", "a.txt(3)", "tr-colloquial")]
    [InlineData("# a | b | c\ntr: one\n\n# b | b | c\n", "a.txt(1)", "fewer than 2")]
    [InlineData("# a | b | c\ntr: one\nen: two\n\n# b\nen: one\nen: two\n", "a.txt(5)", "no cluster b")]
    [InlineData("# a | b | c\ntr: one\nen: two\n\n# a | b | c\n", "a.txt(5)", "there already")]
    public void A_line_that_is_not_understood_is_named(string text, string place, string cause)
    {
        Write("Sentences/a.txt", text);
        Write("Terms/a.txt", "");

        var message = Should.Throw<InvalidDataException>(() => TrainingFiles.ReadFolder(_folder.FullName)).Message;

        message.ShouldContain(place);
        message.ShouldContain(cause);
    }

    [Fact]
    public void A_glossary_line_without_its_other_half_is_named()
    {
        Write("Sentences/a.txt", "# a | b | c\ntr: one\nen: two\n");
        Write("Terms/words.txt", "maaş | salary\nücret\n");

        Should.Throw<InvalidDataException>(() => TrainingFiles.ReadFolder(_folder.FullName)).Message.ShouldContain("words.txt(2)");
    }

    [Fact]
    public void Own_questions_come_from_a_table()
    {
        var file = Write("own.tsv", "leave\tİzin nasıl alınır?\nleave\tHow do I take leave?\nalone\tKimse bana benzemez\n");

        var cluster = TrainingFiles.ReadQuestions(file).ShouldHaveSingleItem();

        cluster.Id.ShouldBe("own/leave");
        cluster.Sentences.Count.ShouldBe(2);
    }

    [Fact]
    public void A_table_line_without_a_tab_is_named() =>
        Should.Throw<InvalidDataException>(() => TrainingFiles.ReadQuestions(Write("own.tsv", "leave\tone\nno tab\n")))
            .Message.ShouldContain("own.tsv(2)");

    [Fact]
    public void Own_questions_come_from_a_knowledge_file_with_both_languages_in_one_cluster()
    {
        var clusters = TrainingFiles.ReadQuestions(Path.Combine(Samples.Folder, "fabrika.json"));

        clusters.Count.ShouldBeGreaterThan(30);
        clusters.ShouldContain(cluster =>
            cluster.Sentences.Any(sentence => sentence.Language == "tr") && cluster.Sentences.Any(sentence => sentence.Language == "en"));
    }

    private string Write(string name, string text)
    {
        var file = Path.Combine(_folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "Terms"));
        File.WriteAllText(file, text);
        return file;
    }
}
