using System.Collections.Frozen;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Accounts;

/// <summary>
/// What a new password must be: long enough, and none that is tried first. A mixture of kinds of characters is not asked
/// for; it makes passwords hard for people and not for programs.
/// </summary>
internal static class PasswordRules
{
    public const int Shortest = 10;
    public const int Longest = 128;

    private static readonly FrozenSet<string> Common = Read();

    /// <returns>What is wrong with it; null when nothing is.</returns>
    public static ProblemHttpResult? Check(string? password, string username)
    {
        if (password is null || password.Length is < Shortest or > Longest)
            return AccountProblems.PasswordLength(Shortest, Longest);

        // "Password2026!" is the word "password" to whoever guesses.
        var whole = password.Trim().ToLowerInvariant();
        var core = whole.Trim("0123456789!.,*?+-_#$@%&".ToCharArray());
        if (Common.Contains(whole) || Common.Contains(core) || whole.Distinct().Count() <= 2)
            return AccountProblems.PasswordCommon();
        return whole == username || core == username ? AccountProblems.PasswordIsName() : null;
    }

    private static FrozenSet<string> Read()
    {
        using var list = typeof(PasswordRules).Assembly.GetManifestResourceStream(typeof(PasswordRules), "common-passwords.txt")!;
        using var reader = new StreamReader(list);
        return reader.ReadToEnd()
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .ToFrozenSet(StringComparer.Ordinal);
    }
}
