using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Mefapex.Cli;

/// <summary>An answer that should not have been.</summary>
/// <param name="Who">Who asked, and how.</param>
/// <param name="Said">The beginning of the answer.</param>
internal sealed record Finding(string Operation, string Who, string What, string Said);

/// <summary>What the walk found.</summary>
/// <param name="Operations">How many there are.</param>
/// <param name="Walked">How many were walked.</param>
/// <param name="WithRows">Of those that name a row in their path, how many were tried with one that is there.</param>
/// <param name="NamingRows">How many name a row in their path.</param>
internal sealed record WalkResult(
    int Operations, int Walked, int NamingRows, int WithRows, int Requests, IReadOnlyList<Finding> Findings);

/// <summary>
/// Calls every operation as everybody who is there, and with everything that a stranger could get hold of or make up.
/// </summary>
/// <param name="expired">Tokens that were good once; they can be made only where the signing key is known.</param>
/// <param name="report">Told how many operations are done.</param>
internal sealed class PermissionWalk(Attacked api, Stage stage, IReadOnlyList<string> expired, Action<int, int> report) : IDisposable
{
    private const int AtOnce = 4;
    private const int Shown = 160;

    /// <summary>What is tried in a cookie too; the rest is told apart only after both ways have met.</summary>
    private static readonly string[] AsCookies = ["wrongly signed", "alg: none", "of a session that is over"];

    private readonly ConcurrentQueue<Finding> _findings = [];
    private readonly SemaphoreSlim _signingIn = new(1);
    private readonly RowFinder _ownersRows = new(api, stage.Owner);
    private readonly RowFinder _authorsRows = new(api, stage.Author);
    private readonly RowFinder _attackersRows = new(api, stage.AttackerWho("owner"));
    private readonly RowFinder _attackersOwnRows = new(api, stage.AttackerWho("member"));
    private IReadOnlyList<(string Kind, string Token)> _forged = [];
    private string _author = "";
    private int _walked;
    private int _namingRows;
    private int _withRows;

    /// <summary>Whether only rows of others are tried, and neither tokens nor roles: what tells how well tenants are kept apart.</summary>
    public bool OnlyRowsOfOthers { get; init; }

    /// <param name="described">The operations of the API's description.</param>
    public async Task<WalkResult> RunAsync(IReadOnlyList<ApiOperation> described, CancellationToken cancellationToken)
    {
        var operations = Expectations.Complete(described);
        var keySet = await api.SendAsync(new("GET", "/.well-known/jwks.json", Token: null), cancellationToken);
        _forged =
        [
            ("no bearer", ""),
            .. ForgedTokens.Of(stage.Owner.Token, keySet.IsSuccess ? keySet.Body : null),
            .. expired.Select(token => ("expired", token)),
            ("of a session that is over", stage.EndedToken),
        ];
        var me = await api.SendAsync(new("GET", "/me", stage.Author.Token), cancellationToken);
        _author = JsonNode.Parse(me.Body)!["user_id"]!.ToString();
        foreach (var rows in (RowFinder[])[_ownersRows, _authorsRows])
        {
            rows.Know("user_id", _author);
            rows.Know("username", stage.Author.Username);
            rows.Know("assigned", stage.Author.Username);
            rows.Know("q", stage.Mark[..3]);
        }

        if (await _authorsRows.FillAsync("/api/v1/conversations/{id}/messages/{messageId}", cancellationToken) is { } message)
        {
            _authorsRows.Know("session_id", message.Split('/')[4]);
            foreach (var field in (string[])["session_id", "sessionId"])
                _ownersRows.Know(field, message.Split('/')[4]);
            _ownersRows.Know("message_id", message.Split('/')[^1]);
        }

        var before = await SnapshotAsync(operations, cancellationToken);
        await Parallel.ForEachAsync(
            operations,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (operation, stop) =>
            {
                await WalkAsync(operation, stop);
                report(Interlocked.Increment(ref _walked), operations.Count);
            });
        if (!OnlyRowsOfOthers)
            await WalkSocketAsync(cancellationToken);
        await CompareAsync(before, cancellationToken);
        await StillSignedInAsync(cancellationToken);
        return new WalkResult(operations.Count, _walked, _namingRows, _withRows, api.Sent, [.. _findings.OrderBy(f => f.Operation, StringComparer.Ordinal)]);
    }

