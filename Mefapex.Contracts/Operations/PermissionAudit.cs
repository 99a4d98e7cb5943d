namespace Mefapex.Contracts.Operations;

/// <summary>Body of <c>POST /api/v1/admin/permission-audits</c>: what <c>./mefapex audit-permissions</c> found.</summary>
/// <param name="Operations">How many operations there are.</param>
/// <param name="Walked">How many of them were walked.</param>
/// <param name="Findings">Answers that should not have been.</param>
public sealed record PermissionAuditResult(int Operations, int Walked, int Requests, int Findings);
