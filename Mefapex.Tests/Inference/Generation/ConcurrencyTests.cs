using Mefapex.Inference.Generation;
using Mefapex.Inference.Serving;
using Microsoft.Extensions.AI;

namespace Mefapex.Tests.Inference.Generation;

public sealed class ConcurrencyTests : IDisposable
{
    private readonly EchoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Beyond_slots_and_queue_a_call_is_refused_at_once()
    {
        using var client = _folder.Load(new OnnxChatClientOptions { MaxConcurrent = 1, MaxQueued = 0 });
        await using var running = await StartAsync(client);

        var exception = await Should.ThrowAsync<ModelBusyException>(() =>
            client.GetResponseAsync("a", cancellationToken: TestContext.Current.CancellationToken));

        exception.Cause.ShouldBe(BusyCause.QueueFull);
        exception.Message.ShouldContain("answers 1 requests at once and 0 wait");
        exception.RetryAfter.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
        await running.DisposeAsync();
        (await client.GetResponseAsync("a", cancellationToken: TestContext.Current.CancellationToken)).Text.ShouldBe("a");
    }

    [Fact]
    public async Task A_wait_that_is_too_long_ends_as_busy()
    {
        using var client = _folder.Load(new OnnxChatClientOptions { MaxConcurrent = 1, MaxQueued = 1, MaxWait = TimeSpan.FromMilliseconds(1) });
        await using var running = await StartAsync(client);

        await Should.ThrowAsync<ModelBusyException>(() =>
            client.GetResponseAsync("a", cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Whoever_waits_is_served_when_a_slot_is_free_and_whoever_gives_up_leaves_the_queue()
    {
        using var client = _folder.Load(new OnnxChatClientOptions { MaxConcurrent = 1, MaxQueued = 1, MaxWait = TimeSpan.FromMinutes(5) });
        using var cancellation = new CancellationTokenSource();
        var running = await StartAsync(client);

        var givingUp = client.GetResponseAsync("b", cancellationToken: cancellation.Token);
        await Should.ThrowAsync<ModelBusyException>(() =>
            client.GetResponseAsync("c", cancellationToken: TestContext.Current.CancellationToken));
        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => givingUp);
        var waiting = client.GetResponseAsync("d", cancellationToken: TestContext.Current.CancellationToken);
        waiting.IsCompleted.ShouldBeFalse();
        await running.DisposeAsync();

        (await waiting).Text.ShouldBe("d");
    }

    [Fact]
    public async Task Answers_generated_at_once_do_not_mix()
    {
        using var client = _folder.Load(new OnnxChatClientOptions { MaxConcurrent = 4, MaxQueued = 100, MaxWait = TimeSpan.FromMinutes(5) });
        string[] texts = [.. Enumerable.Range(0, 40).Select(number => $"soru numarası {number}: çay ☕ {new string((char)('a' + (number % 26)), 30)}")];

        var answers = await Task.WhenAll(texts.Select(text =>
            client.GetResponseAsync(text, cancellationToken: TestContext.Current.CancellationToken)));

        answers.Select(answer => answer.Text).ShouldBe(texts);
    }

    /// <summary>An answer that has begun and holds its slot until it is disposed.</summary>
    private static async Task<IAsyncEnumerator<ChatResponseUpdate>> StartAsync(OnnxChatClient client)
    {
        var updates = client.GetStreamingResponseAsync("bu yanıt sürüyor", cancellationToken: TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        (await updates.MoveNextAsync()).ShouldBeTrue();
        return updates;
    }
}
