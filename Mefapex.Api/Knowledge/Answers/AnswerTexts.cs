using System.Globalization;
using System.Resources;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>What the assistant itself says, in the language of the question: AnswerTexts*.resx.</summary>
internal sealed class AnswerTexts(string language)
{
    private static readonly ResourceManager Resources = new(typeof(AnswerTexts));

    private readonly CultureInfo _culture = CultureInfo.GetCultureInfo(language);

    public string Decline => Get("Decline");

    /// <param name="kind">See <see cref="SmalltalkMatch.Kind"/>.</param>
    /// <param name="tenant">The organisation's name.</param>
    /// <param name="contact">Person or desk.</param>
    /// <param name="topics">A few topics, joined.</param>
    public string Smalltalk(string kind, string tenant, string contact, string topics) => Format(kind, tenant, contact, topics);

    /// <param name="available">The only language that the answer is in.</param>
    public string OnlyIn(string available) => Get(available == "en" ? "OnlyInEnglish" : "OnlyInTurkish");

    public string Clarify(string first, string second) => Format("Clarify", first, second);

    public string DeclineTopics(IEnumerable<string> titles) => Format("DeclineTopics", string.Join('\n', titles.Select(t => $"- {t}")));

    /// <param name="contact">Person or desk.</param>
    public string Escalation(string contact) => contact.Length > 0 ? Format("EscalationTo", contact) : Get("Escalation");

    public string FromDocuments => Get("FromDocuments");

    public string TryLater => Get("TryLater");

    public string ApprovedOnlyNotice => Get("ApprovedOnlyNotice");

    public string LexicalNotice => Get("LexicalNotice");

    public string DeclineContact(string contact) => Format("DeclineContact", contact);

    private string Get(string key) => Resources.GetString(key, _culture) ?? throw new MissingManifestResourceException(key);

    private string Format(string key, params object[] values) => string.Format(_culture, Get(key), values);
}
