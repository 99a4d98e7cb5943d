using System.Runtime.CompilerServices;
using Mefapex.Inference.Serving;
using Microsoft.Extensions.AI;

namespace Mefapex.Inference.Generation;

/// <summary>The language model of a slot: loaded by the first call, and not unloaded while a call lasts.</summary>
/// <param name="modelId">The name by which metadata call the model before it is loaded.</param>
public sealed class LeasedChatClient(ModelSlot<OnnxChatClient> slot, string modelId) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("mefapex", null, modelId);

    /// <inheritdoc/>
    /// <exception cref="ModelUnavailableException">The model cannot be loaded.</exception>
    /// <remarks>The other errors are those of <see cref="OnnxChatClient.GetResponseAsync"/>.</remarks>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var lease = await slot.AcquireAsync(cancellationToken);
        return await lease.Model.GetResponseAsync(messages, options, cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="ModelUnavailableException">The model cannot be loaded.</exception>
    /// <remarks>The other errors are those of <see cref="OnnxChatClient.GetStreamingResponseAsync"/>.</remarks>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var lease = await slot.AcquireAsync(cancellationToken);
        await foreach (var update in lease.Model.GetStreamingResponseAsync(messages, options, cancellationToken))
            yield return update;
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        if (serviceType == typeof(ChatClientMetadata))
            return _metadata;
        return serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Does nothing: the model belongs to the slot.</summary>
    public void Dispose()
    {
    }
}
