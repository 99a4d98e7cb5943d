using System.ComponentModel;
using Mefapex.AppHost.Processes;

namespace Mefapex.AppHost.Full;

/// <summary>Whether containers can be run here: a client program alone is not enough, its engine must answer.</summary>
internal static class ContainerEngine
{
    public static async Task<bool> AnswersAsync() => await AnswersAsync("docker") || await AnswersAsync("podman");

    private static async Task<bool> AnswersAsync(string client)
    {
        if (Tool.Find(client) is not { } program)
            return false;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            return (await Tool.RunAsync(new Command(program, ["ps", "--quiet"]), input: null, patience.Token)).ExitCode == 0;
        }
        catch (Exception e) when (e is OperationCanceledException or Win32Exception)
        {
            return false;
        }
    }
}
