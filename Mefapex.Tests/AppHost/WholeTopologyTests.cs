using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Mefapex.AppHost.Control;
using Mefapex.AppHost.Processes;
using Mefapex.AppHost.Settings;
using Mefapex.AppHost.State;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.AppHost;

public sealed class WholeTopologyTests(TopologyFixture fixture)
{
    private const int IdleLimitMb = 250;

    [Fact]
    public async Task A_person_signs_in_and_gets_the_answer_with_its_source()
    {
        var topology = await fixture.UpAsync();

        var answer = await AskAsync(topology, "Şifremi unuttum");

        answer.Sources[0].Id.ShouldBe("sifre-sifirlama");
        answer.Response.ShouldNotBeNullOrWhiteSpace();
    }

    [Fact]
    public async Task The_web_app_is_served()
    {
        var topology = await fixture.UpAsync();
        using var http = new HttpClient { BaseAddress = topology.Web };

        using var page = await http.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);

        page.EnsureSuccessStatusCode();
        page.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
    }

    [Fact]
    public async Task Status_shows_every_resource_healthy()
    {
        var topology = await fixture.UpAsync();
        var status = await topology.StatusAsync();

        string[] declared = [ResourceNames.Postgres, ResourceNames.Ai, ResourceNames.Api, ResourceNames.Web, ResourceNames.Dashboard];
        declared.ShouldBeSubsetOf(status.Resources.Select(r => r.Name));
        status.Resources.Where(r => declared.Contains(r.Name)).ShouldAllBe(r => r.State == "healthy" || r.State == "skipped");
    }

    [Fact]
    public async Task Services_left_alone_are_small()
    {
        await using var topology = await Topology.UpAsync();
        await AskAsync(topology, "Şifremi unuttum");
        var since = Stopwatch.GetTimestamp();
        double api, ai;
        do
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            var status = await topology.StatusAsync();
            (api, ai) = (Find(status, ResourceNames.Api).ResidentMb!.Value, Find(status, ResourceNames.Ai).ResidentMb!.Value);
        }
        while (Math.Max(api, ai) >= IdleLimitMb && Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(60));

        api.ShouldBeLessThan(IdleLimitMb);
        ai.ShouldBeLessThan(IdleLimitMb);
    }

    [Fact]
    public async Task A_second_up_says_that_it_is_up_and_where()
    {
        var topology = await fixture.UpAsync();

        var (exitCode, output) = await topology.RunAsync("--detach");

        exitCode.ShouldBeOneOf(0, 1);
        output.ShouldContain("up already");
        output.ShouldContain(topology.Web.ToString().TrimEnd('/'));
    }

    [Fact]
    public async Task Answers_go_on_while_a_killed_AI_service_is_started_again()
    {
        Assert.SkipWhen(Topology.RunsUnderAspire, "Aspire's orchestrator does not start again what was killed");
        await using var topology = await Topology.UpAsync();
        var killed = Find(await topology.StatusAsync(), ResourceNames.Ai);

        ProcessIdentity.Of(killed.Pid!.Value)!.Signal(ProcessSignal.Kill);

        (await AskAsync(topology, "Şifremi unuttum")).Sources[0].Id.ShouldBe("sifre-sifirlama");
        await UntilAsync(topology, status => Find(status, ResourceNames.Ai) is { State: "healthy", Restarts: > 0 });
    }

    [Fact]
    public async Task Down_leaves_no_process_no_port_and_all_data()
    {
        await using var topology = await Topology.UpAsync();
        var processes = (await topology.StatusAsync()).Resources
            .Where(r => r.Pid is not null)
            .Select(r => ProcessIdentity.Of(r.Pid!.Value).ShouldNotBeNull())
            .ToList();
        processes.Count.ShouldBeGreaterThanOrEqualTo(4);

        var (exitCode, _) = await topology.RunAsync("down");

        exitCode.ShouldBe(0);
        processes.ShouldAllBe(process => !process.IsAlive);
        topology.Ports.ShouldAllBe(port => PortHolder.IsFree(port));
        Directory.Exists(Path.Combine(topology.State, "data")).ShouldBeTrue();
        (await topology.RunAsync("status")).ExitCode.ShouldBe(3);
    }

    [Fact]
    public async Task When_the_runner_was_killed_down_ends_what_it_left_behind()
    {
        Assert.SkipWhen(Topology.RunsUnderAspire, "Aspire's orchestrator ends what it runs by itself");
        await using var topology = await Topology.UpAsync();
        var state = TopologyState.Read(Path.Combine(topology.State, "run", "topology.json"))!;
        state.Runner.Signal(ProcessSignal.Kill);
        await state.Runner.WaitForExitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        var (exitCode, _) = await topology.RunAsync("down");

        exitCode.ShouldBe(0);
        state.Resources.ShouldAllBe(resource => resource.Process == null || !resource.Process.IsAlive);
        topology.Ports.ShouldAllBe(port => PortHolder.IsFree(port));
    }

    private static ResourceStatus Find(StatusReport status, string name) => status.Resources.Single(r => r.Name == name);

    private static async Task UntilAsync(Topology topology, Func<StatusReport, bool> condition)
    {
        while (!condition(await topology.StatusAsync()))
            await Task.Delay(200, TestContext.Current.CancellationToken);
    }

    private static async Task<ChatAnswer> AskAsync(Topology topology, string question)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var http = new HttpClient { BaseAddress = topology.Api };
        using var signedIn = await http.PostAsJsonAsync(
            "/login", new LoginRequest("demo", "1234"), WireJson.Options, cancellationToken);
        signedIn.EnsureSuccessStatusCode();
        var token = await signedIn.Content.ReadFromJsonAsync<LoginResponse>(WireJson.Options, cancellationToken);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token!.AccessToken);
        using var answered = await http.PostAsJsonAsync(
            "/chat/authenticated", new ChatRequest(question), WireJson.Options, cancellationToken);
        answered.EnsureSuccessStatusCode();
        return (await answered.Content.ReadFromJsonAsync<ChatAnswer>(WireJson.Options, cancellationToken))!;
    }
}