    public void Dispose() => _signingIn.Dispose();

    private async Task WalkAsync(ApiOperation operation, CancellationToken cancellationToken)
    {
        var expected = Expectations.Of(operation);
        if (expected is null)
            Report(operation, "nobody", "is not in the table of expectations (Expectations.cs)", "");
        expected ??= Expectation.Nobody;

        var theirs = await _ownersRows.FillAsync(operation.Path, cancellationToken)
            ?? await _authorsRows.FillAsync(operation.Path, cancellationToken);
        var own = await _attackersRows.FillAsync(operation.Path, cancellationToken)
            ?? await _attackersOwnRows.FillAsync(operation.Path, cancellationToken);
        var names = operation.Path.Contains('{', StringComparison.Ordinal);
        if (names)
        {
            Interlocked.Increment(ref _namingRows);
            if (theirs is not null)
                Interlocked.Increment(ref _withRows);
        }

        var unknown = Unknown(operation.Path);
        if (!OnlyRowsOfOthers)
        {
            await WithoutRightsAsync(operation, expected, theirs ?? unknown, cancellationToken);
            foreach (var person in stage.Attackers)
                await AsAsync(person, operation, expected, own ?? unknown, cancellationToken);
            if (operation.Method == "GET" && !expected.IsSpared)
                await AsOperatorAsync(operation, expected, own ?? unknown, cancellationToken);
            if (stage.NarrowKey is { } key)
                await ByKeyAsync(key, operation, expected, own ?? unknown, theirs, cancellationToken);
        }

        foreach (var person in stage.Attackers)
            await AtOthersAsync(person, operation, expected, names ? theirs ?? unknown : null, cancellationToken);
        if (expected.IsOwn && await _authorsRows.FillAsync(operation.Path, cancellationToken) is { } authors)
            await AmongColleaguesAsync(operation, expected, authors, cancellationToken);
    }

    /// <summary>Nobody, and tokens that are none.</summary>
    private async Task WithoutRightsAsync(ApiOperation operation, Expectation expected, string path, CancellationToken cancellationToken)
    {
        foreach (var (kind, token) in _forged)
        {
            var bearer = kind == "no bearer" ? null : token;
            var reply = await SendAsync(operation, expected, path, bearer, stage.Victim, cancellationToken);
            await JudgeAsync(operation, $"nobody, {kind}", reply, refused: !expected.IsOpen, cancellationToken);
            if (bearer is null || expected.IsOpen || !AsCookies.Contains(kind, StringComparer.Ordinal))
                continue;
            var cookie = await api.SendAsync(
                Probe(operation, expected, path, token: null, stage.Victim, naming: true) with { Cookie = $"access_token={token}" }, cancellationToken);
            // A changing request by cookie from nowhere may be refused as one of another site before its token is looked at.
            await JudgeAsync(operation, $"nobody, {kind}, as a cookie", cookie, refused: true, cancellationToken, orForbidden: true);
        }
    }

    /// <summary>A role at work on what is its own tenant's.</summary>
    private async Task AsAsync(
        Person person, ApiOperation operation, Expectation expected, string path, CancellationToken cancellationToken)
    {
        var lets = expected.Lets(person.Role);
        if (lets && expected.IsSpared)
            return;
        var reply = await SendAsAsync(person, operation, expected, path, tenant: null, naming: false, cancellationToken);
        if (!lets && reply.Status is not (403 or 404 or 405))
            Report(operation, person.ToString(), Answered(reply, "403 or 404"), reply.Body);
        else if (lets && (reply.IsSignedOut || reply.IsForbidden))
            Report(operation, person.ToString(), Answered(reply, "something else than a refusal: this role may"), reply.Body);
        Common(operation, person.ToString(), reply);
    }

    private async Task AsOperatorAsync(ApiOperation operation, Expectation expected, string path, CancellationToken cancellationToken)
    {
        var reply = await SendAsync(operation, expected, path, stage.Operator.Token, stage.Attacker, cancellationToken);
        if (reply.IsSignedOut || (reply.IsForbidden && expected.Lets("operator")))
            Report(operation, "operator", Answered(reply, "something else than a refusal: this role may"), reply.Body);
        Common(operation, "operator", reply);
    }

