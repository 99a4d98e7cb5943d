using Mefapex.Inference.Embedding;

namespace Mefapex.Tests.Inference.Embedding;

public sealed class StableHashTests
{
    // Computed independently, from the published definitions of FNV-1a and fmix64.
    [Theory]
    [InlineData("", 17280346270528514342UL)]
    [InlineData("a", 9726698790539242981UL)]
    [InlineData("<izin>", 12313330287885891267UL)]
    [InlineData("ş", 17868021077367780278UL)]
    public void Hashes_are_those_of_the_documented_function(string text, ulong hash) =>
        StableHash.Of(text).ShouldBe(hash);
}
