using System.Diagnostics;
using OpenTelemetry;

namespace Mefapex.ServiceDefaults;

/// <summary>Takes off spans what says who a caller is or what they typed into an address.</summary>
internal sealed class PersonalTags : BaseProcessor<Activity>
{
    private static readonly string[] Tags = ["url.query", "user_agent.original", "client.address", "network.peer.address"];

    public override void OnEnd(Activity data)
    {
        foreach (var tag in Tags)
            data.SetTag(tag, null);
    }
}
