using System.Diagnostics.Metrics;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Shared;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Api.Knowledge.Answers;

public sealed class AnswerCacheTests
{
    private static readonly Guid Tenant = Guid.Parse("11111111-1111-1111-1111-111111111111");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_equal_question_is_worked_out_once_and_then_flagged_as_cached()
    {
        var (cache, calls) = (Cache(), 0);

        var first = await cache.GetAsync(Key("izin"), _ => Work(ref calls, "a"), Always, Cancellation);
        var second = await cache.GetAsync(Key("izin"), _ => Work(ref calls, "b"), Always, Cancellation);

        calls.ShouldBe(1);
        first.Cached.ShouldBeFalse();
        second.ShouldBe(first with { Cached = true });
    }

    public static TheoryData<string> Differences =>
        ["tenant", "version", "reader", "language", "day", "models", "diacritics", "follow-up"];

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task What_an_answer_depends_on_keeps_answers_apart(string difference)
    {
        var (cache, calls) = (Cache(), 0);
        var key = Key("kur");
        var other = difference switch
        {
            "tenant" => key with { TenantId = Guid.NewGuid() },
            "version" => key with { KnowledgeVersion = 2 },
            "reader" => key with { Reader = "group:bakim" },
            "language" => key with { Language = "en" },
            "day" => key with { Today = key.Today.AddDays(1) },
            "models" => key with { Models = "other" },
            "diacritics" => key with { Question = "kür" },
            _ => key with { FollowUp = "Servis: kur" },
        };

        await cache.GetAsync(key, _ => Work(ref calls, "a"), Always, Cancellation);
        (await cache.GetAsync(other, _ => Work(ref calls, "b"), Always, Cancellation)).Response.ShouldBe("b");
        calls.ShouldBe(2);
    }

    [Fact]
    public async Task Newer_knowledge_empties_the_tenants_answers_and_no_other_ones()
    {
        var (cache, calls) = (Cache(), 0);
        var neighbour = Key("izin") with { TenantId = Guid.NewGuid() };
        await cache.GetAsync(Key("izin"), _ => Work(ref calls, "a"), Always, Cancellation);
        await cache.GetAsync(Key("servis"), _ => Work(ref calls, "a"), Always, Cancellation);
        await cache.GetAsync(neighbour, _ => Work(ref calls, "a"), Always, Cancellation);

        await cache.GetAsync(Key("izin") with { KnowledgeVersion = 2 }, _ => Work(ref calls, "b"), Always, Cancellation);

        cache.Size.Answers.ShouldBe(2);
        (await cache.GetAsync(neighbour, _ => Work(ref calls, "c"), Always, Cancellation)).Response.ShouldBe("a");
    }

    [Fact]
    public async Task An_answer_of_older_knowledge_that_lands_late_is_not_kept()
    {
        var (cache, calls) = (Cache(), 0);
        var slow = new TaskCompletionSource<AnswerResult>();
        var late = cache.GetAsync(Key("izin"), _ => slow.Task, Always, Cancellation);
        await cache.GetAsync(Key("izin") with { KnowledgeVersion = 2 }, _ => Work(ref calls, "new"), Always, Cancellation);

        slow.SetResult(Result("old"));
        (await late).Response.ShouldBe("old");

        cache.Size.Answers.ShouldBe(1);
    }

    [Fact]
    public async Task Answers_that_must_not_be_kept_are_worked_out_each_time()
    {
        var (cache, calls) = (Cache(), 0);

        await cache.GetAsync(Key("izin"), _ => Work(ref calls, "a"), _ => false, Cancellation);
        await cache.GetAsync(Key("izin"), _ => Work(ref calls, "b"), _ => false, Cancellation);

        calls.ShouldBe(2);
        cache.Size.ShouldBe((0, 0));
    }

    [Fact]
    public async Task Equal_questions_that_come_at_once_share_the_work()
    {
        var (cache, calls) = (Cache(), 0);
        var slow = new TaskCompletionSource<AnswerResult>();
        var waiting = Enumerable.Range(0, 20)
            .Select(_ => cache.GetAsync(Key("izin"), _ => { Interlocked.Increment(ref calls); return slow.Task; }, Always, Cancellation))
            .ToList();

        slow.SetResult(Result("a"));

        (await Task.WhenAll(waiting)).ShouldAllBe(r => r.Response == "a");
        calls.ShouldBe(1);
    }

