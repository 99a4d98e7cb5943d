using Mefapex.AppHost.Local;
using Mefapex.AppHost.Processes;
using Mefapex.AppHost.Settings;
using Mefapex.AppHost.State;

namespace Mefapex.Tests.AppHost;

public sealed class SupervisorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mefapex-supervisor-").FullName;
    private readonly StringWriter _output = new();

    private string StateFile => Path.Combine(_folder, "topology.json");

    public void Dispose()
    {
        _output.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_resource_starts_only_when_what_it_waits_for_is_healthy()
    {
        var open = false;
        var first = Shell("first", "sleep 60", isHealthy: () => open);
        var second = Shell("second", "sleep 60", waitsFor: [first]);
        await using var run = Start(first, second);

        await run.UntilAsync(state => state["first"].Process is not null);
        run.State["second"].Phase.ShouldBe(ResourcePhase.Waiting);
        open = true;

        await run.UntilAsync(state => state["second"].Phase == ResourcePhase.Healthy);
    }

    [Fact]
    public async Task What_dies_is_started_again_and_counted()
    {
        var resource = Shell("brittle", "sleep 60");
        await using var run = Start(resource);
        await run.UntilAsync(state => state["brittle"].Phase == ResourcePhase.Healthy);
        var first = run.State["brittle"].Process!;

        first.Signal(ProcessSignal.Kill);
        await run.UntilAsync(state => state["brittle"] is { Phase: ResourcePhase.Healthy, Restarts: 1 });

        run.State["brittle"].Process.ShouldNotBe(first);
        _output.ToString().ShouldContain("brittle was ended by signal 9; start 2 in 1 s");
    }

    [Fact]
    public async Task Dependents_are_stopped_before_what_they_work_with()
    {
        var journal = Path.Combine(_folder, "journal");
        string Farewell(string name) => $"trap 'echo {name} >> {journal}; exit 0' TERM; touch {_folder}/{name}; while :; do sleep 0.05; done";
        bool Trapped(string name) => File.Exists(Path.Combine(_folder, name));
        var database = Shell("database", Farewell("database"), isHealthy: () => Trapped("database"));
        var api = Shell("api", Farewell("api"), waitsFor: [database], isHealthy: () => Trapped("api"));
        var web = Shell("web", Farewell("web"), waitsFor: [api], isHealthy: () => Trapped("web"));
        await using (var run = Start(database, api, web))
            await run.UntilAsync(state => state["web"].Phase == ResourcePhase.Healthy);

        (await File.ReadAllLinesAsync(journal, TestContext.Current.CancellationToken)).ShouldBe(["web", "api", "database"]);
    }

    [Fact]
    public async Task Children_of_a_resource_do_not_outlive_it()
    {
        var file = Path.Combine(_folder, "child");
        var resource = Shell("parent", $"sleep 300 & echo $! > {file}.new; mv {file}.new {file}; wait", isHealthy: () => File.Exists(file));
        ProcessIdentity child;
        await using (var run = Start(resource))
        {
            await run.UntilAsync(state => state["parent"].Phase == ResourcePhase.Healthy);
            var pid = int.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), System.Globalization.CultureInfo.InvariantCulture);
            child = ProcessIdentity.Of(pid).ShouldNotBeNull();
        }

        (await child.WaitForExitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_resource_that_ignores_the_polite_signal_is_killed()
    {
        var ready = Path.Combine(_folder, "ready");
        var resource = Shell("stubborn", $"trap '' TERM; touch {ready}; while :; do sleep 0.1; done", isHealthy: () => File.Exists(ready));
        ProcessIdentity process;
        await using (var run = Start(TimeSpan.FromMilliseconds(300), resource))
        {
            await run.UntilAsync(state => state["stubborn"].Phase == ResourcePhase.Healthy);
            process = run.State["stubborn"].Process.ShouldNotBeNull();
        }

        process.IsAlive.ShouldBeFalse();
    }

    [Fact]
    public async Task A_resource_that_stops_answering_is_shown_as_unhealthy_and_left_alive()
    {
        var works = true;
        var resource = Shell("busy", "sleep 60", isHealthy: () => works);
        await using var run = Start(resource);
        await run.UntilAsync(state => state["busy"].Phase == ResourcePhase.Healthy);
        works = false;

        await run.UntilAsync(state => state["busy"].Phase == ResourcePhase.Unhealthy);

        run.State["busy"].Process.ShouldNotBeNull().IsAlive.ShouldBeTrue();
        run.State["busy"].Restarts.ShouldBe(0);
    }

    [Fact]
    public async Task A_resource_that_cannot_be_prepared_ends_the_run_and_stops_the_others()
    {
        ProcessIdentity? other = null;
        var healthy = Shell("healthy", "sleep 60");
        var impossible = new Resource("impossible", "executable")
        {
            PrepareAsync = async token =>
            {
                while ((other = State("healthy")?.Process) is null)
                    await Task.Delay(20, token);
                throw new HostException("There is no such program.", "Install it.");
            },
            IsHealthyAsync = _ => Task.FromResult(true),
        };
        var waiting = Shell("waiting", "sleep 60", waitsFor: [impossible]);

        var run = Start(healthy, impossible, waiting);
        var failure = await Should.ThrowAsync<HostException>(() => run.Ended);

        failure.Message.ShouldBe("There is no such program.");
        other.ShouldNotBeNull().IsAlive.ShouldBeFalse();
    }

    [Fact]
    public async Task Skipped_resources_do_not_keep_the_rest_from_being_complete()
    {
        var absent = new Resource("absent", "executable")
        {
            SkippedBecause = "it is not installed",
            PrepareAsync = _ => throw new InvalidOperationException("must not be prepared"),
            IsHealthyAsync = _ => Task.FromResult(false),
        };
        await using var run = Start(absent, Shell("present", "sleep 60"));

        await run.UntilAllHealthyAsync();

        run.State["absent"].Reason.ShouldBe("it is not installed");
    }

    [Fact]
    public async Task Output_goes_to_the_console_with_a_prefix_and_to_the_log_as_it_came()
    {
        const string json = """{"timestamp":"2026-11-21T08:09:10Z","level":"warn","category":"Mefapex.Sample","message":"it is late"}""";
        var script = Path.Combine(_folder, "line");
        await File.WriteAllTextAsync(script, json + "\nplain\n", TestContext.Current.CancellationToken);
        await using (var run = Start(Shell("talker", $"cat {script}; sleep 60")))
            await run.UntilAsync(_ => _output.ToString().Contains("plain"));

        var console = _output.ToString();
        console.ShouldContain("talker    | plain");
        console.ShouldMatch(@"talker    \| \d\d:09:10 WARN  Mefapex\.Sample: it is late");
        (await File.ReadAllTextAsync(Path.Combine(_folder, "talker.log"), TestContext.Current.CancellationToken)).ShouldBe($"{json}\nplain\n");
    }

    private ResourceState? State(string name) => TopologyState.Read(StateFile)?.Resources.FirstOrDefault(r => r.Name == name);

    private static Resource Shell(string name, string script, IReadOnlyList<Resource>? waitsFor = null, Func<bool>? isHealthy = null) =>
        new(name, "executable")
        {
            PrepareAsync = _ => Task.FromResult(new Command("/bin/sh", ["-c", script])),
            IsHealthyAsync = _ => Task.FromResult(isHealthy?.Invoke() ?? true),
            WaitsFor = waitsFor ?? [],
        };

    private Run Start(params Resource[] resources) => Start(TimeSpan.FromSeconds(10), resources);

    private Run Start(TimeSpan stopPatience, params Resource[] resources)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the sample processes are POSIX shells");
        var console = new HostConsole(TextWriter.Synchronized(_output), colour: false, resources: true);
        var scoreboard = new Scoreboard(Supervisor.Initial(resources, _folder, TimeProvider.System), StateFile);
        var timing = new SupervisorTiming { ProbeWhileHealthy = TimeSpan.FromMilliseconds(50), StopPatience = stopPatience };
        return new Run(new Supervisor(resources, scoreboard, console, _folder, timing, TimeProvider.System), scoreboard);
    }

    private sealed class Run : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        private readonly TaskCompletionSource _allHealthy = new();

        public Run(Supervisor supervisor, Scoreboard scoreboard)
        {
            Scoreboard = scoreboard;
            Ended = supervisor.RunAsync(_allHealthy.SetResult, _stop.Token);
        }

        public Task Ended { get; }

        public Dictionary<string, ResourceState> State => Scoreboard.State.Resources.ToDictionary(r => r.Name);

        private Scoreboard Scoreboard { get; }

        public async Task UntilAsync(Func<Dictionary<string, ResourceState>, bool> condition)
        {
            while (!condition(State))
            {
                if (Ended.IsCompleted)
                    await Ended;
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }

        public Task UntilAllHealthyAsync() => _allHealthy.Task.WaitAsync(TestContext.Current.CancellationToken);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Ended;
            _stop.Dispose();
        }
    }
}
