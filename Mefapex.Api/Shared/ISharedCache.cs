namespace Mefapex.Api.Shared;

/// <summary>Values that all replicas see for a while. To lose one costs work, never truth.</summary>
internal interface ISharedCache
{
    /// <returns>Null where there is none, also because the cache is away.</returns>
    Task<byte[]?> GetAsync(string key, CancellationToken cancellationToken);

    /// <summary>Keeps the value for that long; does nothing while the cache is away.</summary>
    Task SetAsync(string key, byte[] value, TimeSpan lifetime, CancellationToken cancellationToken);

    /// <summary>Removes the value; does nothing while the cache is away.</summary>
    Task RemoveAsync(string key, CancellationToken cancellationToken);

    /// <summary>Removes every value whose key begins like this.</summary>
    /// <returns>Whether they are gone. Where not, as the cache is away, none of them is seen here any more, and they are removed as
    /// soon as it is back.</returns>
    Task<bool> RemoveAllAsync(string prefix, CancellationToken cancellationToken);
}
