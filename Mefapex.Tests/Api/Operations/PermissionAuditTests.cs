using System.Net;
using Mefapex.Contracts.Operations;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Operations;

public sealed class PermissionAuditTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Check = "permission-audit";
    private const string Path = "/api/v1/admin/permission-audits";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_last_attack_stands_in_health()
    {
        using var admin = await api.Host.SignInAsync("yonetici");
        using var @operator = await api.Host.SignInAsync("operator");
        var never = await StateAsync(admin);
        (never.Status, never.Description).ShouldBe(("degraded", "never run: ./mefapex audit-permissions"));

        await KeepAsync(@operator, new(120, 120, 5000, 2));
        var found = await StateAsync(admin);
        found.Status.ShouldBe("degraded");
        found.Description.ShouldNotBeNull().ShouldEndWith("2 findings");

        await KeepAsync(@operator, new(121, 121, 5000, 0));
        var sound = await StateAsync(admin);
        sound.Status.ShouldBe("healthy");
        sound.Description.ShouldNotBeNull().ShouldStartWith("121 of 121 operations");
        (await StateAsync(api.Host.Anonymous)).ShouldBe(new ServiceState("healthy"));

        await KeepAsync(@operator, new(121, 100, 4000, 0));
        (await StateAsync(admin)).Status.ShouldBe("degraded");

        using var ready = await api.Host.Anonymous.GetAsync(new Uri("/health/ready", UriKind.Relative), Cancellation);
        (await ready.Content.ReadAsStringAsync(Cancellation)).ShouldNotContain(Check);
    }

    [Fact]
    public async Task Only_figures_of_the_operator_are_kept()
    {
        using var admin = await api.Host.SignInAsync("yonetici");
        using var @operator = await api.Host.SignInAsync("operator");

        using var refused = await admin.PostWireAsync(Path, new PermissionAuditResult(1, 1, 1, 0));
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var wrong = await @operator.PostWireAsync(Path, new PermissionAuditResult(1, 2, 1, 0));
        await wrong.ShouldBeProblemAsync(400, "audit-figures");
    }

    private static async Task KeepAsync(HttpClient client, PermissionAuditResult result)
    {
        using var kept = await client.PostWireAsync(Path, result);
        kept.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    private static async Task<ServiceState> StateAsync(HttpClient client) =>
        (await client.GetWireAsync<ServicesHealth>("/health/comprehensive")).Services[Check];
}
