using System.Security.Cryptography;
using Mefapex.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Support;

/// <summary>Keys of access tokens that only a test knows.</summary>
internal static class TestTokenKeys
{
    /// <summary>One key that signs for ever.</summary>
    public static TokenKeySource Source(ECDsa? key = null)
    {
        TokenKey[] keys = [new(key ?? TokenKey.Generate(), DateTimeOffset.MinValue, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue)];
        return _ => Task.FromResult<IReadOnlyList<TokenKey>>(keys);
    }

    /// <summary>A token of a key that nobody else knows.</summary>
    public static async Task<string> TokenAsync()
    {
        using var keys = new TokenKeys(Source(), TimeProvider.System);
        var issuer = new TokenIssuer(keys, Options.Create(new TokenOptions()), TimeProvider.System);
        return (await issuer.IssueAsync("7", "demo", "fabrika", ["member"], cancellationToken: TestContext.Current.CancellationToken)).Value;
    }
}
