namespace Mefapex.AppHost.State;

/// <summary>Knows where each resource stands and writes it to the state file at every change.</summary>
internal sealed class Scoreboard
{
    private readonly Lock _gate = new();
    private readonly string _file;
    private TopologyState _state;

    public Scoreboard(TopologyState initial, string file)
    {
        (_state, _file) = (initial, file);
        _state.Write(_file);
    }

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
            _state.Write(_file);
        }
    }

    /// <summary>Nothing runs any more.</summary>
    public void Clear()
    {
        lock (_gate)
            File.Delete(_file);
    }
}
