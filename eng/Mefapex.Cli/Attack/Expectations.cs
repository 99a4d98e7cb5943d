using System.Collections.Frozen;

namespace Mefapex.Cli;

/// <summary>
/// Who may call what, written down a second time and for the attack suite alone: it must not learn from the server what
/// the server should do. What stands in no row is nobody's, and a finding.
/// </summary>
internal static class Expectations
{
    private static readonly string[] Everybody = ["member", "coordinator", "editor", "admin", "owner", "operator"];

    private static readonly FrozenDictionary<string, string[]?> Roles = new Dictionary<string, string[]?>(StringComparer.Ordinal)
    {
        ["open"] = null,
        ["people"] = Everybody,
        ["editors"] = ["editor", "admin", "owner", "operator"],
        ["admins"] = ["admin", "owner", "operator"],
        ["operator"] = ["operator"],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Methods, path ("*" is one segment, "**" any number), who, and what is special:
    //   own     rows of one person: colleagues do not get at them either
    //   empty   called with an empty body: a sound one would count as a failed sign-in or make an account
    //   word    what its path names is a word that everybody may use, and no row: only what is read there tells whose it is
    //   kept    what the attacked tenant reads there is the same afterwards, as it is where a path names a row
    //   spared  not called by those who may: it ends what the suite works with, or changes the whole installation
    private const string Rows = """
        GET                    /                                             open
        GET                    /openapi.json                                 open
        GET                    /docs/**                                      open
        GET                    /health                                       open
        GET                    /health/live                                  open
        GET                    /health/ready                                 open
        GET                    /api/v1/suggestions                           open
        POST                   /login                                        open      empty
        POST                   /api/v1/sign-in                               open      empty
        POST                   /api/v1/sign-in/second-factor                 open      empty
        POST                   /register                                     open      empty
        POST                   /logout                                       open      empty
        POST                   /api/auth/login                               open      empty
        POST                   /api/auth/register                            open      empty
        GET                    /api/auth/openid/start                        open
        GET                    /api/auth/openid/callback                     open
        POST                   /api/auth/refresh                             open      empty
        POST                   /api/auth/logout                              open      empty
        POST                   /api/v1/account/password-reset                open      empty
        POST                   /api/v1/account/password-reset/confirm        open      empty
        POST                   /chat                                         open
        POST                   /chat/public                                  open
        GET                    /me                                           people
        GET                    /api/auth/me                                  people
        GET                    /api/v1/account/sessions                      people
        DELETE                 /api/v1/account/sessions                      people    spared
        DELETE                 /api/v1/account/sessions/*                    people    own spared
        POST                   /api/v1/account/password                      people    empty
        GET,POST               /api/v1/account/second-factor                 people    empty
        POST                   /api/v1/account/second-factor/confirm         people    empty
        POST                   /api/v1/account/second-factor/recovery-codes  people    empty
        POST                   /api/v1/account/second-factor/disable         people    empty
        DELETE                 /api/v1/admin/users/*/second-factor           admins
        POST                   /chat/authenticated                           people
        POST                   /api/chat/message                             people
        GET,DELETE             /api/chat/history                             people
        POST                   /chat/sessions/save                           people
        GET                    /chat/sessions/*                              people    own
        GET                    /chat/sessions/*/messages                     people    own word
        GET,POST               /api/v1/conversations                         people
        GET,PUT,PATCH,POST,DELETE /api/v1/conversations/**                   people    own
        GET                    /ws                                           people
        GET                    /ws/*                                         people    own
        GET                    /api/v1/knowledge/documents/*                 people
        GET                    /api/v1/knowledge/documents/*/file            people
        GET                    /api/v1/knowledge/documents/*/versions/*/text people
        DELETE                 /api/v1/knowledge/calibration                 admins
        GET                    /api/v1/knowledge/calibration                 editors   kept
        GET                    /api/v1/knowledge/contact                     editors   kept
        GET                    /api/v1/knowledge/categories                  editors   kept
        GET                    /api/v1/knowledge/synonyms                    editors   kept
        POST                   /api/v1/knowledge/calibration/fit             admins
        GET,PUT,PATCH,POST,DELETE /api/v1/knowledge/**                       editors
        GET,PUT                /api/v1/admin/registration                    admins    kept
        GET,POST               /api/v1/admin/invitations                     admins
        DELETE                 /api/v1/admin/invitations/*                   admins
        GET                    /api/v1/admin/audit                           admins
        GET                    /api/v1/admin/audit/export                    admins
        GET                    /api/v1/admin/audit/verify                    admins
        GET                    /.well-known/jwks.json                        open
        GET                    /api/v1/admin/signing-keys                    operator
        POST                   /api/v1/admin/signing-keys/rotate             operator  spared
        GET                    /api/v1/account/export                        people
        POST                   /api/v1/account/erase                         people    empty spared
        POST                   /api/v1/privacy/receipts/verify               open
        GET                    /api/v1/admin/users/*/export                  admins
        POST                   /api/v1/admin/users/*/erase                   admins    spared
        GET                    /api/v1/admin/erasures                        admins
        GET                    /api/v1/admin/retention                       admins    kept
        PUT,DELETE             /api/v1/admin/retention/*                     admins    word
        GET                    /api/v1/admin/roles                           admins
        GET                    /api/v1/admin/groups                          admins
        PUT,DELETE             /api/v1/admin/groups/*                        admins
        GET                    /api/v1/admin/users                           admins
        GET                    /api/v1/admin/users/*                         admins
        PATCH                  /api/v1/admin/users/*                         admins    spared
        POST                   /api/v1/admin/users/*/password-reset          admins
        GET                    /api/v1/admin/users/*/sessions                admins
        DELETE                 /api/v1/admin/users/*/sessions                admins    spared
        DELETE                 /api/v1/admin/users/*/sessions/*              admins    spared
        GET,POST               /api/v1/admin/api-keys                        admins
        GET,DELETE             /api/v1/admin/api-keys/*                      admins
        POST                   /api/v1/admin/api-keys/*/rotate               admins
        GET,POST               /api/v1/admin/tenants                         operator
        GET,PATCH              /api/v1/admin/tenants/*                       operator
        GET,PUT                /api/v1/admin/tenants/*/quotas                operator
        GET                    /api/v1/admin/usage                           admins
        POST                   /api/v1/admin/permission-audits               operator
        GET                    /metrics                                      operator
        GET                    /hub/metrics                                  operator
        GET                    /stats                                        admins
        GET                    /system/memory                                admins
        GET                    /system/circuit-breaker-status                admins
        GET                    /admin/cache/stats                            admins
        GET                    /admin/cache/health                           admins
        POST                   /admin/cache/clear                            admins    spared
        POST                   /system/memory/cleanup                        admins    spared
        POST,DELETE            /system/force-fallback                        admins    spared
        GET                    /health/comprehensive                         open
        GET                    /api/health                                   open
        GET                    /api/health/database                          open
        GET                    /api/health/ai                                open
        GET                    /api/health/cache                             open
        GET                    /api/health/rate-limiter                      open
        """;

    /// <summary>What the old contract and the probes have beside the document: they are walked too, where they are there.</summary>
    private static readonly string[] Undescribed =
    [
        "GET /", "GET /openapi.json", "GET /docs/index.html", "GET /health/live", "GET /health/ready", "GET /metrics", "GET /hub/metrics",
        "GET /stats", "GET /system/memory", "GET /system/circuit-breaker-status", "GET /admin/cache/stats", "GET /admin/cache/health",
        "POST /admin/cache/clear", "POST /system/memory/cleanup", "POST /system/force-fallback",
    ];

    private static readonly Expectation[] Table =
        [.. Rows.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Read)];

