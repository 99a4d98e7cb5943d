using System.IO.Compression;
using System.Xml;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>The zip file that an office document is, opened with bounds on what it may unpack to.</summary>
internal sealed class OfficePackage : IDisposable
{
    private const int MaxEntries = 10_000;

    /// <summary>Small parts may be as repetitive as they like.</summary>
    private const long FreeBytes = 1024 * 1024;

    private static readonly XmlReaderSettings XmlSettings = new()
    {
        Async = true,
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    private readonly ZipArchive _zip;
    private long _left;

    private OfficePackage(ZipArchive zip, long maxUnpacked) => (_zip, _left) = (zip, maxUnpacked);

    /// <exception cref="UnreadableFileException">It is no zip file, or would unpack to too much.</exception>
    public static OfficePackage Open(string path, IngestionOptions options)
    {
        if (EntriesIn(path) is > MaxEntries and var entries)
            throw new UnreadableFileException(FileProblem.ZipBomb, $"{entries} parts");
        ZipArchive? zip = null;
        try
        {
            zip = ZipFile.OpenRead(path);
            var (packed, unpacked) = (zip.Entries.Sum(e => e.CompressedLength), zip.Entries.Sum(e => e.Length));
            if (unpacked > options.MaxUnpackedBytes || (unpacked > FreeBytes && unpacked / Math.Max(packed, 1) > options.MaxUnpackRatio))
                throw new UnreadableFileException(FileProblem.ZipBomb, $"{packed} bytes would unpack to {unpacked}");
            return new OfficePackage(zip, options.MaxUnpackedBytes);
        }
        catch (InvalidDataException e)
        {
            zip?.Dispose();
            throw new UnreadableFileException(FileProblem.Corrupt, e.Message, e);
        }
        catch
        {
            zip?.Dispose();
            throw;
        }
    }

    /// <summary><c>docx</c>, <c>xlsx</c> or <c>zip</c>.</summary>
    public static string KindOf(string path, IngestionOptions options)
    {
        using var package = Open(path, options);
        return package.Has("word/document.xml") ? "docx" : package.Has("xl/workbook.xml") ? "xlsx" : "zip";
    }

    public bool Has(string part) => _zip.GetEntry(part) is not null;

    /// <summary>Reads a part of the package as XML without a document type; null when it is not there.</summary>
    public XmlReader? Read(string part) => _zip.GetEntry(part) is { } entry
        ? XmlReader.Create(new BoundedStream(entry.Open(), this), CloseInput())
        : null;

    public void Dispose() => _zip.Dispose();

    private static XmlReaderSettings CloseInput()
    {
        var settings = XmlSettings.Clone();
        settings.CloseInput = true;
        return settings;
    }

    /// <summary>How many entries the zip file says it has, without reading their names.</summary>
    private static int EntriesIn(string path)
    {
        using var file = File.OpenRead(path);
        var tail = new byte[(int)Math.Min(file.Length, 22 + ushort.MaxValue)];
        file.Seek(-tail.Length, SeekOrigin.End);
        file.ReadExactly(tail);
        var end = tail.AsSpan().LastIndexOf("PK\u0005\u0006"u8);
        return end >= 0 && end + 12 <= tail.Length ? BitConverter.ToUInt16(tail, end + 10) : 0;
    }

    private void Take(int bytes)
    {
        _left -= bytes;
        if (_left < 0)
            throw new UnreadableFileException(FileProblem.ZipBomb, "it unpacks to more than it says");
    }

    /// <summary>Counts what really comes out, whatever the directory of the zip file says.</summary>
    private sealed class BoundedStream(Stream inner, OfficePackage package) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = inner.Read(buffer);
            package.Take(read);
            return read;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            package.Take(read);
            return read;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
