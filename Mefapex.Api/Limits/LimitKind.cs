namespace Mefapex.Api.Limits;

/// <summary>The kinds of work that are limited apart from each other.</summary>
internal enum LimitKind
{
    General,
    Chat,
    SignIn,
    Uploads,
}

internal static class LimitKinds
{
    /// <summary>Counts the requests of these endpoints as this kind of work instead of <see cref="LimitKind.General"/>.</summary>
    public static TBuilder LimitedAs<TBuilder>(this TBuilder endpoints, LimitKind kind)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.WithMetadata(new LimitMetadata(kind));
}

internal sealed record LimitMetadata(LimitKind Kind);
