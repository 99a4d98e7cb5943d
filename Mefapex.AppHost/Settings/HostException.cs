namespace Mefapex.AppHost.Settings;

/// <summary>Something a person can mend before the topology can run.</summary>
internal sealed class HostException(string message, string remedy) : Exception(message)
{
    public string Remedy { get; } = remedy;
}