    /// <summary>A key that may read documents, at everything else and at documents of the other tenant.</summary>
    private async Task ByKeyAsync(
        string key, ApiOperation operation, Expectation expected, string own, string? theirs, CancellationToken cancellationToken)
    {
        const string who = "API key that may read documents";
        var may = operation.Method == "GET" && operation.Path.StartsWith("/api/v1/knowledge/documents/{", StringComparison.Ordinal);
        var reply = await SendAsync(operation, expected, own, key, tenant: null, cancellationToken);
        if (!may && !expected.IsOpen && reply.Status is not (401 or 403 or 404 or 405))
            Report(operation, who, Answered(reply, "401 or 403"), reply.Body);
        Common(operation, who, reply);
        if (!may || theirs is null)
            return;
        var others = await SendAsync(operation, expected, theirs, key, stage.Victim, cancellationToken);
        if (others.Status < 400)
            Report(operation, $"{who}, with ids of {stage.Victim}", Answered(others, "404"), others.Body);
        Common(operation, who, others);
    }

    /// <summary>
    /// A role that names rows of the other tenant in path, body and query; once more with its header, at which some
    /// operations stop before they look at the rows.
    /// </summary>
    private async Task AtOthersAsync(
        Person person, ApiOperation operation, Expectation expected, string? path, CancellationToken cancellationToken)
    {
        var lets = expected.Lets(person.Role);
        if (lets && expected.IsSpared && path is null)
            return;
        foreach (var tenant in (string?[])[null, stage.Victim])
        {
            var reply = await SendAsAsync(person, operation, expected, path ?? operation.Path, tenant, naming: true, cancellationToken);
            var who = $"{person} with ids {(tenant is null ? "" : "and header ")}of {stage.Victim}";
            if (path is not null && !expected.IsOpen && !expected.NamesWord && (reply.Status < 400 || reply.IsSignedOut))
                Report(operation, who, Answered(reply, "404"), reply.Body);
            Common(operation, who, reply);
        }
    }

    /// <summary>People of the same tenant at the rows of one of them.</summary>
    private async Task AmongColleaguesAsync(
        ApiOperation operation, Expectation expected, string path, CancellationToken cancellationToken)
    {
        foreach (var person in (Person[])[stage.Colleague, stage.Owner])
        {
            var reply = await SendAsAsync(person, operation, expected, path, tenant: null, naming: false, cancellationToken);
            if (reply.Status < 400)
                Report(operation, $"{person} with ids of a colleague", Answered(reply, "404"), reply.Body);
            if (reply.Status >= 500)
                Report(operation, person.ToString(), Answered(reply, "no failure"), reply.Body);
        }
    }

    private async Task<Reply> SendAsAsync(
        Person person,
        ApiOperation operation,
        Expectation expected,
        string path,
        string? tenant,
        bool naming,
        CancellationToken cancellationToken)
    {
        var token = person.Token;
        var reply = await api.SendAsync(Probe(operation, expected, path, token, tenant, naming), cancellationToken);
        if (reply.Status != 401 || !reply.Body.Contains("problem:session-ended", StringComparison.Ordinal))
            return reply;

        // Another operation has ended the session, as it should: this one is asked again.
        await _signingIn.WaitAsync(cancellationToken);
        try
        {
            if (person.Token == token)
                await stage.SignInAsync(person, cancellationToken);
        }
        finally
        {
            _signingIn.Release();
        }

        return await api.SendAsync(Probe(operation, expected, path, person.Token, tenant, naming), cancellationToken);
    }

    private Task<Reply> SendAsync(
        ApiOperation operation, Expectation expected, string path, string? token, string? tenant, CancellationToken cancellationToken) =>
        api.SendAsync(Probe(operation, expected, path, token, tenant, tenant is not null), cancellationToken);

