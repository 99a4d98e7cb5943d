using System.Diagnostics;
using System.Text.Json;

namespace Mefapex.Cli;

internal static class AuditPermissionsCommand
{
    public static readonly Command AuditPermissions = new(
        "audit-permissions",
        "[--json FILE]",
        "attacks the API as everybody it knows and reports what should not have been answered",
        """
        Makes two tenants with people of every role and rows of each kind, then calls every operation of
        /openapi.json, the socket and what the old contract has beside it: as each role, with the rows of
        the other tenant in path, query, body and header, with those of a colleague, without a token, and
        with tokens that are expired, forged, unsigned, of an ended session or signed with a key that is
        none. What should be answered stands in a table of its own (eng/Mefapex.Cli/Attack); an operation
        that is missing there is reported too. Rows are read again afterwards: nothing may have changed.

          --json FILE              all figures and findings
          --api URL                another API than the one of this clone
          --user, --password       of the platform's operator, or MEFAPEX_TOKEN; else the demo operator
          --yes                    do it although the API is not a development system on this machine

        It keeps to the limits of requests, so that it takes some minutes. The result is kept in the
        installation and shown in its comprehensive health. The accounts that were made are erased again;
        the two tenants stay, suspended, with an owner each who cannot be erased.
        Ends with 0 when nothing was found, with 1 when something was, with 2 when an option is wrong.
        """,
        RunAsync);

    private static async Task<int> RunAsync(CommandContext context, Arguments arguments, CancellationToken cancellationToken)
    {
        var options = AuditOptions.Take(arguments);
        if (options.Api is { } api)
            return await RunAsync(api, options, cancellationToken);

        await using var system = await RunningSystem.FindOrStartAsync(context, cancellationToken);
        return await RunAsync(system.Api, options, cancellationToken);
    }

    private static async Task<int> RunAsync(Uri address, AuditOptions options, CancellationToken cancellationToken)
    {
        if (!options.Yes && !(address.IsLoopback && options.IsDemo))
        {
            throw SetupException.Usage(
                $"This makes two tenants and eight accounts at {address}, sends some thousand requests, and leaves the two tenants there, suspended.",
                "Say --yes if that is what you want.");
        }

        // Cookies of one person must not be sent as another's, and a redirect is an answer.
        using var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false };
        using var http = new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(1) };
        var attacked = new Attacked(http);
        var progress = Terminal.Standard(Console.Error, Console.IsErrorRedirected);
        var at = TimeProvider.System.GetUtcNow();
        var begin = Stopwatch.GetTimestamp();
        var operations = ApiDescription.Read(await DescriptionAsync(http, cancellationToken));

        var @operator = new Person("operator", tenant: null, options.User, options.Password) { Token = options.Token ?? "" };
        Stage stage;
        using (var step = progress.Begin("Making two tenants"))
            stage = await Stage.SetAsync(attacked, @operator, step.Progress, cancellationToken);
        WalkResult result;
        using (var step = progress.Begin("Attacking"))
        {
            using var walk = new PermissionWalk(attacked, stage, expired: [], (done, of) => step.Progress($"{done} of {of} operations"));
            result = await walk.RunAsync(operations, cancellationToken);
        }

        var took = Stopwatch.GetElapsedTime(begin);
        using (progress.Begin("Cleaning up"))
            await stage.CleanUpAsync(cancellationToken);
        Console.Out.Write(AuditReport.Render(result, took));
        Console.Out.WriteLine($"\nThe tenants {stage.Victim} and {stage.Attacker} stay, suspended, with the entries that were made in them.");
        if (options.Json is { } file)
            AtomicFile.Write(Path.GetFullPath(file), AuditReport.ToJson(result, address, at, took));
        await KeepAsync(attacked, @operator, result, cancellationToken);
        return result.Findings.Count == 0 && result.Walked == result.Operations ? 0 : 1;
    }

    private static async Task<string> DescriptionAsync(HttpClient http, CancellationToken cancellationToken)
    {
        try
        {
            return await http.GetStringAsync(new Uri("/openapi.json", UriKind.Relative), cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new SetupException(
                $"{http.BaseAddress}openapi.json: {exception.Message}", "See ./mefapex status, or name a Mefapex API with --api.", exception);
        }
    }

    /// <summary>For the installation's own health.</summary>
    private static async Task KeepAsync(Attacked attacked, Person @operator, WalkResult result, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.Serialize(new
        {
            operations = result.Operations,
            walked = result.Walked,
            requests = result.Requests,
            findings = result.Findings.Count,
        });
        var reply = await attacked.SendAsync(new("POST", "/api/v1/admin/permission-audits", @operator.Token, body), cancellationToken);
        if (!reply.IsSuccess)
            Console.Out.WriteLine($"The installation did not keep the result: it answered {reply.Status}.");
    }
}

/// <summary>The options of <c>audit-permissions</c>.</summary>
internal sealed record AuditOptions(string? Json, Uri? Api, string User, string Password, string? Token, bool IsDemo, bool Yes)
{
    /// <summary>An account of a development system; elsewhere it does not exist.</summary>
    private const string DemoUser = "operator";
    private const string DemoPassword = "1234";

    public static AuditOptions Take(Arguments arguments)
    {
        var user = arguments.TakeOption("--user");
        var token = Environment.GetEnvironmentVariable("MEFAPEX_TOKEN") is { Length: > 0 } given ? given : null;
        var options = new AuditOptions(
            arguments.TakeOption("--json"),
            arguments.TakeOption("--api") is { } api ? Url(api) : null,
            user ?? DemoUser,
            arguments.TakeOption("--password") ?? Environment.GetEnvironmentVariable("DEMO_PASSWORD") ?? DemoPassword,
            token,
            IsDemo: user is null && token is null,
            arguments.TakeFlag("--yes"));
        arguments.Finish("audit-permissions");
        return options;
    }

    private static Uri Url(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw SetupException.Usage(
                $"--api takes an address such as http://localhost:8000, not '{value}'.", "See ./mefapex help audit-permissions.");
}
