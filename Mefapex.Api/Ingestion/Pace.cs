using Mefapex.Api.Knowledge.Answers;

namespace Mefapex.Api.Ingestion;

/// <summary>How fast one file is worked on: without rest while nobody asks questions, else for a share of the time and
/// at the cost of a bounded delay.</summary>
internal sealed class Pace(QuestionTraffic traffic, IngestionOptions options, TimeProvider time)
{
    private TimeSpan _left = options.MaxRest;
    private long _since = time.GetTimestamp();

    /// <summary>Rests in proportion to what was worked since the last rest. Call it often: nobody gives way in between.</summary>
    public async Task RestAsync(CancellationToken cancellationToken)
    {
        var worked = time.GetElapsedTime(_since);
        if (traffic.IsBusy && _left > TimeSpan.Zero)
        {
            var rest = worked * ((1 / options.BusyShare) - 1);
            rest = rest < _left ? rest : _left;
            _left -= rest;
            await Task.Delay(rest, time, cancellationToken);
        }

        _since = time.GetTimestamp();
    }
}