    /// <param name="naming">Whether body and query name rows of the tenant that is attacked.</param>
    private Probe Probe(ApiOperation operation, Expectation expected, string path, string? token, string? tenant, bool naming)
    {
        var known = naming ? _ownersRows.Known : new Dictionary<string, string>();
        var query = operation.Parameters.Where(p => p.In == "query" && known.ContainsKey(p.Name))
            .Select(p => $"{p.Name}={Uri.EscapeDataString(known[p.Name])}");
        var address = operation.Method == "GET" && query.Any() ? $"{path}?{string.Join('&', query)}" : path;
        if (operation.JsonBody is { } schema)
            return new(operation.Method, address, token, expected.WantsEmptyBody ? "{}" : Body(schema, known), tenant);
        return operation.Bodies.Keys.FirstOrDefault() is { } type && type.StartsWith("text/", StringComparison.Ordinal)
            ? new(operation.Method, address, token, "tenant\tlang\tquestion\texpected\tkind\n", tenant, BodyType: type)
            : new(operation.Method, address, token, Tenant: tenant);
    }

    /// <summary>A sound body, with what is known of the other tenant in the fields that name rows.</summary>
    private string Body(ApiSchema schema, IReadOnlyDictionary<string, string> known)
    {
        var body = SampleBody.Of(schema, known: known)?.ToJsonString() ?? "{}";
        return body.Replace("Yıllık izin nasıl alınır?", $"{stage.Mark[..3]} kasası nerede?", StringComparison.Ordinal);
    }

