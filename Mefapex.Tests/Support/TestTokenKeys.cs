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

    /// <summary>Makes tokens of a key that nobody else knows.</summary>
    public static TokenIssuer Issuer() =>
        new(new TokenKeys(Source(), TimeProvider.System), Options.Create(new TokenOptions()), TimeProvider.System);
}
