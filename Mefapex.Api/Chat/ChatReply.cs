using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Chat;

/// <summary>An answer, or why there is none.</summary>
internal readonly record struct ChatReply(ChatAnswer? Answer, ProblemHttpResult? Problem)
{
    public static implicit operator ChatReply(ChatAnswer answer) => new(answer, null);

    public static implicit operator ChatReply(ProblemHttpResult problem) => new(null, problem);

    public Results<Ok<ChatAnswer>, ProblemHttpResult> ToResult() =>
        Answer is null ? Problem! : TypedResults.Ok(Answer);
}
