using System.Net;
using Mefapex.Api.Accounts;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Keys;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Keys;

/// <summary>A tenant's keys, in the hands of its admins.</summary>
internal static class KeyEndpoints
{
    private const string Path = "/api/v1/admin/api-keys";
    private const string KeyOrToken = "KeyOrToken";
    private const int MaxPage = 100;
    private const int MaxName = 100;
    private const int MaxNetworks = 20;
    private const int MaxYears = 10;
    private const int MaxOverlapHours = 30 * 24;
    private const double UsualOverlapHours = 24;

    /// <summary>Comes after the checks of tokens: a key and a token are told apart by how they look.</summary>
    public static WebApplicationBuilder AddKeys(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<KeyDirectory>();
        builder.Services.AddSingleton<KeyNews>();
        builder.Services.AddHostedService(services => services.GetRequiredService<KeyNews>());
        builder.Services.AddSingleton<KeyGuesses>();
        builder.Services.AddSingleton<KeyUses>();
        builder.Services.AddHostedService(services => services.GetRequiredService<KeyUses>());
        builder.Services.ConfigureAll<OpenApiOptions>(options => options
            .AddDocumentTransformer(KeyMetadata.DescribeAsync).AddOperationTransformer(KeyMetadata.DescribeAsync));
        builder.Services.AddAuthentication(KeyOrToken)
            .AddPolicyScheme(KeyOrToken, displayName: null, options => options.ForwardDefaultSelector = http =>
                ShownKey.In(http.Request) is null ? JwtBearerDefaults.AuthenticationScheme : ApiKeyHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, configureOptions: null);
        return builder;
    }

    public static void UseKeys(this WebApplication app) => app.UseMiddleware<KeyGate>();

    public static void MapKeys(this IEndpointRouteBuilder endpoints)
    {
        var keys = endpoints.MapGroup(Path).WithTags("API keys").Requires(Policies.Keys).NeedsDatabase().ForTenant();
        keys.MapGet("", ListAsync);
        keys.MapPost("", CreateAsync);
        keys.MapGet("/{id:guid}", ReadAsync);
        keys.MapPost("/{id:guid}/rotate", RotateAsync);
        keys.MapDelete("/{id:guid}", RevokeAsync);
    }

