using System.Text.RegularExpressions;
using Mefapex.Api.Keys;

namespace Mefapex.Tests.Api.Keys;

public sealed class KeySecretTests
{
    /// <summary>Computed apart from the code: base 62 of 32 bytes of zero, and of the checksum of what stands before it.</summary>
    private const string OfZeros = "mfx_00000000000000000000000000000000000000000003F9c1v";

    [Fact]
    public void A_secret_looks_as_scanners_expect_and_no_two_are_alike()
    {
        var secrets = Enumerable.Range(0, 200).Select(_ => KeySecret.New()).ToList();

        secrets.ShouldAllBe(secret => Regex.IsMatch(secret, "^mfx_[0-9A-Za-z]{49}$", RegexOptions.None, TimeSpan.FromSeconds(1)));
        secrets.ShouldAllBe(secret => KeySecret.IsWellFormed(secret));
        secrets.Distinct().Count().ShouldBe(secrets.Count);
        KeySecret.IsWellFormed(OfZeros).ShouldBeTrue();
    }

    [Fact]
    public void A_slip_anywhere_is_noticed()
    {
        var secret = KeySecret.New();

        for (var i = 0; i < secret.Length; i++)
            KeySecret.IsWellFormed(secret[..i] + (secret[i] == 'q' ? 'r' : 'q') + secret[(i + 1)..]).ShouldBeFalse(secret[i..]);
        foreach (var other in new[] { "", "mfx_", secret[..^1], secret + "0", secret.Replace("mfx_", "mfy_", StringComparison.Ordinal) })
            KeySecret.IsWellFormed(other).ShouldBeFalse(other);
    }
}
