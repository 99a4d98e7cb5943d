using System.Globalization;
using Mefapex.Ai.Http;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Generation;
using Mefapex.Inference.Serving;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Ai.Models;

/// <summary>Answers for a model that is busy, cannot be used, does not take the prompt, or computed something wrong.</summary>
internal sealed partial class ModelExceptionHandler(ILogger<ModelExceptionHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(
        HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var (problem, retryAfter) = Describe(exception);
        if (problem is null)
            return false;
        if (retryAfter is { } delay)
        {
            httpContext.Response.Headers.RetryAfter =
                Math.Max(1, Math.Ceiling(delay.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        await problem.ExecuteAsync(httpContext);
        return true;
    }

    private (ProblemHttpResult? Problem, TimeSpan? RetryAfter) Describe(Exception exception)
    {
        switch (exception)
        {
            case ModelBusyException busy:
                return (AiProblems.Busy(busy), busy.RetryAfter);
            case ModelUnavailableException unavailable:
                return (AiProblems.Unavailable(unavailable), unavailable.RetryAfter);
            case PromptTooLongException tooLong:
                return (AiProblems.PromptTooLong(tooLong), null);
            case PromptRefusedException refused:
                return (AiProblems.PromptRefused(refused), null);
            case ModelException wrong:
                LogWrong(wrong);
                return (AiProblems.WrongOutput(), null);
            default:
                return (null, null);
        }
    }

    [LoggerMessage(LogLevel.Error, "A model computed something that is no answer.")]
    private partial void LogWrong(Exception exception);
}