    /// <returns>Null where the table has no row.</returns>
    public static Expectation? Of(ApiOperation operation) => Array.Find(Table, row => row.Covers(operation));

    /// <summary>The operations of a document, and those that it leaves out.</summary>
    public static IReadOnlyList<ApiOperation> Complete(IReadOnlyList<ApiOperation> described)
    {
        var names = described.Select(operation => operation.Name).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. described,
            .. from name in Undescribed
               where !names.Contains(name)
               let parts = name.Split(' ')
               select new ApiOperation(parts[0], parts[1], [], new Dictionary<string, ApiSchema>(StringComparer.Ordinal), NeedsToken: false),
        ];
    }

    private static Expectation Read(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new Expectation(words[0].Split(','), words[1].Split('/', StringSplitOptions.RemoveEmptyEntries), Roles[words[2]], words[3..]);
    }
}

/// <param name="Path">Its segments.</param>
/// <param name="Roles">Null for everybody, signed in or not.</param>
internal sealed record Expectation(string[] Methods, string[] Path, string[]? Roles, string[] Special)
{
    /// <summary>What nobody has thought of is nobody's.</summary>
    public static Expectation Nobody { get; } = new([], [], [], []);

    public bool IsOpen => Roles is null;

    /// <summary>Whether its rows belong to one person.</summary>
    public bool IsOwn => Special.Contains("own", StringComparer.Ordinal);

    public bool WantsEmptyBody => Special.Contains("empty", StringComparer.Ordinal);

    /// <summary>Whether its path names a word that everybody may use.</summary>
    public bool NamesWord => Special.Contains("word", StringComparer.Ordinal);

    /// <summary>Whether what is read there must be the same after the attack.</summary>
    public bool IsKept => Special.Contains("kept", StringComparer.Ordinal);

    public bool IsSpared => Special.Contains("spared", StringComparer.Ordinal);

    public bool Lets(string role) => Roles is null || Roles.Contains(role, StringComparer.Ordinal);

    public bool Covers(ApiOperation operation) =>
        Methods.Contains(operation.Method, StringComparer.Ordinal)
        && Matches(operation.Path.Split('/', StringSplitOptions.RemoveEmptyEntries), 0);

    private bool Matches(string[] path, int at)
    {
        if (at == Path.Length)
            return at == path.Length;
        if (Path[at] == "**")
            return true;
        // A word of a path is no value: "documents/*" says nothing about a path that has a word there.
        return at < path.Length && (Path[at] == path[at] || (Path[at] == "*" && path[at].StartsWith('{'))) && Matches(path, at + 1);
    }
}
