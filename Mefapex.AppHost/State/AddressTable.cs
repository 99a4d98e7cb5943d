using System.Text;
using Mefapex.AppHost.Settings;

namespace Mefapex.AppHost.State;

/// <summary>Where everything is to be found, as plain text.</summary>
internal static class AddressTable
{
    public static string Render(TopologyState? state, HostSettings settings)
    {
        var text = new StringBuilder();
        foreach (var resource in (state?.Resources ?? []).Where(resource => resource.Url is not null))
        {
            var place = resource.Phase == ResourcePhase.Skipped ? $"left out: {resource.Reason}" : resource.Url;
            text.Append(null, $"  {resource.Name,-10} {place}\n");
        }

        return text.Append(null, $"  {"logs",-10} {settings.Logs}\n")
            .Append("Ctrl+C or ./mefapex down stops it; the data stays.")
            .ToString();
    }
}
