using Mefapex.Api.Knowledge.Search;
using Mefapex.Api.Tenants;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>A question with everything that its answer may depend on.</summary>
/// <param name="Language">The question's, ISO 639-1.</param>
/// <param name="Today">Entries hold from one day to another.</param>
/// <param name="Knowledge">The tenant's newest that is to be had.</param>
internal sealed record Inquiry(
    TenantScope Tenant,
    Reader Reader,
    string Text,
    FoldedText Folded,
    string Language,
    ConversationContext? Context,
    DateOnly Today,
    KnowledgeSnapshot Knowledge)
{
    /// <summary>Person or desk of the tenant, in the question's language.</summary>
    public string Contact => Language == "en" ? Knowledge.ContactEn : Knowledge.ContactTr;
}
