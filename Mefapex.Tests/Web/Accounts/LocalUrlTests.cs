using Mefapex.Web.Accounts;

namespace Mefapex.Tests.Web.Accounts;

public sealed class LocalUrlTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/c/123")]
    [InlineData("/c/123?q=izin")]
    public void A_path_of_this_site_is_kept(string url) => LocalUrl.OrHome(url).ShouldBe(url);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("c/123")]
    [InlineData("//kotu.example")]
    [InlineData("/\\kotu.example")]
    [InlineData("https://kotu.example/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/\t/kotu.example")]
    [InlineData("/\r\nSet-Cookie: a=b")]
    public void Anything_else_leads_home(string? url) => LocalUrl.OrHome(url).ShouldBe("/");
}
