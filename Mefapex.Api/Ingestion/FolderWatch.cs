using System.Security.Cryptography;
using Mefapex.Api.Data;
using Mefapex.Api.Files;
using Mefapex.Api.Ingestion.Readers;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.Api.Quotas;
using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Mefapex.Api.Ingestion;

/// <summary>
/// Keeps documents in step with folders: files that are new, changed or gone there are so here. A file counts once it looked
/// the same in two scans, so that one being copied is left alone. Links are not followed.
/// </summary>
internal sealed partial class FolderWatch(
    IDbContextFactory<MefapexDb> contexts,
    NpgsqlDataSource dataSource,
    TenantDirectory tenants,
    FileStore files,
    DocumentLibrary library,
    DatabaseState database,
    IOptions<IngestionOptions> options,
    TimeProvider time,
    ILogger<FolderWatch> logger) : BackgroundService
{
    private const long LockKey = 0x4D45464150455846; // "MEFAPEXF"
    private const string Category = "genel";

    private static readonly EnumerationOptions Enumeration = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Hidden | FileAttributes.System,
    };

    private readonly IngestionOptions _options = options.Value;
    private readonly Dictionary<(string Tenant, string Path), Seen> _seen = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_options.Folders.Count == 0)
            return;
        await database.WhenReadyAsync(stoppingToken);
        while (true)
        {
            await Task.Delay(_options.FolderScan, time, stoppingToken);
            try
            {
                await ScanAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogPostponed(e.GetBaseException().Message);
            }
        }
    }

    /// <summary>Looks at every folder once, unless another replica is doing that.</summary>
    public async Task ScanAsync(CancellationToken cancellationToken)
    {
        await using var guard = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock($1)", guard) { Parameters = { new() { Value = LockKey } } };
        if (await command.ExecuteScalarAsync(cancellationToken) is not true)
            return;
        try
        {
            foreach (var (slug, folder) in _options.Folders)
            {
                if (await tenants.FindAsync(slug, cancellationToken) is not { } tenant)
                    LogNoTenant(slug);
                else if (!Directory.Exists(folder))
                    LogNoFolder(slug, folder);
                else
                    await ScanAsync(tenant, Path.GetFullPath(folder), cancellationToken);
            }
        }
        finally
        {
            command.CommandText = "select pg_advisory_unlock($1)";
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private async Task ScanAsync(TenantScope tenant, string folder, CancellationToken cancellationToken)
    {
        using var rows = DataScope.Of(tenant.Id);
        var present = new DirectoryInfo(folder).EnumerateFiles("*", Enumeration)
            .Where(file => FileFormat.OfName(file.Name) is not null)
            .ToDictionary(
                file => Path.GetRelativePath(folder, file.FullName).Replace(Path.DirectorySeparatorChar, '/'),
                file => file,
                StringComparer.Ordinal);
        await RemoveMissingAsync(tenant, present.Keys, cancellationToken);

        foreach (var (path, file) in present.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            var now = new Seen(file.Length, file.LastWriteTimeUtc, IsTaken: false);
            var key = (tenant.Slug, path);
            if (!_seen.TryGetValue(key, out var before) || (before.Bytes, before.ChangedAt) != (now.Bytes, now.ChangedAt))
            {
                _seen[key] = now;
            }
            else if (!before.IsTaken)
            {
                await TakeAsync(tenant, folder, path, cancellationToken);
                _seen[key] = now with { IsTaken = true };
            }
        }
    }

    private async Task TakeAsync(TenantScope tenant, string folder, string path, CancellationToken cancellationToken)
    {
        try
        {
            var full = Path.Combine(folder, path);
            await using var content = new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var known = await KnownAsync(tenant.Id, path, cancellationToken);
            if (known?.Sha256 == Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken)))
                return;
            content.Position = 0;
            var name = Path.GetFileName(path);
            var file = new IncomingFile(await files.SaveAsync(content, _options.MaxFileBytes, cancellationToken), name, MediaType: null);
            if (known is not null)
                await library.ReplaceAsync(tenant.Id, known.Id, file, DocumentOrigin.Folder, cancellationToken);
            else
                await AddAsync(tenant, path, name, file, cancellationToken);
        }
        catch (UnreadableFileException e)
        {
            LogRefused(tenant.Slug, path, e.Message);
        }
        catch (SameFileException e)
        {
            LogRefused(tenant.Slug, path, e.Message);
        }
        catch (FileTooLargeException e)
        {
            LogRefused(tenant.Slug, path, e.Message);
        }
        catch (QuotaExceededException e)
        {
            LogRefused(tenant.Slug, path, e.Message);
        }
    }

    private async Task AddAsync(TenantScope tenant, string path, string name, IncomingFile file, CancellationToken cancellationToken)
    {
        var parent = Path.GetDirectoryName(path) is { Length: > 0 } folder ? Path.GetFileName(folder) : Category;
        var description = new NewDocument(
            Path.GetFileNameWithoutExtension(name), parent, DocumentOrigin.Folder, [], DocumentOrigin.Folder, DocumentOrigin.Folder, path);
        await library.AddAsync(tenant.Id, description, file, cancellationToken);
    }

    private async Task<KnownFile?> KnownAsync(Guid tenantId, string path, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Documents
            .Where(d => d.TenantId == tenantId && d.OriginPath == path)
            .SelectMany(d => d.Versions.Where(v => v.Version == d.NewestVersion), (d, v) => new KnownFile(d.Id, v.Sha256))
            .SingleOrDefaultAsync(cancellationToken);
    }

    private async Task RemoveMissingAsync(TenantScope tenant, IReadOnlyCollection<string> present, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var known = await db.Documents
            .Where(d => d.TenantId == tenant.Id && d.Origin == DocumentOrigin.Folder)
            .Select(d => new { d.Id, d.OriginPath })
            .ToListAsync(cancellationToken);
        foreach (var document in known.Where(d => !present.Contains(d.OriginPath!)))
        {
            await library.DeleteAsync(tenant.Id, document.Id, cancellationToken);
            LogGone(tenant.Slug, document.OriginPath!);
        }

        foreach (var path in _seen.Keys.Where(key => key.Tenant == tenant.Slug && !present.Contains(key.Path)).ToList())
            _seen.Remove(path);
    }

    [LoggerMessage(LogLevel.Warning, "Watched folder of {Tenant}: {Path} is not taken: {Reason}")]
    private partial void LogRefused(string tenant, string path, string reason);

    [LoggerMessage(LogLevel.Information, "Watched folder of {Tenant}: {Path} is gone, and so is its document")]
    private partial void LogGone(string tenant, string path);

    [LoggerMessage(LogLevel.Warning, "Watched folder of {Tenant} is not there, nothing is changed: {Folder}")]
    private partial void LogNoFolder(string tenant, string folder);

    [LoggerMessage(LogLevel.Warning, "A folder is watched for {Tenant}, which is no tenant")]
    private partial void LogNoTenant(string tenant);

    [LoggerMessage(LogLevel.Warning, "Watched folders are looked at again later: {Reason}")]
    private partial void LogPostponed(string reason);

    private sealed record KnownFile(Guid Id, string Sha256);

    private sealed record Seen(long Bytes, DateTime ChangedAt, bool IsTaken);
}
