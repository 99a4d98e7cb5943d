using System.Net.Mime;
using Mefapex.Api.Accounts;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Limits;
using Mefapex.Api.Privacy.Retention;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Privacy;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Privacy;

internal static class PrivacyEndpoints
{
    private const int MaxPage = 100;

    public static WebApplicationBuilder AddPrivacy(this WebApplicationBuilder builder)
    {
        builder.Services.AddDataProtection();
        builder.Services.AddSingleton<ReceiptSigner>();
        builder.Services.AddSingleton<IPersonalStore, WaitingMails>();
        builder.Services.AddSingleton<IPersonalStore, AnswersUnderWay>();
        builder.Services.AddSingleton<IPersonalStore, KeptAnswers>();
        builder.Services.AddScoped<Erasure>();
        builder.Services.AddScoped<PersonalData>();
        builder.Services.AddHostedService<ErasureFollower>();
        builder.AddRetention();
        return builder;
    }

    public static void MapPrivacy(this IEndpointRouteBuilder endpoints)
    {
        var privacy = endpoints.MapGroup("/api/v1").WithTags("Privacy").NeedsDatabase();
        var own = privacy.MapGroup("/account").Requires(Policies.Account).RefusesWhenBusy().AcrossTenants();
        own.MapGet("/export", ExportOwnAsync).LimitedAs(LimitKind.Uploads);
        own.MapPost("/erase", EraseOwnAsync).LimitedAs(LimitKind.SignIn);

        var admin = privacy.MapGroup("/admin").Requires(Policies.Users).ForTenant();
        admin.MapGet("/users/{id:guid}/export", ExportAsync).LimitedAs(LimitKind.Uploads);
        admin.MapPost("/users/{id:guid}/erase", EraseAsync);
        admin.MapGet("/erasures", ReceiptsAsync);

        privacy.MapRetention();

        // Whoever has a receipt may ask: the account that it is about is gone.
        privacy.MapPost("/privacy/receipts/verify", Verify).AllowAnonymous();
    }

    private static async Task<Results<PushStreamHttpResult, ProblemHttpResult>> ExportOwnAsync(
        Caller caller,
        MefapexDb db,
        PersonalData data,
        IAuditLog audit,
        HttpContext http,
        CancellationToken cancellationToken) =>
        await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == caller.UserId, cancellationToken) is { } user
            ? await ZipAsync(user, data, audit, http, cancellationToken)
            : Problems.AccountGone();

    private static async Task<Results<PushStreamHttpResult, ProblemHttpResult>> ExportAsync(
        Guid id,
        RequestTenant tenant,
        MefapexDb db,
        PersonalData data,
        IAuditLog audit,
        HttpContext http,
        CancellationToken cancellationToken) =>
        await PersonAsync(db, tenant, id, cancellationToken) is { } user
            ? await ZipAsync(user, data, audit, http, cancellationToken)
            : PrivacyProblems.PersonNotFound();

    private static async Task<PushStreamHttpResult> ZipAsync(
        User user,
        PersonalData data,
        IAuditLog audit,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        // Closing a file of the archive writes its last bytes without waiting.
        http.Features.Get<IHttpBodyControlFeature>()?.AllowSynchronousIO = true;
        await audit.RecordAsync(new(AuditVerbs.PersonExported, user.TenantId, AuditSubject.User(user.Id)), cancellationToken);
        return TypedResults.Stream(
            stream => data.WriteAsync(user, stream, cancellationToken), MediaTypeNames.Application.Zip, "mefapex-data.zip");
    }

    private static async Task<Results<Ok<ErasureReceipt>, ProblemHttpResult>> EraseOwnAsync(
        EraseRequest request,
        Caller caller,
        SignIn signIn,
        Erasure erasure,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.Password))
            return PrivacyProblems.PasswordWrong();
        var (user, problem) = await signIn.CheckAsync(caller.Username, request.Password, http, cancellationToken);
        if (user is null || user.Id != caller.UserId)
            return problem is { StatusCode: StatusCodes.Status429TooManyRequests } ? problem : PrivacyProblems.PasswordWrong();
        var outcome = await erasure.EraseAsync(user, new AuditActor("user", user.Id), cancellationToken);
        if (outcome.Receipt is null)
            return outcome.IsLast ? PrivacyProblems.LastOwner() : Problems.AccountGone();
        SessionCookies.Remove(http.Response);
        return TypedResults.Ok(outcome.Receipt);
    }

    private static async Task<Results<Ok<ErasureReceipt>, ProblemHttpResult>> EraseAsync(
        Guid id,
        Caller caller,
        RequestTenant tenant,
        MefapexDb db,
        Erasure erasure,
        CancellationToken cancellationToken)
    {
        if (await PersonAsync(db, tenant, id, cancellationToken) is not { } user)
            return PrivacyProblems.PersonNotFound();
        if (user.Id == caller.UserId)
            return PrivacyProblems.EraseYourself();
        if (!Policies.Reaches(caller.Roles, user.Roles))
            return PrivacyProblems.OwnerProtected();
        var outcome = await erasure.EraseAsync(user, AuditActor.Of(caller), cancellationToken);
        if (outcome.Receipt is null)
            return outcome.IsLast ? PrivacyProblems.LastOwner() : PrivacyProblems.PersonNotFound();
        return TypedResults.Ok(outcome.Receipt);
    }

    private static async Task<Results<Ok<Page<ErasureReceipt>>, ProblemHttpResult>> ReceiptsAsync(
        RequestTenant tenant,
        MefapexDb db,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 20)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        return db.Erasures.Where(e => e.TenantId == tenant.Id).NewestFirst(cursor, e => new(e.ErasedAt, e.Id)) is { } erasures
            ? TypedResults.Ok(await erasures.ToPageAsync(limit, e => new Cursor(e.ErasedAt, e.Id), e => e.ToWire(), cancellationToken))
            : Problems.CursorInvalid();
    }

    private static Ok<ReceiptVerdict> Verify(ErasureReceipt receipt, ReceiptSigner signer) =>
        TypedResults.Ok(new ReceiptVerdict(signer.IsSigned(receipt)));

    private static Task<User?> PersonAsync(MefapexDb db, RequestTenant tenant, Guid id, CancellationToken cancellationToken) =>
        db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id && u.TenantId == tenant.Id, cancellationToken);
}