    private async Task JudgeAsync(
        ApiOperation operation, string who, Reply reply, bool refused, CancellationToken cancellationToken, bool orForbidden = false)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (refused && reply.Status != 401 && !(orForbidden && reply.Status == 403) && !await IsAbsentAsync(operation, reply, cancellationToken))
            Report(operation, who, Answered(reply, "401"), reply.Body);
        Common(operation, who, reply);
    }

    /// <summary>Whether there is no such operation in this installation: then the one who may do everything does not find it either.</summary>
    private async Task<bool> IsAbsentAsync(ApiOperation operation, Reply reply, CancellationToken cancellationToken) =>
        reply.Status is 404 or 405
        && !operation.Path.Contains('{', StringComparison.Ordinal)
        && (await api.SendAsync(new(operation.Method == "GET" ? "GET" : "HEAD", operation.Path, stage.Operator.Token), cancellationToken)).Status is 404 or 405;

    /// <summary>What nobody may be answered, whoever they are: a failure, or what is marked as another's.</summary>
    private void Common(ApiOperation operation, string who, Reply reply)
    {
        if (reply.Status >= 500)
            Report(operation, who, Answered(reply, "no failure"), reply.Body);
        if (reply.Body.Contains(stage.Mark, StringComparison.OrdinalIgnoreCase) && !(reply.Status >= 400 && reply.WasAskedFor(stage.Mark)))
            Report(operation, who, Answered(reply, $"nothing of {stage.Victim}"), reply.Body);
    }

    /// <summary>What the owners of the rows see in them.</summary>
    private async Task<Dictionary<string, Reply>> SnapshotAsync(IReadOnlyList<ApiOperation> operations, CancellationToken cancellationToken)
    {
        var seen = new Dictionary<string, Reply>(StringComparer.Ordinal);
        foreach (var operation in operations.Where(o => o.Method == "GET"))
        {
            if (!operation.Path.Contains('{', StringComparison.Ordinal) && Expectations.Of(operation) is not { IsKept: true })
                continue;
            foreach (var (rows, person) in new[] { (_ownersRows, stage.Owner), (_authorsRows, stage.Author) })
            {
                if (await rows.FillAsync(operation.Path, cancellationToken) is not { } path || Expectations.Of(operation) is not { IsSpared: false })
                    continue;
                var reply = await api.SendAsync(new("GET", path, person.Token), cancellationToken);
                if (reply.IsSuccess)
                    seen[$"{person.Username} {path}"] = reply;
            }
        }

        return seen;
    }

    /// <summary>Whether the attacked rows are still what they were: an answer of 404 does not tell that nothing was done.</summary>
    private async Task CompareAsync(Dictionary<string, Reply> before, CancellationToken cancellationToken)
    {
        foreach (var (key, was) in before)
        {
            var (username, path) = (key.Split(' ')[0], key.Split(' ')[1]);
            var person = username == stage.Owner.Username ? stage.Owner : stage.Author;
            var now = await api.SendAsync(new("GET", path, person.Token), cancellationToken);
            // An export says when it was made.
            if (now != was && !path.EndsWith("/export", StringComparison.Ordinal))
                _findings.Enqueue(new Finding($"GET {path}", "the attack", "has changed a row that is not its own", Cut(now.Body)));
        }
    }

    private async Task StillSignedInAsync(CancellationToken cancellationToken)
    {
        foreach (var person in (Person[])[stage.Author, stage.Owner, stage.Colleague])
        {
            var reply = await api.SendAsync(new("GET", "/me", person.Token), cancellationToken);
            if (!reply.IsSuccess)
                _findings.Enqueue(new Finding("GET /me", person.ToString(), "was signed out by the attack", Cut(reply.Body)));
        }
    }

    /// <summary>The socket of the old contract, which the description leaves out.</summary>
    private async Task WalkSocketAsync(CancellationToken cancellationToken)
    {
        var socket = new ApiOperation("GET", "/ws", [], new Dictionary<string, ApiSchema>(StringComparer.Ordinal), NeedsToken: true);
        foreach (var (kind, token) in _forged)
        {
            foreach (var header in (bool[])[true, false])
            {
                var (status, said) = await ConnectAsync("/ws", token, header, ask: null, cancellationToken);
                if (status != 401)
                    Report(socket, $"nobody, {kind}", string.Create(CultureInfo.InvariantCulture, $"was answered {status}, expected 401"), said);
            }
        }

        foreach (var person in (Person[])[stage.Colleague, .. stage.Attackers])
        {
            var (status, said) = await ConnectAsync($"/ws/{_author}", person.Token, header: true, ask: null, cancellationToken);
            if (status is not (401 or 403 or 404))
                Report(socket, $"{person} under the id of another", string.Create(CultureInfo.InvariantCulture, $"was answered {status}, expected 403"), said);
        }

        if (await _authorsRows.FillAsync("/api/v1/conversations/{id}", cancellationToken) is { } conversation)
        {
            var path = $"/ws?session_id={conversation.Split('/')[^1]}";
            foreach (var person in (Person[])[stage.Colleague, .. stage.Attackers])
            {
                var (_, said) = await ConnectAsync(path, person.Token, header: true, """{"type":"get_history","limit":50}""", cancellationToken);
                if (said.Contains(stage.Mark, StringComparison.Ordinal))
                    Report(socket, $"{person} with a conversation of another", "was told what is not theirs", said);
            }
        }
    }

    /// <returns>101 and what was said, or the status that it was refused with.</returns>
    private async Task<(int Status, string Said)> ConnectAsync(
        string path, string token, bool header, string? ask, CancellationToken cancellationToken)
    {
        var address = new UriBuilder(new Uri(api.Http.BaseAddress!, path));
        address.Scheme = address.Scheme == "https" ? "wss" : "ws";
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (header)
            socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        else
            address.Query = $"token={Uri.EscapeDataString(token)}";
        try
        {
            await socket.ConnectAsync(address.Uri, cancellationToken);
        }
        catch (WebSocketException)
        {
            return ((int)socket.HttpStatusCode, "");
        }

        var said = new StringBuilder();
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(TimeSpan.FromSeconds(1));
        try
        {
            if (ask is not null)
                await socket.SendAsync(Encoding.UTF8.GetBytes(ask), WebSocketMessageType.Text, endOfMessage: true, time.Token);
            var buffer = new byte[16_384];
            while (socket.State == WebSocketState.Open && !said.ToString().Contains("\"history\"", StringComparison.Ordinal))
            {
                var part = await socket.ReceiveAsync(buffer, time.Token);
                said.Append(Encoding.UTF8.GetString(buffer, 0, part.Count));
                if (ask is null)
                    break;
            }
        }
        catch (Exception e) when (e is WebSocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // It says nothing more.
        }

        return (101, said.ToString());
    }

    private void Report(ApiOperation operation, string who, string what, string said) =>
        _findings.Enqueue(new Finding(operation.Name, who, what, Cut(said)));

    private static string Answered(Reply reply, string expected) =>
        string.Create(CultureInfo.InvariantCulture, $"was answered {reply.Status}, expected {expected}");

    private static string Cut(string text) => text.Length <= Shown ? text : text[..Shown] + "…";

    private static string Unknown(string path) => string.Join(
        '/', path.Split('/').Select(segment => !segment.StartsWith('{') ? segment : segment == "{version}" ? "1" : Guid.NewGuid().ToString()));
}
