using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Microsoft.Extensions.Caching.Memory;

namespace Mefapex.Web.Chat;

/// <summary>What a page showed when it was prerendered.</summary>
internal sealed record LoadedChat(Page<ConversationSummary> Conversations, ChatThread? Thread);

/// <summary>
/// Passes what prerendering loaded to the circuit that continues the page. It stays on the server: sent along with the
/// page, a long conversation would double the page and exceed what the circuit accepts in one message.
/// </summary>
internal sealed class ChatHandover(IMemoryCache cache)
{
    /// <summary>Time for a slow browser to start its circuit.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public string Leave(LoadedChat chat)
    {
        var key = Guid.NewGuid().ToString("N");
        cache.Set((typeof(ChatHandover), key), chat, Patience);
        return key;
    }

    /// <summary>What was left under the key, once; null where nothing is left.</summary>
    public LoadedChat? Take(string? key)
    {
        if (key is null || !cache.TryGetValue((typeof(ChatHandover), key), out LoadedChat? chat))
            return null;

        cache.Remove((typeof(ChatHandover), key));
        return chat;
    }
}
