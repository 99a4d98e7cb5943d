using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using Mefapex.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Limits;

/// <summary>Which buckets a caller's request needs a token from, and what they are called in headers.</summary>
internal sealed class RequestLimits
{
    private readonly IRateLimiter _limiter;
    private readonly Policy[] _policies;
    private readonly bool _enabled;

    public RequestLimits(IRateLimiter limiter, IOptions<LimitOptions> options)
    {
        _limiter = limiter;
        _enabled = options.Value.Enabled;
        _policies = new Policy[Enum.GetValues<LimitKind>().Length];
        _policies[(int)LimitKind.General] = new("general", options.Value.General);
        _policies[(int)LimitKind.Chat] = new("chat", options.Value.Chat);
        _policies[(int)LimitKind.SignIn] = new("sign-in", options.Value.SignIn);
        _policies[(int)LimitKind.Uploads] = new("uploads", options.Value.Uploads);
    }

    /// <returns>Null where nothing limits the caller.</returns>
    public async ValueTask<LimitVerdict?> TakeAsync(
        LimitKind kind, ClaimsPrincipal user, IPAddress? address, CancellationToken cancellationToken)
    {
        if (!_enabled)
            return null;
        var policy = _policies[(int)kind];
        var buckets = new List<RateBucket>(4);
        var names = new List<Partition>(4);
        if (address is not null)
            Add(policy.Address, AddressOf(address));
        if (user.Identity is { IsAuthenticated: true })
        {
            Add(policy.User, user.FindFirstValue(TokenClaims.Subject));
            Add(policy.Key, user.FindFirstValue(TokenClaims.ApiKey));
            Add(policy.Tenant, user.FindFirstValue(TokenClaims.Tenant));
        }

        if (buckets.Count == 0)
            return null;
        var decision = await _limiter.TakeAsync([.. buckets], cancellationToken);
        return new(decision, names);

        void Add(Partition partition, string? subject)
        {
            if (partition.Rate.Permits == 0 || string.IsNullOrEmpty(subject))
                return;
            buckets.Add(new(partition.KeyPrefix + subject, partition.Rate));
            names.Add(partition);
        }
    }

    /// <summary>Whoever has an IPv6 address has the 64 bits of the network's own as well.</summary>
    public static string AddressOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4().ToString();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address.ToString();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return Convert.ToHexStringLower(bytes[..8]);
    }

    private sealed class Policy(string name, LimitPolicy limits)
    {
        public Partition Address { get; } = new(name, "address", limits.Address);

        public Partition User { get; } = new(name, "user", limits.User);

        public Partition Key { get; } = new(name, "key", limits.Key);

        public Partition Tenant { get; } = new(name, "tenant", limits.Tenant);
    }
}

/// <summary>One limit of a policy: <c>chat-user</c>.</summary>
internal sealed class Partition(string policy, string subject, Rate rate)
{
    public Rate Rate => rate;

    public string Name { get; } = $"{policy}-{subject}";

    public string KeyPrefix { get; } = $"{policy}:{subject}:";

    /// <summary>As an item of <c>RateLimit-Policy</c>.</summary>
    public string Header { get; } = rate.Permits == 0
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"\"{policy}-{subject}\";q={rate.Permits};w={(long)rate.Window.TotalSeconds}");
}

/// <summary>A decision, and the limits that it was made of in the order of their buckets.</summary>
internal sealed record LimitVerdict(RateDecision Decision, IReadOnlyList<Partition> Limits)
{
    public bool Allowed => Decision.Allowed;

    /// <summary>Whole seconds until it is worth trying again.</summary>
    public int RetryAfterSeconds => (int)Math.Ceiling(Decision.RetryAfter.TotalSeconds);

    /// <summary>The headers of draft-ietf-httpapi-ratelimit-headers: all limits, and where the tightest of them stands.</summary>
    public void Write(IHeaderDictionary headers)
    {
        headers["RateLimit-Policy"] = string.Join(", ", Limits.Select(limit => limit.Header));
        headers["RateLimit"] = string.Create(
            CultureInfo.InvariantCulture,
            $"\"{Limits[Decision.Bucket].Name}\";r={Decision.Remaining};t={(long)Math.Ceiling(Decision.FullIn.TotalSeconds)}");
        if (!Allowed)
            headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
    }
}
