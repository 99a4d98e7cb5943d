using System.Security.Cryptography;
using System.Text;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Contracts.Knowledge;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>Whom people are sent to when the assistant does not know.</summary>
internal static class ContactEndpoints
{
    private const int MaxContact = 300;

    public static void MapContact(this IEndpointRouteBuilder knowledge)
    {
        knowledge.MapGet("/contact", ReadAsync);
        knowledge.MapPut("/contact", WriteAsync);
    }

    private static async Task<Results<Ok<KnowledgeContact>, StatusCodeHttpResult>> ReadAsync(
        EditorScope editor,
        MefapexDb db,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var contact = await db.KnowledgeBases.Where(k => k.TenantId == editor.Tenant.Id)
            .Select(k => new KnowledgeContact(k.ContactTr, k.ContactEn))
            .SingleOrDefaultAsync(cancellationToken) ?? new KnowledgeContact("", "");
        var tag = TagOf(contact);
        http.Response.Set(tag);
        return http.Request.HasSeen(tag) ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : TypedResults.Ok(contact);
    }

    private static async Task<Results<Ok<KnowledgeContact>, ProblemHttpResult>> WriteAsync(
        KnowledgeContact body,
        EditorScope editor,
        MefapexDb db,
        TimeProvider time,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var wanted = new KnowledgeContact(
            EntryRules.Line(body.Tr, "tr", MaxContact, errors), EntryRules.Line(body.En, "en", MaxContact, errors));
        if (errors.Any)
            return EntryProblems.Invalid(errors);
        return await db.InTransactionAsync<Results<Ok<KnowledgeContact>, ProblemHttpResult>>(async () =>
        {
            var knowledge = await db.KnowledgeBases
                .FromSql($"select * from knowledge_bases where tenant_id = {editor.Tenant.Id} for update")
                .AsNoTracking()
                .SingleOrDefaultAsync(cancellationToken);
            var present = TagOf(new KnowledgeContact(knowledge?.ContactTr, knowledge?.ContactEn));
            switch (http.Request.IfMatch(present))
            {
                case Precondition.Missing:
                    return EntryProblems.PreconditionMissing();
                case Precondition.Fails:
                    http.Response.Set(present);
                    return EntryProblems.ChangedMeanwhile();
            }

            await KnowledgeWriter.BumpVersionAsync(db, editor.Tenant.Id, time.GetUtcNow(), cancellationToken);
            await db.KnowledgeBases.Where(k => k.TenantId == editor.Tenant.Id).ExecuteUpdateAsync(
                k => k.SetProperty(x => x.ContactTr, wanted.Tr).SetProperty(x => x.ContactEn, wanted.En), cancellationToken);
            http.Response.Set(TagOf(wanted));
            return TypedResults.Ok(wanted);
        }, cancellationToken);
    }

    private static EntityTagHeaderValue TagOf(KnowledgeContact contact) =>
        ETags.Of(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{contact.Tr}\n{contact.En}")).AsSpan(0, 8)));
}
