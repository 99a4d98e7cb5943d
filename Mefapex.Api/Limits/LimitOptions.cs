namespace Mefapex.Api.Limits;

/// <summary>
/// Section <c>Limits</c>: how many requests each kind of work takes. An address can stand for a whole site behind one router,
/// so it is allowed far more than a person.
/// </summary>
internal sealed class LimitOptions
{
    public const string Section = "Limits";

    /// <summary>False lets everything pass, for measurements.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Questions, over HTTP and over sockets.</summary>
    public LimitPolicy Chat { get; init; } = new()
    {
        Address = new() { Permits = 600 },
        User = new() { Permits = 60 },
        Key = new() { Permits = 600 },
        Tenant = new() { Permits = 6_000 },
    };

    /// <summary>Whatever checks a password or a one-time token.</summary>
    public LimitPolicy SignIn { get; init; } = new()
    {
        Address = new() { Permits = 120 },
        User = new() { Permits = 30 },
        Key = new() { Permits = 30 },
        Tenant = new() { Permits = 1_200 },
    };

    /// <summary>Files.</summary>
    public LimitPolicy Uploads { get; init; } = new()
    {
        Address = new() { Permits = 300 },
        User = new() { Permits = 120 },
        Key = new() { Permits = 300 },
        Tenant = new() { Permits = 1_200 },
    };

    /// <summary>Everything else, addresses that do not exist included; not the health paths.</summary>
    public LimitPolicy General { get; init; } = new()
    {
        Address = new() { Permits = 6_000 },
        User = new() { Permits = 600 },
        Key = new() { Permits = 3_000 },
        Tenant = new() { Permits = 30_000 },
    };

    public bool IsValid => new[] { Chat, SignIn, Uploads, General }
        .SelectMany(policy => new[] { policy.Address, policy.User, policy.Key, policy.Tenant })
        .All(rate => rate.IsValid);
}

/// <summary>Limits of one kind of work, each counted on its own; a request needs a token from all that concern it.</summary>
internal sealed class LimitPolicy
{
    /// <summary>Of one IPv4 address, or of one /64 network of IPv6.</summary>
    public Rate Address { get; init; } = new();

    /// <summary>Of one signed-in person.</summary>
    public Rate User { get; init; } = new();

    /// <summary>Of one API key.</summary>
    public Rate Key { get; init; } = new();

    /// <summary>Of all who are signed in to one tenant together; visitors count by address alone.</summary>
    public Rate Tenant { get; init; } = new();
}

/// <summary>A bucket that holds <see cref="Permits"/> tokens and fills evenly in the time of <see cref="Window"/>.</summary>
internal sealed class Rate
{
    private const int MostPermits = 10_000_000;
    private static readonly TimeSpan LongestWindow = TimeSpan.FromDays(1);

    /// <summary>Requests at once, and per window; 0 for no limit.</summary>
    public int Permits { get; init; }

    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Microseconds until a further token is there.</summary>
    public long Interval => Math.Max(1, (long)Window.TotalMicroseconds / Permits);

    /// <summary>Microseconds until an empty bucket is full.</summary>
    public long Capacity => Interval * Permits;

    public bool IsValid => Permits is >= 0 and <= MostPermits && Window >= TimeSpan.FromSeconds(1) && Window <= LongestWindow;
}
