using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace Mefapex.Api.Http;

/// <summary>Entity tags (RFC 9110): what a caller has seen, so that nobody overwrites what they have not.</summary>
internal static class ETags
{
    public static EntityTagHeaderValue Of(int revision) => Of(revision.ToString(CultureInfo.InvariantCulture));

    /// <param name="value">ASCII letters and digits.</param>
    public static EntityTagHeaderValue Of(string value) => new($"\"{value}\"");

    public static void Set(this HttpResponse response, EntityTagHeaderValue tag) => response.GetTypedHeaders().ETag = tag;

    /// <summary>What <c>If-Match</c> says about the present state.</summary>
    public static Precondition IfMatch(this HttpRequest request, EntityTagHeaderValue present)
    {
        if (!EntityTagHeaderValue.TryParseList(request.Headers.IfMatch, out var tags) || tags.Count == 0)
            return Precondition.Missing;
        return tags.Any(t => t.Equals(EntityTagHeaderValue.Any) || t.Compare(present, useStrongComparison: true))
            ? Precondition.Holds
            : Precondition.Fails;
    }

    /// <summary>Whether the caller has the present state already (<c>If-None-Match</c>).</summary>
    public static bool HasSeen(this HttpRequest request, EntityTagHeaderValue present) =>
        EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var tags)
        && tags.Any(t => t.Equals(EntityTagHeaderValue.Any) || t.Compare(present, useStrongComparison: false));
}

internal enum Precondition
{
    Missing,
    Holds,
    Fails,
}
