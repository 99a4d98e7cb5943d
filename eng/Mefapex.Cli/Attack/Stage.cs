using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mefapex.Cli;

/// <summary>
/// Two fresh tenants with people and rows of each kind. What the first one keeps carries a mark that nobody else may
/// ever see; the people of the second one are the attackers.
/// </summary>
internal sealed class Stage
{
    private static readonly string[] AttackingRoles = ["member", "coordinator", "editor", "admin", "owner"];

    private const string Tenants = "/api/v1/admin/tenants";

    private readonly Attacked _api;
    private readonly List<string> _tenants = [];
    private readonly Dictionary<Person, JsonElement> _owners = [];
    private readonly string _run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));

    private Stage(Attacked api, Person @operator)
    {
        _api = api;
        Operator = @operator;
        Victim = $"denetim-a-{_run}";
        Attacker = $"denetim-b-{_run}";
        Mark = $"SIR{_run.ToUpperInvariant()}";
        Owner = New("owner", Victim, "sahip");
        Author = New("member", Victim, "yazar");
        Colleague = New("member", Victim, "komsu");
        Attackers = [.. AttackingRoles.Select(role => New(role, Attacker, role))];
    }

    /// <summary>The slug of the tenant that is attacked.</summary>
    public string Victim { get; }

    /// <summary>The slug of the tenant that the attackers belong to.</summary>
    public string Attacker { get; }

    /// <summary>Stands in every row of <see cref="Victim"/>.</summary>
    public string Mark { get; }

    public Person Operator { get; }

    /// <summary>Owns <see cref="Victim"/>.</summary>
    public Person Owner { get; }

    /// <summary>Whose conversations and sessions are attacked.</summary>
    public Person Author { get; }

    /// <summary>Of the same tenant as <see cref="Author"/>.</summary>
    public Person Colleague { get; }

    /// <summary>One of each role.</summary>
    public IReadOnlyList<Person> Attackers { get; }

    /// <summary>A token whose session is over.</summary>
    public string EndedToken { get; private set; } = "";

    /// <summary>An API key of <see cref="Attacker"/> that may read documents and nothing else; null where there are no keys.</summary>
    public string? NarrowKey { get; private set; }

    public Person AttackerWho(string role) => Attackers.Single(person => person.Role == role);

    /// <param name="step">Told what is under way.</param>
    public static async Task<Stage> SetAsync(
        Attacked api,
        Person @operator,
        Action<string> step,
        CancellationToken cancellationToken)
    {
        var stage = new Stage(api, @operator);
        if (@operator.Token.Length == 0)
            await stage.SignInAsync(@operator, cancellationToken);
        foreach (var slug in (string[])[stage.Victim, stage.Attacker])
        {
            step($"creating the tenant {slug}");
            await stage.CreateTenantAsync(stage.OwnerOf(slug), slug, cancellationToken);
        }

        foreach (var person in (Person[])[stage.Owner, stage.Author, stage.Colleague, .. stage.Attackers])
        {
            step($"inviting {person}");
            await stage.InviteAsync(person, cancellationToken);
            await stage.SignInAsync(person, cancellationToken);
        }

        step("filling both tenants");
        await stage.FillAsync(stage.Owner, stage.Author, stage.Mark, cancellationToken);
        await stage.FillAsync(stage.AttackerWho("owner"), stage.AttackerWho("member"), "BENIM", cancellationToken);
        stage.EndedToken = await stage.EndedAsync(cancellationToken);
        stage.NarrowKey = await stage.KeyAsync(stage.AttackerWho("owner"), "BENIM", cancellationToken);
        await stage.KeyAsync(stage.Owner, stage.Mark, cancellationToken);
        return stage;
    }

    /// <summary>Erases the accounts, as far as the API lets them go, and suspends both tenants.</summary>
    public async Task CleanUpAsync(CancellationToken cancellationToken)
    {
        foreach (var person in (Person[])[Author, Colleague, .. Attackers, Owner])
        {
            await SignInAsync(person, cancellationToken);
            var password = new JsonObject { ["password"] = person.Password };
            await _api.SendAsync(new("POST", "/api/v1/account/erase", person.Token, password.ToJsonString()), cancellationToken);
        }

        foreach (var tenant in _tenants)
        {
            const string body = """{"suspended":true,"reason":"./mefapex audit-permissions"}""";
            await _api.SendAsync(new("PATCH", $"{Tenants}/{tenant}", Operator.Token, body), cancellationToken);
        }
    }

    /// <summary>Signs somebody in again, whose session the attack has ended.</summary>
    public async Task SignInAsync(Person person, CancellationToken cancellationToken) =>
        person.Token = await TokenAsync(person, cancellationToken);

    private static Person New(string role, string tenant, string name) => new(
        role, tenant, $"{name}-{tenant}", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));

    private Person OwnerOf(string slug) => slug == Victim ? Owner : AttackerWho("owner");

    /// <summary>Keeps the invitation of the first owner.</summary>
    private async Task CreateTenantAsync(Person owner, string slug, CancellationToken cancellationToken)
    {
        var wanted = new JsonObject { ["slug"] = slug, ["name"] = slug, ["locale"] = "tr", ["owner_email"] = $"{owner.Username}@example.com" };
        var made = await DoAsync(new("POST", Tenants, Operator.Token, wanted.ToJsonString()), cancellationToken);
        _tenants.Add(made.GetProperty("tenant").GetProperty("id").GetString()!);
        _owners[owner] = made.GetProperty("invitation");
    }

    private async Task InviteAsync(Person person, CancellationToken cancellationToken)
    {
        if (!_owners.TryGetValue(person, out var invitation))
        {
            invitation = await DoAsync(
                new("POST", "/api/v1/admin/invitations", Operator.Token, $$"""{"roles":["{{person.Role}}"]}""", person.Tenant), cancellationToken);
        }

        var account = new JsonObject
        {
            ["username"] = person.Username,
            ["email"] = $"{person.Username}@example.com",
            ["full_name"] = person.Tenant == Victim ? $"Kişi {Mark}" : "Kişi",
            ["password"] = person.Password,
            ["invitation"] = invitation.GetProperty("token").GetString(),
        };
        await DoAsync(new("POST", "/register", Token: null, account.ToJsonString(), person.Tenant), cancellationToken);
    }

    /// <summary>Rows of each kind, as the people of the tenant make them.</summary>
    private async Task FillAsync(Person owner, Person member, string mark, CancellationToken cancellationToken)
    {
        const string knowledge = "/api/v1/knowledge";
        var id = $"{mark.ToLowerInvariant()}-kayit";
        var entry = new JsonObject
        {
            ["id"] = id,
            ["category"] = $"{mark} sınıfı",
            ["owner"] = $"{mark} birimi",
            ["valid_from"] = "2026-01-01",
            ["audience"] = new JsonArray("role:member"),
            ["texts"] = new JsonObject
            {
                ["tr"] = new JsonObject
                {
                    ["title"] = $"{mark} kasası",
                    ["questions"] = new JsonArray($"{mark} kasası nerede?"),
                    ["answer"] = $"{mark} kasası bodrumda durur.",
                },
            },
        };
        await DoAsync(new("POST", $"{knowledge}/entries", owner.Token, entry.ToJsonString()), cancellationToken);
        await DoAsync(new("POST", $"{knowledge}/entries/{id}/review", owner.Token), cancellationToken);
        await DoAsync(new("POST", $"{knowledge}/entries/{id}/publish", owner.Token), cancellationToken);
        entry["id"] = $"{id}-taslak";
        entry["texts"]!["tr"]!["title"] = $"{mark} taslağı";
        entry["texts"]!["tr"]!["questions"] = new JsonArray($"{mark} taslağı ne der?");
        await DoAsync(new("POST", $"{knowledge}/entries", owner.Token, entry.ToJsonString()), cancellationToken);
        await DoAsync(new("POST", $"{knowledge}/synonyms", owner.Token, $$"""{"terms":["{{mark}}bir","{{mark}}iki"]}"""), cancellationToken);
        await DoAsync(
            new("POST", $"{knowledge}/labels", owner.Token, $$"""{"question":"{{mark}} kasası hangi katta?","language":"tr","expected":["{{id}}"]}"""),
            cancellationToken);
        var document = await DoAsync(
            new("POST", $"{knowledge}/documents", owner.Token, Form: Document($"{mark} belgesi: kasanın anahtarı müdürdedir.", mark)), cancellationToken);
        await DoAsync(
            new("POST", "/api/v1/admin/invitations", owner.Token, $$"""{"email":"{{mark.ToLowerInvariant()}}@example.com","roles":["member"]}"""),
            cancellationToken);

        var answer = await DoAsync(
            new("POST", "/chat/authenticated", member.Token, $$"""{"message":"{{mark}} marsta kaç uydu döner?"}"""), cancellationToken);
        await DoAsync(
            new(
                "PUT",
                $"/api/v1/conversations/{answer.GetProperty("session_id").GetString()}/messages/{answer.GetProperty("message_id").GetString()}/feedback",
                member.Token,
                $$"""{"helpful":false,"reason":"wrong","comment":"{{mark}} yanlış"}"""),
            cancellationToken);
        await IngestedAsync(new("GET", $"{knowledge}/documents/{document.GetProperty("id").GetString()}", owner.Token), cancellationToken);
    }

    /// <summary>Waits until a document has been taken in, so that it does not change while it is attacked.</summary>
    private async Task IngestedAsync(Probe probe, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < 300; tries++)
        {
            if ((await DoAsync(probe, cancellationToken)).GetProperty("status").GetString() is "live" or "failed")
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        }

        throw new SetupException("A document was not taken in within half a minute.", "Look at the API's log, and run it again.");
    }

    private async Task<string> EndedAsync(CancellationToken cancellationToken)
    {
        var token = await TokenAsync(Author, cancellationToken);
        await DoAsync(new("POST", "/logout", token, "{}"), cancellationToken);
        return token;
    }

    private async Task<string?> KeyAsync(Person owner, string mark, CancellationToken cancellationToken)
    {
        var probe = new Probe("POST", "/api/v1/admin/api-keys", owner.Token, $$"""{"name":"{{mark}} anahtarı","scopes":["documents:read"]}""");
        var reply = await _api.SendAsync(probe, cancellationToken);
        return reply.Status == 404 ? null : Success(probe, reply).GetProperty("secret").GetString();
    }

    private async Task<string> TokenAsync(Person person, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["username"] = person.Username, ["password"] = person.Password };
        var probe = new Probe("POST", "/login", Token: null, body.ToJsonString());
        var reply = await _api.SendAsync(probe, cancellationToken);
        if (reply.Status == 401)
        {
            throw new SetupException(
                $"{_api.Http.BaseAddress} does not let '{person.Username}' in with that password.",
                "Give --user and --password of the platform's operator, or a token in the variable MEFAPEX_TOKEN.");
        }

        return Success(probe, reply).GetProperty("access_token").GetString()!;
    }

    private async Task<JsonElement> DoAsync(Probe probe, CancellationToken cancellationToken) =>
        Success(probe, await _api.SendAsync(probe, cancellationToken));

    private static JsonElement Success(Probe probe, Reply reply)
    {
        if (!reply.IsSuccess)
            throw StageFailure.Of(probe, reply);
        if (reply.Body.Length == 0)
            return default;
        using var body = JsonDocument.Parse(reply.Body);
        return body.RootElement.Clone();
    }

    private static MultipartFormDataContent Document(string text, string mark)
    {
        var file = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        file.Headers.ContentType = new("text/plain");
        return new MultipartFormDataContent
        {
            { file, "file", string.Create(CultureInfo.InvariantCulture, $"{mark}.txt") },
            { new StringContent($"{mark} belgesi"), "title" },
            { new StringContent("role:editor"), "audience" },
        };
    }
}
