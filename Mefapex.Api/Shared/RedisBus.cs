using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Mefapex.Api.Shared;

/// <summary>
/// The bus over Redis. The client subscribes again by itself after a break and tells nobody, so this one sends itself a mark
/// now and then: a mark that does not come, or a break in between, means that messages may have been lost.
/// </summary>
internal sealed class RedisBus(RedisConnection redis, IOptions<RedisOptions> options, TimeProvider time, ILogger<RedisBus> logger)
    : BackgroundService, IReplicaBus
{
    private const string Marks = "mark";

    private readonly BusSubscribers _subscribers = new(logger);
    private readonly RedisChannel _channel = new(options.Value.Prefix + "bus", RedisChannel.PatternMode.Literal);
    private readonly string _replica = Guid.NewGuid().ToString("N");
    private TaskCompletionSource<string> _marked = NewMark();

    public async Task PublishAsync(string channel, string message, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Length, BusChannels.MaxMessage, nameof(message));
        try
        {
            await redis.AskAsync(database => database.PublishAsync(_channel, $"{channel} {message}"), cancellationToken);
        }
        catch (RedisAwayException e)
        {
            throw new BusAwayException(e.Message, e);
        }
    }

    public IDisposable Subscribe(string channel, Action<string> handler, Action? missed = null) =>
        _subscribers.Add(channel, handler, missed);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!redis.IsConfigured)
            return;
        await redis.SubscribeAsync(_channel, Heard, stoppingToken);
        var (isGap, breaksBefore) = (false, redis.Breaks);
        while (true)
        {
            var breaks = redis.Breaks;
            isGap |= breaks != breaksBefore;
            if (!await IsHeardAsync(stoppingToken))
            {
                isGap = true;
            }
            else if (isGap)
            {
                (isGap, breaksBefore) = (false, breaks);
                _subscribers.Missed();
            }

            await Task.Delay(options.Value.ProbeInterval, time, stoppingToken);
        }
    }

    private async Task<bool> IsHeardAsync(CancellationToken cancellationToken)
    {
        var mark = $"{_replica}{Guid.NewGuid():N}";
        var marked = _marked = NewMark();
        try
        {
            await PublishAsync(Marks, mark, cancellationToken);
            return await marked.Task.WaitAsync(options.Value.ProbeInterval, time, cancellationToken) == mark;
        }
        catch (Exception e) when (e is BusAwayException or TimeoutException)
        {
            return false;
        }
    }

    private void Heard(string payload)
    {
        if (payload.IndexOf(' ', StringComparison.Ordinal) is not (> 0 and var end))
            return;
        var (channel, message) = (payload[..end], payload[(end + 1)..]);
        if (channel != Marks)
            _subscribers.Deliver(channel, message);
        else if (message.StartsWith(_replica, StringComparison.Ordinal))
            _marked.TrySetResult(message);
    }

    private static TaskCompletionSource<string> NewMark() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
