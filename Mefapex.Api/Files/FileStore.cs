using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Files;

/// <summary>
/// Files in a folder under random names, which tell nothing and cannot be guessed. What is derived from a file lies beside
/// it under the same name with an ending, so that both go together.
/// </summary>
internal sealed class FileStore(IOptions<FileStoreOptions> options, IHostEnvironment environment)
{
    private const int KeyLength = 32;
    private const string Unfinished = ".part";

    private readonly string _folder = Path.GetFullPath(Path.Combine(environment.ContentRootPath, options.Value.Folder));

    public string Folder => _folder;

    /// <summary>A name that nothing has yet.</summary>
    public static string NewKey() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyLength / 2));

    /// <summary>Where the file lies, for programs that read it themselves.</summary>
    public string PathOf(string key, string? derived = null)
    {
        if (key.Length != KeyLength || !key.All(char.IsAsciiHexDigitLower))
            throw new ArgumentException("not a key of this store", nameof(key));
        return Path.Combine(_folder, key[..2], derived is null ? key : $"{key}.{derived}");
    }

    /// <summary>Keeps the content under a new name; it appears there whole or not at all.</summary>
    /// <exception cref="FileTooLargeException">More than <paramref name="limit"/> bytes came.</exception>
    public async Task<StoredFile> SaveAsync(Stream content, long limit, CancellationToken cancellationToken)
    {
        var key = NewKey();
        var path = PathOf(key);
        var unfinished = path + Unfinished;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var buffer = ArrayPool<byte>.Shared.Rent(81920);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var bytes = 0L;
            await using (var file = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous))
            {
                int read;
                while ((read = await content.ReadAsync(buffer, cancellationToken)) > 0)
                {
                    bytes += read;
                    if (bytes > limit)
                        throw new FileTooLargeException(limit);
                    hash.AppendData(buffer, 0, read);
                    await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                }

                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path);
            return new StoredFile(key, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Keeps what was derived from a file; one that is there is replaced at once.</summary>
    public async Task SaveDerivedAsync(string key, string derived, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var path = PathOf(key, derived);
        await using (var file = new FileStream(path + Unfinished, FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous))
        {
            await file.WriteAsync(content, cancellationToken);
            file.Flush(flushToDisk: true);
        }

        File.Move(path + Unfinished, path, overwrite: true);
    }

    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public FileStream Open(string key, string? derived = null) => new(
        PathOf(key, derived), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 4096, FileOptions.Asynchronous);

    public bool Exists(string key, string? derived = null) => File.Exists(PathOf(key, derived));

    /// <summary>Removes the file and everything derived from it; one that is not there is fine.</summary>
    public void Delete(string key)
    {
        var folder = Path.GetDirectoryName(PathOf(key))!;
        if (!Directory.Exists(folder))
            return;
        foreach (var file in Directory.GetFiles(folder, key + "*"))
            File.Delete(file);
    }

    /// <summary>The keys of everything that lies here and was last written before <paramref name="before"/>.</summary>
    public IReadOnlyCollection<string> KeysBefore(DateTimeOffset before) => Directory.Exists(_folder)
        ? [.. new DirectoryInfo(_folder).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => file.LastWriteTimeUtc < before.UtcDateTime && file.Name.Length >= KeyLength)
            .Select(file => file.Name[..KeyLength])
            .Where(key => key.All(char.IsAsciiHexDigitLower))
            .Distinct(StringComparer.Ordinal)]
        : [];
}

/// <param name="Sha256">Of the content, lower-case hex.</param>
internal sealed record StoredFile(string Key, long Bytes, string Sha256);

/// <summary>More bytes came than may be kept.</summary>
internal sealed class FileTooLargeException(long limit) : Exception($"more than {limit} bytes")
{
    public long Limit => limit;
}
