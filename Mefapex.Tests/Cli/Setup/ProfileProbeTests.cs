using Mefapex.Cli;

namespace Mefapex.Tests.Cli.Setup;

public sealed class ProfileProbeTests
{
    [Fact]
    public void A_restore_that_succeeds_lacks_nothing() =>
        ProfileProbe.Judge(new ShellResult(0, "  Restored Probe.csproj (in 2 sec).")).ShouldBeEmpty();

    [Fact]
    public void Missing_packages_and_versions_are_each_named_once()
    {
        var missing = ProfileProbe.Judge(new ShellResult(1,
            """
            /c/Probe.csproj : error NU1101: Unable to find package Aspire.Hosting.AppHost. No packages exist with this id in source(s): nuget.org
            /c/Probe.csproj : error NU1102: Unable to find package Microsoft.IdentityModel.Tokens with version (>= 8.19.2)
            /c/Probe.csproj : error NU1102:   - Found 4 version(s) in nuget.org [ Nearest version: 6.32.1 ]
            /c/Probe.csproj : error NU1103: Unable to find a stable package Preview-Only with version (>= 1.0.0)
            /c/Probe.csproj : error NU1603: Probe depends on Older.Version (>= 1.0.0) but Older.Version 1.0.0 was not found. Older.Version 1.0.1 was resolved instead.
            /c/Probe.csproj : error NU1101: Unable to find package Aspire.Hosting.AppHost. No packages exist with this id in source(s): nuget.org
            """));

        missing.ShouldBe(["Aspire.Hosting.AppHost", "Microsoft.IdentityModel.Tokens", "Preview-Only", "Older.Version"]);
    }

    [Fact]
    public void An_SDK_that_cannot_be_found_counts_as_a_missing_package() =>
        ProfileProbe.Judge(new ShellResult(1, "/c/Probe.csproj : error MSB4236: The SDK 'Aspire.AppHost.Sdk/13.5.4' specified could not be found."))
            .ShouldBe(["Aspire.AppHost.Sdk"]);

    [Theory]
    [InlineData("error NU1301: Unable to load the service index for source https://api.nuget.org/v3/index.json.")]
    [InlineData("error NU1301: Failed to retrieve information about 'A'.\nerror NU1101: Unable to find package B. No packages exist.")]
    public void A_registry_out_of_reach_gives_no_verdict(string output)
    {
        var failure = Should.Throw<SetupException>(() => ProfileProbe.Judge(new ShellResult(1, output)));

        failure.Message.ShouldContain("could not be reached");
        failure.Remedy.ShouldContain("--packages");
    }

    [Fact]
    public void Any_other_failure_is_shown_and_gives_no_verdict()
    {
        var failure = Should.Throw<SetupException>(
            () => ProfileProbe.Judge(new ShellResult(1, "/c/Probe.csproj : error NU1107: Version conflict detected for X.")));

        failure.Message.ShouldContain("NU1107: Version conflict detected for X.");
    }
}
