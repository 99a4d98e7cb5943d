namespace Mefapex.Contracts.Privacy;

/// <summary>Answer of <c>GET /api/v1/admin/retention</c>.</summary>
public sealed record RetentionList(IReadOnlyList<RetentionPeriod> Items);

/// <summary>For how long a kind of data is kept.</summary>
/// <param name="Kind">Such as <c>conversations</c>; part of the address under which it is changed.</param>
/// <param name="Days">What holds for this tenant.</param>
/// <param name="DefaultDays">What holds for tenants that say nothing.</param>
/// <param name="LeastDays">The fewest days that can be chosen.</param>
/// <param name="MostDays">The most days that can be chosen.</param>
/// <param name="Changeable">Whether the tenant may choose; what belongs to no tenant is set by who runs the service.</param>
public sealed record RetentionPeriod(string Kind, int Days, int DefaultDays, int LeastDays, int MostDays, bool Changeable);

/// <summary>Body of <c>PUT /api/v1/admin/retention/{kind}</c>.</summary>
public sealed record RetentionChange(int? Days);
