using System.Text;
using Mefapex.Api.Files;
using Mefapex.Api.Quotas;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Mefapex.Api.Ingestion;

/// <summary>Reads an upload from the request as it comes in, the file straight into the store.</summary>
internal sealed class UploadReader(FileStore files, IOptions<IngestionOptions> options)
{
    private const string FilePart = "file";
    private const int MaxFieldBytes = 4096;
    private const int MaxParts = 20;
    private const int MaxFileName = 200;

    /// <summary>What the other parts of a request and its seams may take.</summary>
    private const long Overhead = 256 * 1024;

    /// <param name="room">What the tenant may still store.</param>
    /// <returns>The file and the other fields; or what is wrong, and then nothing stays in the store.</returns>
    public async Task<(IncomingFile? File, Dictionary<string, string> Fields, ProblemHttpResult? Problem)> ReadAsync(
        HttpRequest request,
        StorageRoom room,
        CancellationToken cancellationToken)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var limit = Math.Min(options.Value.MaxFileBytes, room.Left);
        if (request.ContentLength > limit + Overhead)
            return (null, fields, TooLarge(limit, room));
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 } boundary)
            return (null, fields, DocumentProblems.FileMissing());

        // The limit here is the file's, told in words; the server's own would cut the connection.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body)
            body.MaxRequestBodySize = null;

        IncomingFile? file = null;
        var isComplete = false;
        try
        {
            var reader = new MultipartReader(boundary, request.Body);
            for (var part = 0; await reader.ReadNextSectionAsync(cancellationToken) is { } section; part++)
            {
                if (part == MaxParts)
                    throw new InvalidDataException($"more than {MaxParts} parts");
                if (section.GetContentDispositionHeader() is not { } disposition)
                    continue;
                var name = HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "";
                if (name == FilePart && file is null)
                    file = await SaveAsync(section, disposition, limit, cancellationToken);
                else if (!disposition.IsFileDisposition())
                    fields[name] = await FieldAsync(section.Body, cancellationToken);
            }

            isComplete = file is not null;
            return (file, fields, isComplete ? null : DocumentProblems.FileMissing());
        }
        catch (FileTooLargeException e)
        {
            return (null, fields, TooLarge(e.Limit, room));
        }
        catch (Exception e) when (e is InvalidDataException or IOException && !cancellationToken.IsCancellationRequested)
        {
            return (null, fields, DocumentProblems.FileMissing());
        }
        finally
        {
            if (!isComplete && file is not null)
                files.Delete(file.Stored.Key);
        }
    }

    private static ProblemHttpResult TooLarge(long limit, StorageRoom room) =>
        limit == room.Left ? QuotaProblems.Exceeded(room.Excess) : DocumentProblems.FileTooLarge(limit);

    private async Task<IncomingFile> SaveAsync(
        MultipartSection section,
        ContentDispositionHeaderValue disposition,
        long limit,
        CancellationToken cancellationToken)
    {
        var name = disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName;
        var fileName = Tidy(HeaderUtilities.RemoveQuotes(name).Value ?? "");
        var stored = await files.SaveAsync(section.Body, limit, cancellationToken);
        return new IncomingFile(stored, fileName, section.ContentType);
    }

    /// <summary>The last part of a path of any system, without characters that do not show, not too long.</summary>
    private static string Tidy(string fileName)
    {
        var name = string.Concat(fileName[(fileName.LastIndexOfAny(['/', '\\']) + 1)..].Where(c => !char.IsControl(c))).Trim();
        return name.Length <= MaxFileName ? name : name[^MaxFileName..];
    }

    private static async Task<string> FieldAsync(Stream body, CancellationToken cancellationToken)
    {
        var bytes = new byte[MaxFieldBytes + 1];
        var read = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        return read <= MaxFieldBytes
            ? Encoding.UTF8.GetString(bytes, 0, read).Trim()
            : throw new InvalidDataException($"a field of more than {MaxFieldBytes} bytes");
    }
}
