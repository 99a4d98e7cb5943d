using Mefapex.Cli;

namespace Mefapex.Tests.Cli.Setup;

public sealed class NpmRegistryTests
{
    private static readonly NpmPackage Plain = new("thing", "1.0.0", "sha512-");
    private static readonly NpmPackage Scoped = new("@scope/thing", "1.0.0", "sha512-");

    [Fact]
    public void Without_settings_the_public_registry_is_asked_anonymously()
    {
        using var request = Registry("").Request(Scoped);

        request.RequestUri.ShouldBe(new Uri("https://registry.npmjs.org/@scope/thing/-/thing-1.0.0.tgz"));
        request.Headers.Authorization.ShouldBeNull();
    }

    [Fact]
    public void A_registry_of_ones_own_is_used_with_its_token()
    {
        using var request = Registry(
            """
            ; a comment
            registry = https://npm.example.com/repo
            //npm.example.com/repo/:_authToken=${TOKEN}
            """).Request(Plain);

        request.RequestUri.ShouldBe(new Uri("https://npm.example.com/repo/thing/-/thing-1.0.0.tgz"));
        request.Headers.Authorization!.ToString().ShouldBe("Bearer secret");
    }

    [Fact]
    public void A_scope_may_have_a_registry_of_its_own()
    {
        var registry = Registry("registry=https://a.example.com/\n@scope:registry=https://b.example.com/\n");

        registry.AddressOf(Scoped).Host.ShouldBe("b.example.com");
        registry.AddressOf(Plain).Host.ShouldBe("a.example.com");
    }

    [Fact]
    public void A_credential_holds_for_everything_below_its_address()
    {
        using var request = Registry("registry=https://a.example.com/x/y/\n//a.example.com/:_auth=dTpw\n").Request(Plain);

        request.Headers.Authorization!.ToString().ShouldBe("Basic dTpw");
    }

    [Fact]
    public void A_credential_is_not_shown_to_another_registry()
    {
        using var request = Registry("registry=https://a.example.com/\n//b.example.com/:_authToken=secret\n").Request(Plain);

        request.Headers.Authorization.ShouldBeNull();
    }

    [Fact]
    public void A_registry_that_is_no_address_is_named_with_where_to_mend_it()
    {
        var failure = Should.Throw<SetupException>(() => Registry("registry=nonsense\n").AddressOf(Plain));

        failure.Message.ShouldContain("nonsense");
        failure.Remedy.ShouldContain(".npmrc");
    }

    private static NpmRegistry Registry(string npmrc)
    {
        var settings = new Dictionary<string, string>();
        NpmRegistry.Parse(npmrc, name => name == "TOKEN" ? "secret" : null, settings);
        return new NpmRegistry(settings);
    }
}
