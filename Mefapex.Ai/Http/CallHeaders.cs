using System.Globalization;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Serving;

namespace Mefapex.Ai.Http;

/// <summary>What a request's headers say of its turn and its time; see <see cref="AiHeaders"/>.</summary>
internal static class CallHeaders
{
    private const double LongestTimeoutMs = 10 * 60 * 1000;

    private const int LongestCaller = 128;

    /// <exception cref="BadHttpRequestException">A header is not of its form; answered 400.</exception>
    public static EmbeddingCallOptions ToEmbeddingCall(this HttpRequest request, TextRole role = TextRole.Query) => new()
    {
        Caller = CallerOf(request),
        Timeout = TimeoutOf(request),
        Role = role,
    };

    private static string? CallerOf(HttpRequest request)
    {
        var caller = request.Headers[AiHeaders.Caller].ToString();
        if (caller.Length > LongestCaller)
            throw new BadHttpRequestException($"{AiHeaders.Caller} has {caller.Length} characters; at most {LongestCaller} are read.");
        return caller.Length > 0 ? caller : null;
    }

    private static TimeSpan? TimeoutOf(HttpRequest request)
    {
        var text = request.Headers[AiHeaders.TimeoutMs].ToString();
        if (text.Length == 0)
            return null;
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var milliseconds) &&
            milliseconds is > 0 and <= LongestTimeoutMs
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw new BadHttpRequestException(
                $"{AiHeaders.TimeoutMs} is a number of milliseconds above 0 and at most {LongestTimeoutMs:F0}.");
    }
}
