using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Limits;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Base64Url = System.Buffers.Text.Base64Url;

namespace Mefapex.Api.Accounts.SigningKeys;

/// <summary>The keys of access tokens: their public halves for everybody, their life for the platform operator.</summary>
internal static class SigningKeyEndpoints
{
    private const int PublicSeconds = 300;

    public static void AddSigningKeys(this IServiceCollection services)
    {
        services.AddSingleton<SigningKeyStore>();
        services.AddSingleton<TokenKeySource>(provider => provider.GetRequiredService<SigningKeyStore>().LoadAsync);
        services.AddHostedService<SigningKeyKeeper>();
    }

    public static void MapSigningKeys(this RouteGroupBuilder accounts)
    {
        accounts.MapGet("/.well-known/jwks.json", PublishAsync).AllowAnonymous();
        var keys = accounts.MapGroup("/api/v1/admin/signing-keys").Requires(Policies.SigningKeys);
        keys.MapGet("", ListAsync);
        keys.MapPost("/rotate", RotateAsync).TakesIdempotencyKey();
    }

    /// <summary>What other services check access tokens with (RFC 7517), the coming key among them.</summary>
    private static async Task<Ok<PublicKeySet>> PublishAsync(TokenKeys keys, HttpContext http, CancellationToken cancellationToken)
    {
        await keys.SigningAsync(cancellationToken);
        http.Response.Headers.CacheControl = $"public, max-age={PublicSeconds}";
        return TypedResults.Ok(new PublicKeySet(
        [
            .. keys.All.Where(key => keys.Find(key.Id) is not null).OrderBy(key => key.ActivatesAt).Select(key => new PublicKey(
                "EC",
                "P-256",
                Base64Url.EncodeToString(key.Public.X),
                Base64Url.EncodeToString(key.Public.Y),
                "sig",
                "ES256",
                key.Id)),
        ]));
    }

    private static async Task<Ok<Page<SigningKeyInfo>>> ListAsync(MefapexDb db, TimeProvider time, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rows = await db.SigningKeys.AsNoTracking().OrderByDescending(k => k.ActivatesAt).ToListAsync(cancellationToken);
        return TypedResults.Ok(new Page<SigningKeyInfo>([.. rows.Select(row => ToWire(row, now))], Next: null));
    }

    private static async Task<Ok<SigningKeyInfo>> RotateAsync(
        SigningKeyRotation? rotation,
        SigningKeyStore store,
        TokenKeys keys,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var id = await store.RotateAsync(rotation?.Revoke ?? false, cancellationToken);
        await keys.ReloadAsync(cancellationToken);
        return TypedResults.Ok(ToWire(await db.SigningKeys.SingleAsync(k => k.Id == id, cancellationToken), time.GetUtcNow()));
    }

    private static SigningKeyInfo ToWire(SigningKey key, DateTimeOffset now) => new(
        key.Id,
        now >= key.EndsAt ? "ended" : now >= key.RetiresAt ? "retired" : now >= key.ActivatesAt ? "signing" : "coming",
        key.CreatedAt,
        key.ActivatesAt,
        key.RetiresAt,
        key.EndsAt);
}
