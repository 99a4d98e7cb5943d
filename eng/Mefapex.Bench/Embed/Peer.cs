using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Mefapex.Bench.Measuring;

namespace Mefapex.Bench.Embed;

/// <summary>transformers.js with onnxruntime-node in a process of its own (<c>eng/peer/time.mjs</c>).</summary>
internal sealed class Peer : IDisposable
{
    /// <summary>Variable with the folder that <c>./mefapex bench embed</c> installed it in.</summary>
    public const string FolderVariable = "MEFAPEX_PEER";

    private readonly Process _process;

    private Peer(Process process) => _process = process;

    public static Peer Start()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } set
            ? set
            : throw new BenchException("The peer is not installed; run ./mefapex bench embed, or add --no-peer.");
        var start = new ProcessStartInfo("node", [Path.Combine(folder, "time.mjs")])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        return new Peer(Process.Start(start)!);
    }

    /// <summary>Milliseconds for each batch, as the peer's own clock saw them.</summary>
    public async Task<(double[] Milliseconds, double ResidentMb)> TimeAsync(
        string folder, string[][] batches, TimeSpan budget, CancellationToken cancellationToken)
    {
        var request = JsonSerializer.Serialize(
            new { folder, pooling = "mean", batches, budgetMs = budget.TotalMilliseconds });
        await _process.StandardInput.WriteLineAsync(request.AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        var line = await _process.StandardOutput.ReadLineAsync(cancellationToken)
            ?? throw new BenchException("The peer ended; its messages stand above.");
        using var answer = JsonDocument.Parse(line);
        if (answer.RootElement.TryGetProperty("error", out var error))
            throw new BenchException($"The peer failed: {error}");
        return (
            [.. answer.RootElement.GetProperty("ms").EnumerateArray().Select(value => value.GetDouble())],
            answer.RootElement.GetProperty("residentMb").GetDouble());
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
