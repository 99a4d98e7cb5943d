using System.Text;

namespace Mefapex.AppHost.Local;

/// <summary>
/// A resource's output as it came. Each start of the topology begins a new file, a full one is put aside too; the two
/// before it are kept.
/// </summary>
internal sealed class LogFile : IDisposable
{
    private const int Kept = 2;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly long _limit;
    private StreamWriter _writer;
    private long _size;

    public LogFile(string path, long limit = 20 * 1024 * 1024)
    {
        _path = path;
        _limit = limit;
        _writer = Begin();
    }

    public void Write(string line)
    {
        lock (_gate)
        {
            _writer.WriteLine(line);
            _writer.Flush();
            _size += Encoding.UTF8.GetByteCount(line) + 1;
            if (_size < _limit)
                return;
            _writer.Dispose();
            _writer = Begin();
        }
    }

    public void Dispose()
    {
        lock (_gate)
            _writer.Dispose();
    }

    private StreamWriter Begin()
    {
        for (var age = Kept; age > 0; age--)
        {
            var younger = age == 1 ? _path : $"{_path}.{age - 1}";
            if (File.Exists(younger))
                File.Move(younger, $"{_path}.{age}", overwrite: true);
        }

        _size = 0;
        return new StreamWriter(_path, append: false);
    }
}
