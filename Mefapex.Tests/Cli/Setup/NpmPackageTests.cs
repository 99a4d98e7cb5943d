using System.Text.Json;
using Mefapex.Cli;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Cli.Setup;

public sealed class NpmPackageTests
{
    [Fact]
    public void Every_pinned_package_has_a_whole_sha512_hash()
    {
        using var pins = JsonDocument.Parse(File.ReadAllBytes(new Workspace(RepositoryRoot.Path).NpmPackages));

        foreach (var file in pins.RootElement.EnumerateObject().SelectMany(one => one.Value.GetProperty("platforms").EnumerateObject()))
        {
            var integrity = file.Value.GetProperty("integrity").GetString()!;
            integrity.ShouldStartWith("sha512-");
            Convert.FromBase64String(integrity["sha512-".Length..]).Length.ShouldBe(64);
        }
    }

    [Fact]
    public void A_scoped_package_has_a_path_in_the_registry_and_a_plain_file_name()
    {
        var package = new NpmPackage("@scope/thing", "1.0.0-beta.1", "sha512-");

        package.TarballPath.ShouldBe("@scope/thing/-/thing-1.0.0-beta.1.tgz");
        package.FileName.ShouldBe("scope-thing-1.0.0-beta.1.tgz");
    }
}
