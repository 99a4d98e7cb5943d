using System.Text.Json;
using Mefapex.Api.Tenants;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>Looks at what is about to go live or away, beside the others that are registered; runs before anything is locked.</summary>
internal interface IPublishCheck
{
    /// <returns>What speaks against it, in the language of the request (<c>CurrentUICulture</c>); empty when nothing does.</returns>
    Task<IReadOnlyList<PublishFinding>> CheckAsync(PublishSet set, CancellationToken cancellationToken);
}

/// <summary>A change of what is published.</summary>
/// <param name="Versions">What goes live together: one, or those of an import.</param>
/// <param name="Retired">Ids of entries that go away.</param>
internal sealed record PublishSet(TenantScope Tenant, IReadOnlyList<KnowledgeVersion> Versions, IReadOnlyList<string> Retired)
{
    public static PublishSet Live(TenantScope tenant, params IReadOnlyList<KnowledgeVersion> versions) => new(tenant, versions, []);

    public static PublishSet Away(TenantScope tenant, string id) => new(tenant, [], [id]);
}

/// <param name="EntryId">The entry that it is about; null for the set as a whole.</param>
/// <param name="Code">Stable, lower-case words joined by hyphens.</param>
/// <param name="Sentence">For people.</param>
/// <param name="Blocking">Whether the change needs a reason in spite of it.</param>
/// <param name="Details">What a page shows beside the sentence.</param>
internal sealed record PublishFinding(string? EntryId, string Code, string Sentence, bool Blocking, JsonElement? Details = null);
