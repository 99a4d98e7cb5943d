using Mefapex.Cli;

namespace Mefapex.Tests.Cli.Setup;

public sealed class ProfileAnswerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void An_answer_survives_being_written_and_read()
    {
        var answer = new ProfileAnswer(
            PackageProfile.Partial, "the registry lacks A & 1 more", ["A", "B"], "abc", DateTimeOffset.UnixEpoch);

        answer.Write(_folder["packages.props"]);
        var read = ProfileAnswer.Read(_folder["packages.props"]).ShouldNotBeNull();

        (read with { Missing = answer.Missing }).ShouldBe(answer);
        read.Missing.ShouldBe(answer.Missing);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<Project><PropertyGroup>")]
    [InlineData("<Project><PropertyGroup><MefapexPackages>Some</MefapexPackages></PropertyGroup></Project>")]
    public void A_spoilt_answer_counts_as_none(string text)
    {
        File.WriteAllText(_folder["packages.props"], text);

        ProfileAnswer.Read(_folder["packages.props"]).ShouldBeNull();
    }

    [Fact]
    public void No_answer_is_none() => ProfileAnswer.Read(_folder["packages.props"]).ShouldBeNull();

    [Fact]
    public void Another_package_list_has_another_fingerprint()
    {
        var workspace = new Workspace(_folder.Path);
        Directory.CreateDirectory(workspace.PackageProjects);
        File.WriteAllText(ProfileProbe.Project(workspace), "<Project />");
        File.WriteAllText(workspace.CentralVersions, "<Project>\n1</Project>");
        var first = ProfileAnswer.Fingerprint(workspace);

        File.WriteAllText(workspace.CentralVersions, "<Project>\r\n1</Project>");
        ProfileAnswer.Fingerprint(workspace).ShouldBe(first);

        File.WriteAllText(workspace.CentralVersions, "<Project>\n2</Project>");
        ProfileAnswer.Fingerprint(workspace).ShouldNotBe(first);
    }

    public void Dispose() => _folder.Dispose();
}
