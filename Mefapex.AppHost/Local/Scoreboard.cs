using Mefapex.AppHost.State;

namespace Mefapex.AppHost.Local;

/// <summary>Knows where each resource stands and writes it to the state file at every change.</summary>
internal sealed class Scoreboard(TopologyState initial, string file)
{
    private readonly Lock _gate = new();
    private TopologyState _state = initial;

    public TopologyState State
    {
        get
        {
            lock (_gate)
                return _state;
        }
    }

    public void Change(string name, Func<ResourceState, ResourceState> change)
    {
        lock (_gate)
        {
            _state = _state with
            {
                Resources = [.. _state.Resources.Select(r => string.Equals(r.Name, name, StringComparison.Ordinal) ? change(r) : r)],
            };
            _state.Write(file);
        }
    }

    /// <summary>Nothing runs any more.</summary>
    public void Clear()
    {
        lock (_gate)
            File.Delete(file);
    }
}
