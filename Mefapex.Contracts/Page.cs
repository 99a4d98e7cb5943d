namespace Mefapex.Contracts;

/// <summary>One page of a list, newest first.</summary>
/// <param name="Items">The rows of this page.</param>
/// <param name="Next">The value of <c>cursor</c> that asks for the following page; null on the last one.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
