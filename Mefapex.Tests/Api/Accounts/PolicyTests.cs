using System.Net;
using System.Security.Claims;
using Mefapex.Api.Accounts;
using Mefapex.Contracts.Accounts;
using Mefapex.ServiceDefaults;
using Mefapex.Tests.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Accounts;

public sealed class PolicyTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Everybody = "member coordinator editor admin owner operator";
    private const string Editors = "editor admin owner operator";
    private const string Admins = "admin owner operator";

    private static readonly string[] AllRoles =
        [Roles.Member, Roles.Coordinator, Roles.Editor, Roles.Admin, Roles.Owner, Roles.Operator];

    /// <summary>The table once more, so that nobody widens a row by a slip.</summary>
    public static TheoryData<string, string> Rows { get; } = new()
    {
        { "account:read", Everybody },
        { "account:write", Everybody },
        { "chat:read", Everybody },
        { "chat:write", Everybody },
        { "documents:read", Everybody },
        { "documents:write", Editors },
        { "knowledge:read", Editors },
        { "knowledge:write", Editors },
        { "calibration:read", Editors },
        { "calibration:write", Admins },
        { "users:read", Admins },
        { "users:write", Admins },
        { "privacy:read", Admins },
        { "privacy:write", Admins },
        { "audit:read", Admins },
        { "tenants:read", Roles.Operator },
        { "tenants:write", Roles.Operator },
        { "operations:read", Admins },
        { "operations:write", Admins },
        { "signing-keys:read", "operator" },
        { "signing-keys:write", "operator" },
        { "keys:read", Admins },
        { "keys:write", Admins },
        { "permission-audits:write", Roles.Operator },
        { "quotas:read", "operator" },
        { "quotas:write", "operator" },
        { "usage:read", Admins },
    };

    private IEnumerable<RouteEndpoint> Endpoints =>
        api.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_permission_is_held_by_the_roles_of_its_row_alone(string permission, string roles)
    {
        using var scope = api.Host.Services.CreateScope();
        var authorization = scope.ServiceProvider.GetRequiredService<IAuthorizationService>();

        foreach (var role in AllRoles.Append("tanrı").Append(""))
        {
            var allowed = await authorization.AuthorizeAsync(Person(role), resource: null, permission);
            allowed.Succeeded.ShouldBe(roles.Split(' ').Contains(role), $"{role} and {permission}");
        }

        (await authorization.AuthorizeAsync(new ClaimsPrincipal(new ClaimsIdentity()), resource: null, permission)).Succeeded.ShouldBeFalse();
    }

    [Fact]
    public void Every_row_is_tested_and_guards_an_endpoint()
    {
        var tested = Rows.Select(row => row.Data.Item1).Order(StringComparer.Ordinal).ToList();
        var used = Endpoints.Select(e => e.Metadata.GetMetadata<PermissionAttribute>()?.Permission.Name).OfType<string>().Distinct();

        Policies.All.Select(p => p.Name).Order(StringComparer.Ordinal).ShouldBe(tested);
        used.Order(StringComparer.Ordinal).ShouldBe(tested);
    }

    [Fact]
    public void Every_endpoint_names_a_permission_or_is_open_on_purpose()
    {
        Endpoints.Count().ShouldBeGreaterThan(50);
        Endpoints
            .Where(e => e.Metadata.OfType<PermissionAttribute>().Count() + (e.Metadata.GetMetadata<IAllowAnonymous>() is null ? 0 : 1) != 1)
            .Select(e => e.DisplayName)
            .ShouldBeEmpty();
    }

    [Fact]
    public void Only_these_are_open_to_everybody() =>
        Endpoints.Where(e => e.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            .Select(e => e.RoutePattern.RawText!)
            .Order(StringComparer.Ordinal)
            .ShouldBe(
                [
                    "/",
                    "/.well-known/jwks.json",
                    "/api/auth/login",
                    "/api/auth/logout",
                    "/api/auth/refresh",
                    "/api/auth/register",
                    "/api/health",
                    "/api/health/ai",
                    "/api/health/cache",
                    "/api/health/database",
                    "/api/health/rate-limiter",
                    "/api/v1/account/password-reset",
                    "/api/v1/account/password-reset/confirm",
                    "/api/v1/privacy/receipts/verify",
                    "/api/v1/sign-in",
                    "/api/v1/sign-in/second-factor",
                    "/api/v1/suggestions",
                    "/chat",
                    "/chat/public",
                    "/health",
                    "/health/comprehensive",
                    "/health/live",
                    "/health/ready",
                    "/login",
                    "/logout",
                    "/openapi.json",
                    "/register",
                ]);

    [Fact]
    public async Task An_endpoint_that_says_nothing_lets_nobody_in()
    {
        using var scope = api.Host.Services.CreateScope();
        var authorization = scope.ServiceProvider.GetRequiredService<IAuthorizationService>();
        var policies = scope.ServiceProvider.GetRequiredService<IAuthorizationPolicyProvider>();
        var fallback = (await policies.GetFallbackPolicyAsync()).ShouldNotBeNull();
        var forgotten = new RouteEndpointBuilder(_ => Task.CompletedTask, Microsoft.AspNetCore.Routing.Patterns.RoutePatternFactory.Parse("/unutulan"), 0).Build();
        var request = new DefaultHttpContext();
        request.SetEndpoint(forgotten);

        foreach (var role in AllRoles)
            (await authorization.AuthorizeAsync(Person(role), request, fallback)).Succeeded.ShouldBeFalse(role);
    }

    [Theory]
    [InlineData("GET", "/yok-böyle-bir-yer", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "/login", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/docs/index.html", HttpStatusCode.OK)]
    [InlineData("GET", "/api/v1/admin/audit", HttpStatusCode.Unauthorized)]
    public async Task What_is_not_mapped_has_its_own_answer(string method, string path, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        using var response = await api.Host.Anonymous.SendAsync(request, TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(expected);
    }

    [Theory]
    [InlineData(Roles.Member, "member")]
    [InlineData(Roles.Editor, "coordinator editor member")]
    [InlineData(Roles.Coordinator, "coordinator editor member")]
    [InlineData(Roles.Admin, "admin coordinator editor member")]
    [InlineData(Roles.Owner, "admin coordinator editor member owner")]
    [InlineData(Roles.Operator, "admin coordinator editor member owner")]
    [InlineData("tanrı", "")]
    public void Nobody_grants_a_role_above_their_own_nor_ever_the_operators(string granter, string roles) =>
        string.Join(' ', Policies.GrantableBy([granter]).Order(StringComparer.Ordinal)).ShouldBe(roles);

    [Theory]
    [InlineData(Roles.Admin, Roles.Owner, false)]
    [InlineData(Roles.Admin, Roles.Admin, true)]
    [InlineData(Roles.Owner, Roles.Owner, true)]
    [InlineData(Roles.Owner, Roles.Operator, false)]
    [InlineData(Roles.Operator, Roles.Owner, true)]
    public void Nobody_acts_on_an_account_above_their_own(string role, string other, bool reaches) =>
        Policies.Reaches([role], [other]).ShouldBe(reaches);

    private static ClaimsPrincipal Person(string role) => new(new ClaimsIdentity(
        [new(TokenClaims.Subject, Guid.NewGuid().ToString()), new(TokenClaims.Role, role)], "test", TokenClaims.Name, TokenClaims.Role));
}
