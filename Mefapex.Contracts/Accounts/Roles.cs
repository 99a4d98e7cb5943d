namespace Mefapex.Contracts.Accounts;

/// <summary>Role names as they stand in tokens and in the database.</summary>
public static class Roles
{
    /// <summary>Asks questions.</summary>
    public const string Member = "member";

    /// <summary>Keeps the tenant's knowledge.</summary>
    public const string Editor = "editor";

    /// <summary>Follows the tenant's cases.</summary>
    public const string Coordinator = "coordinator";

    /// <summary>Administers the tenant.</summary>
    public const string Admin = "admin";

    /// <summary>Owns the tenant.</summary>
    public const string Owner = "owner";

    /// <summary>Runs the platform; belongs to no tenant.</summary>
    public const string Operator = "operator";
}
