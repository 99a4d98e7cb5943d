using Mefapex.Inference.Embedding;
using Mefapex.Inference.Serving;

namespace Mefapex.Tests.Inference.Serving;

public sealed class VectorCacheTests
{
    private readonly VectorCache _cache = new(2);

    [Fact]
    public void Model_role_and_text_make_the_key()
    {
        UInt128[] keys =
        [
            VectorCache.KeyOf("ab", TextRole.Query, "izin"),
            VectorCache.KeyOf("ac", TextRole.Query, "izin"),
            VectorCache.KeyOf("ab", TextRole.Passage, "izin"),
            VectorCache.KeyOf("ab", TextRole.Query, "izın"),
            VectorCache.KeyOf("ab", TextRole.Query, "izin "),
        ];

        keys.Distinct().Count().ShouldBe(keys.Length);
        VectorCache.KeyOf("ab", TextRole.Query, "izin").ShouldBe(keys[0]);
    }

    [Fact]
    public void The_one_not_used_for_longest_makes_room()
    {
        _cache.Add(1, [1f], 1);
        _cache.Add(2, [2f], 1);
        _cache.TryGet(1, out _, out _).ShouldBeTrue();
        _cache.Add(3, [3f], 1);

        _cache.TryGet(1, out _, out _).ShouldBeTrue();
        _cache.TryGet(2, out _, out _).ShouldBeFalse();
        _cache.TryGet(3, out var vector, out var tokens).ShouldBeTrue();
        vector.ShouldBe([3f]);
        tokens.ShouldBe(1);
        _cache.Status.ShouldBe(new VectorCacheStatus(Entries: 2, Hits: 3, Misses: 1));
    }

    [Fact]
    public void Cleared_it_is_empty_and_its_counts_go_on()
    {
        _cache.Add(1, [1f], 1);
        _cache.TryGet(1, out _, out _);

        _cache.Clear().ShouldBe(1);

        _cache.TryGet(1, out _, out _).ShouldBeFalse();
        _cache.Status.ShouldBe(new VectorCacheStatus(Entries: 0, Hits: 1, Misses: 1));
    }
}
