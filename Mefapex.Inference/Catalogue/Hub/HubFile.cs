using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Mefapex.Inference.Catalogue.Hub;

/// <summary>A file of a repository as the hub lists it.</summary>
/// <param name="Path">Relative to the repository's root, with slashes.</param>
/// <param name="Size">Length in bytes.</param>
/// <param name="Sha256">Of the content, for files in the hub's large file store; otherwise null.</param>
/// <param name="GitBlob">Git's object id of a file that lies in git itself: sha1 of <c>blob SIZE\0</c> and the content.</param>
public sealed record HubFile(string Path, long Size, string? Sha256, string? GitBlob)
{
    private static readonly SearchValues<char> Forbidden = SearchValues.Create("\\:*?\"<>|");

    /// <summary>Whether a path from elsewhere stays inside the folder it is put in.</summary>
    internal static bool IsSafe(string path) =>
        path.Length is > 0 and <= 512 &&
        path.Split('/').All(part => part.Length > 0 && part is not ("." or "..")) &&
        !path.AsSpan().ContainsAny(Forbidden) &&
        !path.Any(char.IsControl);

    /// <summary>The content's sha256, once it is what the hub announced.</summary>
    /// <exception cref="ModelException">It is something else.</exception>
    internal async Task<string> VerifyAsync(string file, CancellationToken cancellationToken)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
#pragma warning disable CA5350 // Git names its blobs so; the hub's list came over the same connection, so it guards against damage only.
        using var git = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1, useAsync: true);
        await using (stream)
        {
            git.AppendData(Encoding.ASCII.GetBytes($"blob {stream.Length}\0"));
            var buffer = new byte[1 << 17];
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
            {
                sha256.AppendData(buffer, 0, read);
                git.AppendData(buffer, 0, read);
            }

            if (stream.Length != Size)
                throw Damaged($"{stream.Length} bytes arrived, {Size} were announced");
        }

        var actual = Convert.ToHexStringLower(sha256.GetHashAndReset());
        if (Sha256 is not null && !string.Equals(actual, Sha256, StringComparison.OrdinalIgnoreCase))
            throw Damaged($"its sha256 is {actual}, announced was {Sha256}");
        if (Sha256 is null && GitBlob is not null)
        {
            var blob = Convert.ToHexStringLower(git.GetHashAndReset());
            if (!string.Equals(blob, GitBlob, StringComparison.OrdinalIgnoreCase))
                throw Damaged($"its git object id is {blob}, announced was {GitBlob}");
        }

        return actual;
    }

    private ModelException Damaged(string what) => new(
        ModelFault.Damaged,
        $"the hub sent another {Path} than it lists: {what}. Nothing of it is kept; try again, and if it stays so ask who " +
        "runs the hub or the proxy before it.");
}
