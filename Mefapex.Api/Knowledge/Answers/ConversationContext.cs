namespace Mefapex.Api.Knowledge.Answers;

/// <summary>What a question may refer back to: the exchange before it in the same conversation.</summary>
/// <param name="Question">What was asked, as it was understood.</param>
/// <param name="SourceId">The entry or document that answered; null where nothing did.</param>
/// <param name="SourceTitle">Its title.</param>
internal sealed record ConversationContext(string Question, string? SourceId, string? SourceTitle);
