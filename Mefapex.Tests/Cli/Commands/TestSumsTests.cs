using Mefapex.Cli;

namespace Mefapex.Tests.Cli.Commands;

public sealed class TestSumsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mefapex-sums-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Results_are_summed_over_all_files_and_what_did_not_pass_counts_as_failed()
    {
        Write("one.trx", "Passed", "Passed", "Failed");
        Write("two.trx", "NotExecuted", "Passed", "Timeout");

        TestSums.Read(_folder).ToString().ShouldBe("3 passed, 2 failed, 1 skipped");
    }

    [Fact]
    public void No_results_are_no_tests() =>
        TestSums.Read(Path.Combine(_folder, "absent")).ShouldBe(new TestSums(0, 0, 0));

    private void Write(string file, params string[] outcomes)
    {
        var results = outcomes.Select(outcome => $"""<UnitTestResult testName="a" outcome="{outcome}" />""");
        File.WriteAllText(
            Path.Combine(_folder, file),
            $"""<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>{string.Concat(results)}</Results></TestRun>""");
    }
}