    private static async Task<Results<Ok<Page<ApiKeyInfo>>, ProblemHttpResult>> ListAsync(
        RequestTenant tenant,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 20)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        var now = time.GetUtcNow();
        return db.ApiKeys.Where(k => k.TenantId == tenant.Id).NewestFirst(cursor, k => new(k.CreatedAt, k.Id)) is { } keys
            ? TypedResults.Ok(await keys.ToPageAsync(
                limit, k => new Cursor(k.CreatedAt, k.Id), k => k.ToWire(now), cancellationToken))
            : Problems.CursorInvalid();
    }

    private static async Task<Results<Ok<ApiKeyInfo>, ProblemHttpResult>> ReadAsync(
        Guid id,
        RequestTenant tenant,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken) =>
        await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Id == id && k.TenantId == tenant.Id, cancellationToken) is { } key
            ? TypedResults.Ok(key.ToWire(time.GetUtcNow()))
            : KeyProblems.NotFound();

    private static async Task<Results<Created<ApiKeyInfo>, ProblemHttpResult>> CreateAsync(
        ApiKeyRequest request,
        Caller caller,
        RequestTenant tenant,
        MefapexDb db,
        IAuditLog audit,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var name = request.Name?.Trim() ?? "";
        if (name.Length is 0 or > MaxName || name.Any(char.IsControl))
            return KeyProblems.NameInvalid(MaxName);
        var grantable = KeyScopes.GrantableBy(caller);
        string[] scopes = [.. (request.Scopes ?? []).Distinct(StringComparer.Ordinal)];
        if (scopes.Length == 0)
            return KeyProblems.ScopesMissing(grantable);
        if (scopes.Except(grantable, StringComparer.Ordinal).ToList() is { Count: > 0 } refused)
            return KeyProblems.ScopesNotGrantable(refused, grantable);
        if (request.ExpiresAt is { } end && (end <= now || end > now.AddYears(MaxYears)))
            return KeyProblems.ExpiryInvalid(MaxYears);
        if (request.Networks?.Count > MaxNetworks)
            return KeyProblems.NetworksTooMany(MaxNetworks);
        var networks = new List<string>();
        foreach (var text in request.Networks ?? [])
        {
            if (NetworkOf(text) is not { } network)
                return KeyProblems.NetworkInvalid(text);
            networks.Add(network);
        }

        var (key, secret) = Make(tenant.Id, name, scopes, [.. networks], caller, now, request.ExpiresAt?.ToUniversalTime());
        await db.InTransactionAsync(
            async () =>
            {
                db.ApiKeys.Add(key);
                await db.SaveChangesAsync(cancellationToken);
                await audit.RecordAsync(Created(key), cancellationToken);
                return true;
            },
            cancellationToken);
        return TypedResults.Created($"{Path}/{key.Id}", key.ToWire(now) with { Secret = secret });
    }

    /// <summary>Makes a key like another, which stays good for a while so that services can change over one by one.</summary>
    private static async Task<Results<Created<ApiKeyInfo>, ProblemHttpResult>> RotateAsync(
        Guid id,
        ApiKeyRotation? rotation,
        Caller caller,
        RequestTenant tenant,
        KeyNews news,
        MefapexDb db,
        IAuditLog audit,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var overlap = rotation?.OverlapHours ?? UsualOverlapHours;
        if (overlap is not (>= 0 and <= MaxOverlapHours))
            return KeyProblems.OverlapInvalid(MaxOverlapHours);
        var now = time.GetUtcNow();
        var (old, key, secret) = await db.InTransactionAsync<(ApiKey?, ApiKey?, string?)>(
            async () =>
            {
                var replaced = await LockAsync(db, tenant.Id, id, cancellationToken);
                if (replaced is null || replaced.RevokedAt is not null || replaced.ExpiresAt <= now)
                    return (replaced, null, null);
                var lifetime = replaced.ExpiresAt - replaced.CreatedAt;
                var (made, told) = Make(
                    tenant.Id, replaced.Name, replaced.Scopes, replaced.Networks, caller, now, now + lifetime, replaced.Id);
                var end = now.AddHours(overlap);
                if (replaced.ExpiresAt is null || replaced.ExpiresAt > end)
                    replaced.ExpiresAt = end;
                db.ApiKeys.Add(made);
                await db.SaveChangesAsync(cancellationToken);
                await audit.RecordAsync(Created(made), cancellationToken);
                return (replaced, made, told);
            },
            cancellationToken);
        if (old is null)
            return KeyProblems.NotFound();
        if (key is null)
            return KeyProblems.NotActive();
        news.Changed(old.Hash);
        return TypedResults.Created($"{Path}/{key.Id}", key.ToWire(now) with { Secret = secret });
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(
        Guid id,
        RequestTenant tenant,
        KeyNews news,
        MefapexDb db,
        IAuditLog audit,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var key = await db.InTransactionAsync(
            async () =>
            {
                var found = await LockAsync(db, tenant.Id, id, cancellationToken);
                if (found is not { RevokedAt: null })
                    return found;
                found.RevokedAt = time.GetUtcNow();
                await db.SaveChangesAsync(cancellationToken);
                await audit.RecordAsync(
                    new(AuditVerbs.KeyRevoked, tenant.Id, new("key", id.ToString())) { Before = new() { ["prefix"] = found.Prefix } },
                    cancellationToken);
                return found;
            },
            cancellationToken);
        if (key is null)
            return KeyProblems.NotFound();
        news.Changed(key.Hash);
        return TypedResults.NoContent();
    }

    private static async Task<ApiKey?> LockAsync(MefapexDb db, Guid tenantId, Guid id, CancellationToken cancellationToken) =>
        (await db.ApiKeys
            .FromSql($"select * from api_keys where tenant_id = {tenantId} and id = {id} for update")
            .ToListAsync(cancellationToken)).SingleOrDefault();

    private static (ApiKey Key, string Secret) Make(
        Guid tenantId,
        string name,
        string[] scopes,
        string[] networks,
        Caller by,
        DateTimeOffset now,
        DateTimeOffset? expiresAt,
        Guid? replaces = null)
    {
        var secret = KeySecret.New();
        var key = new ApiKey
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenantId,
            Name = name,
            Prefix = secret[..KeySecret.ShownLength],
            Hash = KeySecret.HashOf(secret),
            Scopes = scopes,
            Networks = networks,
            CreatedBy = by.Username,
            CreatedAt = now,
            ExpiresAt = expiresAt,
            Replaces = replaces,
        };
        return (key, secret);
    }

    private static AuditEvent Created(ApiKey key) => new(AuditVerbs.KeyCreated, key.TenantId, new("key", key.Id.ToString()))
    {
        After = new()
        {
            ["prefix"] = key.Prefix,
            ["scopes"] = string.Join(' ', key.Scopes),
            ["networks"] = string.Join(' ', key.Networks),
            ["expires_at"] = key.ExpiresAt,
            ["replaces"] = key.Replaces?.ToString(),
        },
    };

    /// <returns>In CIDR notation, an address as a network of its own; null where it is neither.</returns>
    private static string? NetworkOf(string? text)
    {
        // A zone (fe80::1%eth0) means nothing elsewhere, and "10" would be read as 0.0.0.10.
        if (text is null || text.Contains('%', StringComparison.Ordinal) || !text.AsSpan().ContainsAny('.', ':'))
            return null;
        if (IPNetwork.TryParse(text, out var network))
            return network.ToString();
        if (!IPAddress.TryParse(text, out var address))
            return null;
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return new IPNetwork(plain, plain.GetAddressBytes().Length * 8).ToString();
    }
}
