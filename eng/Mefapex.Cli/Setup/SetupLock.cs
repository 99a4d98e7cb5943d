namespace Mefapex.Cli;

/// <summary>Lets one setup at a time work in a clone. The operating system frees it when its holder dies.</summary>
internal sealed class SetupLock : IDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(250);

    private readonly FileStream _file;

    private SetupLock(FileStream file) => _file = file;

    public static async Task<SetupLock> AcquireAsync(
        string path, Terminal terminal, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var told = false; ; told = true)
        {
            try
            {
                return new SetupLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException exception) when (exception is not DirectoryNotFoundException && File.Exists(path))
            {
                if (!told)
                    terminal.Say("Another setup is at work in this clone; waiting for it to end.");
            }

            await Task.Delay(Retry, time, cancellationToken);
        }
    }

    public void Dispose() => _file.Dispose();
}
