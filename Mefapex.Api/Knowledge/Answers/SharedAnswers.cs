using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mefapex.Api.Shared;
using Mefapex.Contracts;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>
/// The second level of the answer cache: answers that any replica gave. The key is all that the first level compares, and what
/// the replicas of one version have in common, so that one of another version or with other thresholds never serves them.
/// </summary>
internal sealed class SharedAnswers(ISharedCache cache, bool isOn, IOptions<AnswerOptions> options)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly string _build =
        $"{typeof(SharedAnswers).Module.ModuleVersionId:N} {JsonSerializer.Serialize(options.Value, WireJson.Options)}";

    private long _hits;
    private long _misses;

    /// <summary>Whether there is a second level.</summary>
    public bool IsOn => isOn;

    /// <summary>Questions that the first level did not know: how many the second one did, and did not.</summary>
    public (long Hits, long Misses) Counts => (Interlocked.Read(ref _hits), Interlocked.Read(ref _misses));

    public async Task<AnswerResult?> GetAsync(AnswerKey key, CancellationToken cancellationToken)
    {
        if (!isOn)
            return null;
        var kept = await cache.GetAsync(KeyOf(key), cancellationToken);
        Interlocked.Increment(ref kept is null ? ref _misses : ref _hits);
        return kept is null ? null : JsonSerializer.Deserialize<AnswerResult>(kept, WireJson.Options);
    }

    public Task SetAsync(AnswerKey key, AnswerResult answer, CancellationToken cancellationToken) => isOn
        ? cache.SetAsync(KeyOf(key), JsonSerializer.SerializeToUtf8Bytes(answer, WireJson.Options), Lifetime, cancellationToken)
        : Task.CompletedTask;

    /// <summary>Removes the answers of a tenant, or of all.</summary>
    /// <returns>See <see cref="ISharedCache.RemoveAllAsync"/>.</returns>
    public Task<bool> RemoveAsync(Guid? tenantId, CancellationToken cancellationToken) => isOn
        ? cache.RemoveAllAsync(tenantId is { } id ? PrefixOf(id) : Prefix, cancellationToken)
        : Task.FromResult(true);

    private const string Prefix = "answers:";

    private static string PrefixOf(Guid tenantId) => $"{Prefix}{tenantId:N}:";

    /// <summary>A hash, so that the words of a question are in no key.</summary>
    private string KeyOf(AnswerKey key)
    {
        string[] parts =
        [
            _build,
            key.KnowledgeVersion.ToString(CultureInfo.InvariantCulture),
            key.Reader,
            key.Language,
            key.Today.ToString("O", CultureInfo.InvariantCulture),
            key.Models,
            key.Question,
            key.FollowUp is null ? "-" : "+" + key.FollowUp,
        ];
        return PrefixOf(key.TenantId) + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(parts))));
    }
}
