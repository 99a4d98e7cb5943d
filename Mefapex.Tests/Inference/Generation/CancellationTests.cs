using Mefapex.Inference.Generation;
using Microsoft.Extensions.AI;

namespace Mefapex.Tests.Inference.Generation;

public sealed class CancellationTests : IDisposable
{
    private static readonly string LongText = new('a', 500);

    private readonly EchoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_call_cancelled_between_tokens_frees_the_generator_before_it_returns()
    {
        using var cancellation = new CancellationTokenSource();
        var armedAt = int.MaxValue;
        var generatorsAtCancellation = 0;
        OnnxChatClient? client = null;
        var time = new HookedTime(look =>
        {
            if (look != Volatile.Read(ref armedAt))
                return;
            generatorsAtCancellation = client!.LiveGenerators;
            cancellation.Cancel();
        });
        using (client = _folder.Load(new OnnxChatClientOptions { TimeLimit = TimeSpan.FromHours(1) }, time))
        {
            var before = time.Looks;
            Volatile.Write(ref armedAt, before + 20);

            await Should.ThrowAsync<OperationCanceledException>(() => client.GetResponseAsync(
                LongText, new ChatOptions { MaxOutputTokens = 500 }, cancellation.Token));

            generatorsAtCancellation.ShouldBe(1);
            client.LiveGenerators.ShouldBe(0);
            time.Looks.ShouldBe(before + 20 + 1);
            (await client.GetResponseAsync("sonraki", cancellationToken: TestContext.Current.CancellationToken)).Text.ShouldBe("sonraki");
        }
    }

    [Fact]
    public async Task A_prompt_is_left_between_its_parts()
    {
        using var cancellation = new CancellationTokenSource();
        var armedAt = int.MaxValue;
        var time = new HookedTime(look =>
        {
            if (look == Volatile.Read(ref armedAt))
                cancellation.Cancel();
        });
        using var client = _folder.Load(new OnnxChatClientOptions { TimeLimit = TimeSpan.FromHours(1) }, time);
        var before = time.Looks;
        Volatile.Write(ref armedAt, before + 3);

        await Should.ThrowAsync<OperationCanceledException>(() => client.GetResponseAsync(LongText, cancellationToken: cancellation.Token));

        // Slot, start, first part; then no other part, and the slot given back.
        time.Looks.ShouldBe(before + 4);
        client.LiveGenerators.ShouldBe(0);
    }

    [Fact]
    public async Task A_call_cancelled_beforehand_generates_nothing()
    {
        using var client = _folder.Load();
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => client.GetResponseAsync("a", cancellationToken: cancellation.Token));

        client.LiveGenerators.ShouldBe(0);
        (await client.GetResponseAsync("a", cancellationToken: TestContext.Current.CancellationToken)).Text.ShouldBe("a");
    }

    [Fact]
    public async Task A_stream_that_is_left_or_cancelled_frees_the_generator()
    {
        using var client = _folder.Load();
        using var cancellation = new CancellationTokenSource();

        await foreach (var update in client.GetStreamingResponseAsync(LongText, cancellationToken: TestContext.Current.CancellationToken))
        {
            update.Text.ShouldBe("a");
            client.LiveGenerators.ShouldBe(1);
            break;
        }

        client.LiveGenerators.ShouldBe(0);
        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in client.GetStreamingResponseAsync(LongText, cancellationToken: cancellation.Token))
                await cancellation.CancelAsync();
        });
        client.LiveGenerators.ShouldBe(0);
    }

    [Fact]
    public async Task After_200_generations_of_which_half_are_cancelled_no_generator_is_left()
    {
        using var client = _folder.Load(new OnnxChatClientOptions { MaxConcurrent = 4, MaxQueued = 200, MaxWait = TimeSpan.FromMinutes(5) });

        var answered = await Task.WhenAll(Enumerable.Range(0, 200).Select(async number =>
        {
            using var cancellation = new CancellationTokenSource();
            var text = "";
            try
            {
                await foreach (var update in client.GetStreamingResponseAsync($"soru {number} {LongText[..40]}", cancellationToken: cancellation.Token))
                {
                    text += update.Text;
                    if (number % 2 == 0 && text.Length == 5 + (number % 7))
                        await cancellation.CancelAsync();
                }

                return text == $"soru {number} {LongText[..40]}";
            }
            catch (OperationCanceledException)
            {
                text.Length.ShouldBe(5 + (number % 7));
                return false;
            }
        }));

        answered.Count(whole => whole).ShouldBe(100);
        client.LiveGenerators.ShouldBe(0);
        (await client.GetResponseAsync("son", cancellationToken: TestContext.Current.CancellationToken)).Text.ShouldBe("son");
    }

    [Fact]
    public async Task Cancelling_at_any_moment_harms_nothing()
    {
        using var client = _folder.Load();
        var random = new Random(11);
        var cancelled = 0;
        for (var round = 0; round < 200; round++)
        {
            using var cancellation = new CancellationTokenSource();
            var answer = client.GetResponseAsync(LongText, new ChatOptions { MaxOutputTokens = 50 }, cancellation.Token);
            Thread.SpinWait(random.Next(200_000));
            await cancellation.CancelAsync();
            try
            {
                (await answer).Text.ShouldBe(LongText[..50]);
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }

            client.LiveGenerators.ShouldBe(0);
        }

        cancelled.ShouldBeGreaterThan(0);
        (await client.GetResponseAsync("son", cancellationToken: TestContext.Current.CancellationToken)).Text.ShouldBe("son");
    }

    [Fact]
    public async Task A_client_disposed_during_an_answer_ends_it_and_takes_no_other()
    {
        var client = _folder.Load();
        var text = "";
        await foreach (var update in client.GetStreamingResponseAsync("abc", cancellationToken: TestContext.Current.CancellationToken))
        {
            client.Dispose();
            text += update.Text;
        }

        text.ShouldBe("abc");
        client.LiveGenerators.ShouldBe(0);
        await Should.ThrowAsync<ObjectDisposedException>(() =>
            client.GetResponseAsync("a", cancellationToken: TestContext.Current.CancellationToken));
        client.Dispose();
    }
}
