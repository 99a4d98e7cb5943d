using System.Diagnostics;
using System.Text.Json;
using Mefapex.Cli;
using Mefapex.Tests.Cli.Setup;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Cli.Evaluation;

/// <summary>The command as a person runs it, against the real API with the sample knowledge.</summary>
public sealed class EvalCommandTests(ApiFactory api) : IClassFixture<ApiFactory>, IDisposable
{
    private const string Questions =
        """
        fabrika	tr	Şifremi unuttum	sifre-sifirlama	plain
        fabrika	tr	Yıllık izin talebi nasıl girilir?	yillik-izin-talebi	plain
        klinik	tr	Saçımı ne zaman yıkayabilirim?	baska-bir-kayit	wrong
        fabrika	tr	Şirketin hisse senedi kaç lira?	NONE	none
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Questions_are_measured_and_every_outcome_is_kept()
    {
        var (exitCode, output, error) = await RunAsync(Questions, "--json", _folder["out.json"], "--min-hit1", "0.5");

        exitCode.ShouldBe(0, output + error);
        output.ShouldContain("tenant  fabrika");
        output.ShouldContain("Misses: 1");
        output.ShouldContain("expected baska-bir-kayit");
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(_folder["out.json"], TestContext.Current.CancellationToken));
        json.RootElement.GetProperty("scores")[0].GetProperty("declined_correctly").GetDouble().ShouldBe(1);
        json.RootElement.GetProperty("outcomes").EnumerateArray().Select(o => o.GetProperty("right").GetBoolean()).ShouldBe([true, true, false, true]);
    }

    [Fact]
    public async Task A_share_below_its_floor_fails_the_run()
    {
        var (exitCode, output, _) = await RunAsync(Questions, "--min-hit1", "0.9");

        exitCode.ShouldBe(1);
        output.ShouldContain("hit@1 is 0.667, below --min-hit1 0.900");
    }

    [Fact]
    public async Task An_unknown_tenant_ends_it_before_anything_is_measured()
    {
        var (exitCode, output, _) = await RunAsync(Questions + "\nyok\ttr\tSoru?\tNONE\tnone");

        exitCode.ShouldBe(2);
        output.ShouldContain("Line 6: there is no tenant 'yok'.");
        output.ShouldNotContain("Misses");
    }

    [Theory]
    [InlineData("Which questions?", "eval")]
    [InlineData("There is no file", "eval", "--questions", "absent.tsv")]
    [InlineData("--misses takes a whole number, not 'few'.", "eval", "--questions", "absent.tsv", "--misses", "few")]
    [InlineData("--min-hit1 takes a share from 0 to 1, not '65'.", "eval", "--questions", "absent.tsv", "--min-hit1", "65")]
    [InlineData("--api takes an address", "eval", "--questions", "absent.tsv", "--api", "localhost")]
    [InlineData("'--fast' is not understood.", "eval", "--questions", "absent.tsv", "--fast")]
    public async Task Wrong_usage_is_told_from_a_bad_result(string said, params string[] arguments)
    {
        var (exitCode, output, _) = await RunAsync(arguments);

        exitCode.ShouldBe(2);
        output.ShouldContain(said);
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string questions, params string[] options)
    {
        var file = _folder["questions.tsv"];
        await File.WriteAllTextAsync(file, EvalQuestion.Header + "\n" + questions + "\n", TestContext.Current.CancellationToken);
        return await RunAsync(["eval", "--questions", file, "--api", api.Host.Address.ToString(), .. options]);
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(CommandLine).Assembly.Location, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
