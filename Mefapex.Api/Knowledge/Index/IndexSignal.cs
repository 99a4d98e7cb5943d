using System.Threading.Channels;

namespace Mefapex.Api.Knowledge.Index;

/// <summary>Tells <see cref="KnowledgeIndexer"/> that vectors are missing or stale; signals before it looks are one.</summary>
internal sealed class IndexSignal
{
    private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _channel.Writer.TryWrite(true);

    /// <summary>Returns at the next signal, or at the one that nobody has waited for yet.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken) => await _channel.Reader.ReadAsync(cancellationToken);
}
