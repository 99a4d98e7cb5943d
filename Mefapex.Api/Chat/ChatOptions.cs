using System.ComponentModel.DataAnnotations;

namespace Mefapex.Api.Chat;

/// <summary>Section <c>Chat</c>.</summary>
internal sealed class ChatOptions
{
    public const string Section = "Chat";

    /// <summary>How long an event stream or a socket is quiet before something is sent to keep it open.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00")]
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Questions of one socket that wait while another is answered; one more is refused.</summary>
    [Range(1, 100)]
    public int SocketQueue { get; init; } = 8;

    /// <summary>The least probability at which the answer to a suggested question must be right.</summary>
    [Range(0.0, 1.0)]
    public double SuggestAt { get; init; } = 0.6;

    /// <summary>What a page may wait while suggestions are tried.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan SuggestionPatience { get; init; } = TimeSpan.FromSeconds(2);
}
