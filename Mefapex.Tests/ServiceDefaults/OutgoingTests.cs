using System.Net;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.ServiceDefaults;

public sealed class OutgoingTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_configured_service_is_called_and_its_redirects_are_not_followed()
    {
        var asked = 0;
        await using var stranger = await LoopbackService.StartAsync(app => app.MapGet("/", () => Interlocked.Increment(ref asked)));
        await using var service = await LoopbackService.StartAsync(app => app.MapGet("/", () => Results.Redirect(stranger.Address.ToString())));
        await using var caller = await CallerAsync(new() { ["services:known:http:0"] = service.Address.ToString() });

        using var answer = await ClientOf(caller).GetAsync("http://known/", Cancellation);

        answer.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        asked.ShouldBe(0);
    }

    [Fact]
    public async Task A_host_that_is_not_configured_is_never_reached_until_it_is_allowed()
    {
        var asked = 0;
        await using var stranger = await LoopbackService.StartAsync(app => app.MapGet("/", () => Interlocked.Increment(ref asked)));
        await using var closed = await CallerAsync(new() { ["services:known:http:0"] = "http://127.0.0.1:9" });
        await using var open = await CallerAsync(new() { ["Outgoing:AllowedHosts"] = "127.0.0.1" });

        var refusal = await Should.ThrowAsync<OutgoingRefusedException>(() => ClientOf(closed).GetAsync(stranger.Address, Cancellation));
        refusal.Message.ShouldContain(stranger.Address.Authority);
        refusal.Message.ShouldContain("Outgoing:AllowedHosts");
        asked.ShouldBe(0);

        (await ClientOf(open).GetStringAsync(stranger.Address, Cancellation)).ShouldBe("1");
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://0xA9FEA9FE/")]
    [InlineData("http://2852039166/")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("http://[fe80::1]/")]
    public async Task Metadata_addresses_are_refused_even_where_they_are_allowed_by_name(string address)
    {
        await using var caller = await CallerAsync(new() { ["services:known:http:0"] = address });

        var refusal = await Should.ThrowAsync<HttpRequestException>(() => ClientOf(caller).GetAsync(address, Cancellation));

        refusal.ToString().ShouldContain("an address that is never called");
    }

    [Theory]
    [InlineData("169.254.169.254", true)]
    [InlineData("::ffff:169.254.0.1", true)]
    [InlineData("fd00:ec2::254", true)]
    [InlineData("100.100.100.200", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("::", true)]
    [InlineData("224.0.0.1", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("10.0.0.7", false)]
    [InlineData("192.0.2.1", false)]
    public void What_a_name_may_resolve_to(string address, bool forbidden) =>
        OutgoingRules.IsForbidden(IPAddress.Parse(address)).ShouldBe(forbidden);

    [Theory]
    [InlineData("*")]
    [InlineData("https://hooks.example")]
    [InlineData("hooks.example:443")]
    public async Task An_allow_list_that_is_no_list_of_hosts_refuses_the_start(string hosts)
    {
        var refusal = await Should.ThrowAsync<OptionsValidationException>(() => CallerAsync(new() { ["Outgoing:AllowedHosts"] = hosts }));

        refusal.Message.ShouldContain("Outgoing:AllowedHosts");
    }

    private static Task<LoopbackService> CallerAsync(Dictionary<string, string?> settings) =>
        LoopbackService.StartAsync(add: builder => builder.Services.AddHttpClient("caller"), settings: settings);

    private static HttpClient ClientOf(LoopbackService service) =>
        service.App.Services.GetRequiredService<IHttpClientFactory>().CreateClient("caller");
}
