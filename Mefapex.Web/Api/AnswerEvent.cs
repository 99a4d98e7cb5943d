using Mefapex.Contracts.Chat;

namespace Mefapex.Web.Api;

/// <summary>An event of an answer's stream: exactly one of the three is set.</summary>
internal readonly record struct AnswerEvent(ChatMeta? Meta = null, ChatDelta? Delta = null, ChatAnswer? Done = null);
