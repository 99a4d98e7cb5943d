using Mefapex.Cli;
using Mefapex.Tests.Cli.Setup;

namespace Mefapex.Tests.Cli.Evaluation;

public sealed class EvalQuestionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_from_a_spreadsheet_is_read_with_its_byte_order_mark_and_line_ends()
    {
        var questions = Read($"\uFEFF{EvalQuestion.Header}\r\nfabrika\ttr\t İzin kaç gün? \tyillik-izin-hakki | izin-devri\ttypo\r\n\r\nklinik\ten\tCan I fly?\tNONE\thard\r\n");

        questions.Count.ShouldBe(2);
        questions[0].Line.ShouldBe(2);
        questions[0].Text.ShouldBe("İzin kaç gün?");
        questions[0].Expected.ShouldBe(["yillik-izin-hakki", "izin-devri"]);
        questions[1].Line.ShouldBe(4);
        questions[1].MustBeDeclined.ShouldBeTrue();
        questions[1].Tenant.ShouldBe("klinik");
        questions[1].Kind.ShouldBe("hard");
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("tenant,lang,question,expected,kind\n", "line 1: the header is")]
    [InlineData(EvalQuestion.Header + "\n", "has a header but no questions")]
    [InlineData(EvalQuestion.Header + "\na\ttr\tb\tc\td\na\ttr\tb\tc\n", "line 3: 4 cells instead of 5")]
    [InlineData(EvalQuestion.Header + "\na\ttr\t\tc\td\n", "line 2: the cell 'question' is empty")]
    [InlineData(EvalQuestion.Header + "\na\ttr\tb\tc|\td\n", "line 2: 'c|' is neither NONE nor ids joined by |")]
    [InlineData(EvalQuestion.Header + "\na\ttr\tb\tNONE|c\td\n", "line 2: 'NONE|c' is neither")]
    public void What_is_wrong_is_said_with_its_line_and_is_the_callers_mistake(string content, string said)
    {
        var refusal = Should.Throw<SetupException>(() => Read(content));

        refusal.Message.ShouldContain(said);
        refusal.ExitCode.ShouldBe(2);
    }

    [Fact]
    public void A_question_longer_than_the_chat_takes_is_refused() =>
        Should.Throw<SetupException>(() => Read($"{EvalQuestion.Header}\na\ttr\t{new string('x', 1001)}\tc\td\n"))
            .Message.ShouldContain("line 2: the question is longer than 1000 characters");

    [Fact]
    public void Of_many_bad_lines_the_first_are_named_and_all_are_counted()
    {
        var refusal = Should.Throw<SetupException>(() => Read(EvalQuestion.Header + "\n" + string.Concat(Enumerable.Repeat("x\n", 9))));

        refusal.Message.Split('\n').Length.ShouldBe(5);
        refusal.Remedy.ShouldContain("5 of 9");
    }

    [Fact]
    public void A_file_in_another_encoding_is_refused()
    {
        File.WriteAllBytes(_folder["latin"], [.. "tenant\n"u8, 0xFD]);

        Should.Throw<SetupException>(() => EvalQuestion.Read(_folder["latin"])).Message.ShouldContain("not UTF-8");
    }

    private List<EvalQuestion> Read(string content)
    {
        File.WriteAllText(_folder["questions.tsv"], content);
        return EvalQuestion.Read(_folder["questions.tsv"]);
    }
}