    [Fact]
    public async Task Work_goes_on_while_someone_waits_for_it_and_stops_when_nobody_does()
    {
        var cache = Cache();
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var given = CancellationToken.None;
        async Task<AnswerResult> Endless(CancellationToken token)
        {
            given = token;
            await Task.Delay(Timeout.Infinite, token);
            return Result("never");
        }

        var one = cache.GetAsync(Key("izin"), Endless, Always, first.Token);
        var two = cache.GetAsync(Key("izin"), Endless, Always, second.Token);

        await first.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => one);
        given.IsCancellationRequested.ShouldBeFalse();
        await second.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => two);
        given.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public async Task A_failure_reaches_everyone_and_is_not_kept()
    {
        var (cache, calls) = (Cache(), 0);

        await Should.ThrowAsync<InvalidDataException>(
            () => cache.GetAsync(Key("izin"), _ => throw new InvalidDataException(), Always, Cancellation));

        (await cache.GetAsync(Key("izin"), _ => Work(ref calls, "a"), Always, Cancellation)).Response.ShouldBe("a");
    }

    [Fact]
    public async Task The_least_used_answers_go_first_when_there_are_too_many()
    {
        var (cache, calls) = (Cache(maxAnswers: 2), 0);
        await cache.GetAsync(Key("a"), _ => Work(ref calls, "a"), Always, Cancellation);
        await cache.GetAsync(Key("b"), _ => Work(ref calls, "b"), Always, Cancellation);
        await cache.GetAsync(Key("a"), _ => Work(ref calls, "a"), Always, Cancellation);

        await cache.GetAsync(Key("c"), _ => Work(ref calls, "c"), Always, Cancellation);

        cache.Size.Answers.ShouldBe(2);
        (await cache.GetAsync(Key("a"), _ => Work(ref calls, "new"), Always, Cancellation)).Cached.ShouldBeTrue();
        (await cache.GetAsync(Key("b"), _ => Work(ref calls, "new"), Always, Cancellation)).Cached.ShouldBeFalse();
    }

    [Fact]
    public async Task Answers_take_no_more_bytes_than_they_may()
    {
        var (cache, calls) = (Cache(maxBytes: 50_000), 0);

        for (var i = 0; i < 100; i++)
            await cache.GetAsync(Key($"q{i}"), _ => Work(ref calls, new string('a', 1000)), Always, Cancellation);
        await cache.GetAsync(Key("big"), _ => Work(ref calls, new string('a', 40_000)), Always, Cancellation);

        cache.Size.Bytes.ShouldBeInRange(1, 50_000);
        cache.Size.Answers.ShouldBeInRange(5, 30);
    }

    [Fact]
    public async Task What_another_process_answered_is_taken_over_whole_and_forgotten_with_the_rest()
    {
        using var shared = new MemorySharedCache(TimeProvider.System);
        var (first, second, calls) = (Cache(shared: shared), Cache(shared: shared), 0);
        var whole = Result("a") with
        {
            Understood = "izin kaç gün",
            Sources = [new AnswerSource("izin", "İzin", "entry", 0.9, "ik", "İK", new DateOnly(2026, 1, 1))],
            Why = Result("a").Why with
            {
                Context = new ConversationContext("izin", "izin", null),
                Reader = ["member"],
                Today = new DateOnly(2026, 11, 21),
                Sentences = [new WhySentence("Evet.", IsSupported: true)],
                Thresholds = new AnswerOptions { PassageAt = 0.123 },
                Timings = new Dictionary<string, double>(StringComparer.Ordinal) { ["search"] = 1.5 },
            },
        };
        await first.GetAsync(Key("izin"), _ => Task.FromResult(whole), Always, Cancellation);

        var taken = await second.GetAsync(Key("izin"), _ => Work(ref calls, "b"), Always, Cancellation);
        var again = await second.GetAsync(Key("izin"), _ => Work(ref calls, "b"), Always, Cancellation);

        calls.ShouldBe(0);
        Json(taken).ShouldBe(Json(whole with { Cached = true }));
        Json(again).ShouldBe(Json(taken));
        foreach (var other in new[] { Key("izin") with { Reader = "editor" }, Key("izin") with { FollowUp = "izin" }, Key("İzin") })
            (await second.GetAsync(other, _ => Work(ref calls, "b"), Always, Cancellation)).Response.ShouldBe("b");

        await shared.RemoveAllAsync("answers:", Cancellation);
        second.Clear(Tenant).ShouldBe(4);
        (await second.GetAsync(Key("izin"), _ => Work(ref calls, "new"), Always, Cancellation)).Response.ShouldBe("new");
    }

    [Fact]
    public async Task What_is_under_way_while_the_cache_is_cleared_is_not_kept()
    {
        var (cache, calls) = (Cache(), 0);
        var slow = new TaskCompletionSource<AnswerResult>();
        var waiting = cache.GetAsync(Key("izin"), _ => slow.Task, Always, Cancellation);
        cache.Clear(tenantId: null);
        slow.SetResult(Result("old"));
        (await waiting).Response.ShouldBe("old");

        (await cache.GetAsync(Key("izin"), _ => Work(ref calls, "new"), Always, Cancellation)).Response.ShouldBe("new");
    }

    private static string Json(AnswerResult result) => System.Text.Json.JsonSerializer.Serialize(result, WireJson.Options);

    private static bool Always(AnswerResult answer) => true;

    private static Task<AnswerResult> Work(ref int calls, string response)
    {
        calls++;
        return Task.FromResult(Result(response));
    }

    private static AnswerCache Cache(int maxAnswers = 100, long maxBytes = 1_000_000, ISharedCache? shared = null)
    {
        var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        return new AnswerCache(
            Options.Create(new AnswerCacheOptions { MaxAnswers = maxAnswers, MaxBytes = maxBytes }),
            new AnswerMetrics(services.GetRequiredService<IMeterFactory>()),
            new SharedAnswers(
                shared ?? new MemorySharedCache(TimeProvider.System), isOn: shared is not null, Options.Create(new AnswerOptions())));
    }

    private static AnswerKey Key(string question) => new(Tenant, 1, "", "tr", new DateOnly(2026, 11, 21), "model", question, null);

    private static AnswerResult Result(string response) => new()
    {
        Response = response,
        Source = "knowledge",
        Decision = Decision.Answer,
        Sources = [],
        Confidence = 1,
        Language = "tr",
        Degradation = Degradation.NoGenerator,
        Why = new AnswerWhy
        {
            FoldedQuestion = response,
            Language = "tr",
            Decision = Decision.Answer,
            Degradation = Degradation.NoGenerator,
            Timings = new Dictionary<string, double>(),
        },
    };
}
