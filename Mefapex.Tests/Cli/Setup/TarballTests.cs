using System.Formats.Tar;
using System.IO.Compression;
using Mefapex.Cli;

namespace Mefapex.Tests.Cli.Setup;

public sealed class TarballTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Wanted_files_are_unpacked_below_the_folder_with_their_modes()
    {
        Write(("package/bin/run", true), ("package/readme", false));

        await UnpackAsync(name => name.StartsWith("bin/", StringComparison.Ordinal));

        File.Exists(_folder["out/readme"]).ShouldBeFalse();
        File.Exists(_folder["out/bin/run"]).ShouldBeTrue();
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(_folder["out/bin/run"]).HasFlag(UnixFileMode.UserExecute).ShouldBeTrue();
    }

    [Fact]
    public async Task A_file_that_would_land_outside_the_folder_is_refused()
    {
        Write(("package/../../escaped", false));

        await Should.ThrowAsync<InvalidDataException>(() => UnpackAsync(_ => true));

        File.Exists(_folder["escaped"]).ShouldBeFalse();
    }

    public void Dispose() => _folder.Dispose();

    private Task UnpackAsync(Predicate<string> wanted) =>
        Tarball.UnpackAsync(_folder["a.tgz"], _folder["out"], wanted, TestContext.Current.CancellationToken);

    private void Write(params (string Name, bool Executable)[] files)
    {
        using var gzip = new GZipStream(File.Create(_folder["a.tgz"]), CompressionLevel.Fastest);
        using var tar = new TarWriter(gzip);
        foreach (var (name, executable) in files)
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
            {
                DataStream = new MemoryStream([1, 2, 3]),
                Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | (executable ? UnixFileMode.UserExecute : UnixFileMode.None),
            });
        }
    }
}
