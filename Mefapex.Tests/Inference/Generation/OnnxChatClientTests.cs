using System.Text;
using Mefapex.Inference.Generation;
using Mefapex.Inference.Onnx;
using Microsoft.Extensions.AI;

namespace Mefapex.Tests.Inference.Generation;

public sealed class OnnxChatClientTests : IDisposable
{
    private const double Tolerance = 1e-5;

    private readonly EchoFolder _folder = new();
    private readonly OnnxChatClient _client;

    public OnnxChatClientTests() => _client = _folder.Load();

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("Yıllık izin nasıl alınır?")]
    [InlineData("ĞÜŞİÖÇ ğüşıöç\nikinci satır\t\"tırnak\" \\ {{ süslü }} {% yüzde %}")]
    [InlineData("☕ 👍🏽 日本語 e\u0301")]
    [InlineData("1")]
    public async Task The_answer_is_exactly_what_the_model_says(string text)
    {
        var response = await AskAsync(text);

        response.Text.ShouldBe(text);
        response.FinishReason.ShouldBe(ChatFinishReason.Stop);
        response.ModelId.ShouldBe("echo");
        response.Messages.ShouldHaveSingleItem().Role.ShouldBe(ChatRole.Assistant);
    }

    [Fact]
    public async Task Usage_counts_the_template_and_the_end_token()
    {
        var response = await AskAsync("şu");

        // Two marks of the template around three bytes; three bytes and the end.
        response.Usage.ShouldNotBeNull();
        response.Usage.InputTokenCount.ShouldBe(5);
        response.Usage.OutputTokenCount.ShouldBe(4);
        response.Usage.TotalTokenCount.ShouldBe(9);
    }

    [Fact]
    public async Task The_quality_score_is_the_geometric_mean_of_the_token_probabilities()
    {
        Quality(await AskAsync("abc")).ShouldBe(EchoModelExporter.TextProbability, Tolerance);
        Quality(await AskAsync("a1")).ShouldBe(
            Math.Pow(0.9 * EchoModelExporter.DigitProbability * 0.9, 1.0 / 3), Tolerance);
        Quality(await AskAsync("1234", new ChatOptions { MaxOutputTokens = 4 })).ShouldBe(0.5, Tolerance);
    }

    [Fact]
    public async Task The_quality_score_does_not_depend_on_the_temperature()
    {
        var response = await AskAsync("1111", new ChatOptions { Temperature = 0.01f, TopK = 2, Seed = 1 });

        response.Text.ShouldBe("1111");
        Quality(response).ShouldBe(Math.Pow(0.5 * 0.5 * 0.5 * 0.5 * 0.9, 0.2), Tolerance);
    }

    [Theory]
    [InlineData(OnnxElementType.Float16, 1e-3)]
    [InlineData(OnnxElementType.BFloat16, 1e-2)]
    public async Task Logits_of_half_precision_are_measured_too(OnnxElementType type, double tolerance)
    {
        File.WriteAllBytes(_folder.File("model.onnx"), EchoModelExporter.BuildGraph(1024, type));
        using var client = _folder.Load();

        var response = await client.GetResponseAsync("a1", cancellationToken: TestContext.Current.CancellationToken);

        response.Text.ShouldBe("a1");
        Quality(response).ShouldBe(Math.Pow(0.9 * 0.5 * 0.9, 1.0 / 3), tolerance);
    }

    [Fact]
    public async Task Without_a_seed_draws_differ()
    {
        var texts = new HashSet<string>();
        for (var i = 0; i < 3; i++)
            texts.Add((await AskAsync(new string('4', 60), new ChatOptions { Temperature = 1, TopK = 2, MaxOutputTokens = 60 })).Text);

        texts.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_stream_gives_whole_characters_one_by_one()
    {
        const string text = "Şu ☕👍🏽 ış";

        var updates = await StreamAsync(_client, text);

        updates[..^1].Select(update => update.Text).ShouldBe(text.EnumerateRunes().Select(rune => rune.ToString()));
        updates[^1].Text.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_last_update_carries_finish_reason_usage_and_quality()
    {
        var updates = await StreamAsync(_client, "abc");
        var whole = updates.ToChatResponse();

        updates[..^1].ShouldAllBe(update => update.FinishReason == null && update.AdditionalProperties == null);
        updates[^1].FinishReason.ShouldBe(ChatFinishReason.Stop);
        updates[^1].AdditionalProperties![OnnxChatClient.QualityScore].ShouldBeOfType<double>().ShouldBe(0.9, Tolerance);
        updates.Select(update => update.ResponseId).Distinct().ShouldHaveSingleItem().ShouldNotBeNullOrEmpty();
        whole.Text.ShouldBe("abc");
        whole.Usage!.OutputTokenCount.ShouldBe(4);
    }

    [Theory]
    [InlineData("bir DUR iki", "bir ")]
    [InlineData("bir DU iki DUDUR üç", "bir DU iki DU")]
    [InlineData("DUR", "")]
    [InlineData("sonu DU", "sonu DU")]
    [InlineData("önce ☕ sonra", "önce ")]
    [InlineData("başka bir şey", "başka bir şey")]
    public async Task Nothing_of_a_stop_word_gets_out_though_it_is_split_over_tokens(string text, string expected)
    {
        var options = new ChatOptions { StopSequences = ["DUR", "☕"] };

        var response = await AskAsync(text, options);
        var updates = await StreamAsync(_client, text, options);

        response.Text.ShouldBe(expected);
        response.FinishReason.ShouldBe(ChatFinishReason.Stop);
        string.Concat(updates.Select(update => update.Text)).ShouldBe(expected);
    }

    [Theory]
    [InlineData(1, "a")]
    [InlineData(2, "a")]
    [InlineData(3, "aş")]
    public async Task The_token_limit_ends_the_answer_and_breaks_no_character(int limit, string expected)
    {
        var response = await AskAsync("aşk", new ChatOptions { MaxOutputTokens = limit });

        response.Text.ShouldBe(expected);
        response.FinishReason.ShouldBe(ChatFinishReason.Length);
        response.Usage!.OutputTokenCount.ShouldBe(limit);
    }

    [Fact]
    public async Task A_text_held_back_for_a_stop_word_comes_when_the_token_limit_ends_the_answer()
    {
        var response = await AskAsync("abcdef", new ChatOptions { MaxOutputTokens = 4, StopSequences = ["cdX"] });

        response.Text.ShouldBe("abcd");
    }

    [Fact]
    public async Task The_answer_ends_where_the_context_is_full()
    {
        using var folder = new EchoFolder(contextLength: 32, withTemplate: false);
        using var client = folder.Load();

        var response = await client.GetResponseAsync(
            "0123456789", new ChatOptions { Temperature = 0, MaxOutputTokens = 1000 }, TestContext.Current.CancellationToken);

        response.Text.ShouldBe(new string('9', 22));
        response.FinishReason.ShouldBe(ChatFinishReason.Length);
        response.Usage!.TotalTokenCount.ShouldBe(32);
    }

    [Fact]
    public async Task A_prompt_as_long_as_the_context_is_refused_with_the_numbers()
    {
        using var folder = new EchoFolder(contextLength: 32);
        using var client = folder.Load();

        var response = await client.GetResponseAsync(new string('a', 29), cancellationToken: TestContext.Current.CancellationToken);
        var exception = await Should.ThrowAsync<PromptTooLongException>(() => client.GetResponseAsync(
            new string('a', 30), cancellationToken: TestContext.Current.CancellationToken));

        response.Text.ShouldBe("a");
        exception.PromptTokens.ShouldBe(32);
        exception.ContextLength.ShouldBe(32);
        exception.Message.ShouldContain("has 32 tokens");
        exception.Message.ShouldContain("Shorten");
        client.LiveGenerators.ShouldBe(0);
    }

    [Fact]
    public async Task A_prompt_longer_than_one_part_is_read_whole()
    {
        var text = string.Concat(Enumerable.Range(0, 120).Select(i => $"{(char)('a' + (i % 26))}ş."));

        var response = await AskAsync(text, new ChatOptions { MaxOutputTokens = 1000 });

        response.Usage!.InputTokenCount.ShouldNotBeNull().ShouldBeGreaterThan(GenerationRun.PromptPart);
        response.Text.ShouldBe(text);
    }

    [Fact]
    public async Task A_prompt_of_padding_alone_is_read_and_ends_at_once()
    {
        using var folder = new EchoFolder(withTemplate: false);
        using var client = folder.Load();

        var response = await client.GetResponseAsync(
            string.Concat(Enumerable.Repeat("<|end|>", 300)), cancellationToken: TestContext.Current.CancellationToken);

        response.Text.ShouldBeEmpty();
        response.FinishReason.ShouldBe(ChatFinishReason.Stop);
        response.Usage!.InputTokenCount.ShouldBe(300);
    }

    [Fact]
    public async Task The_time_limit_ends_the_answer_with_what_there_is()
    {
        // A second for each look: two parts of the prompt after 1 and 2 s, then a token after each further second.
        using var client = _folder.Load(
            new OnnxChatClientOptions { TimeLimit = TimeSpan.FromSeconds(6) }, new HookedTime());

        var response = await client.GetResponseAsync("abcdefgh", cancellationToken: TestContext.Current.CancellationToken);

        response.Text.ShouldBe("abc");
        response.FinishReason.ShouldBe(FinishReasons.TimeLimit);
        response.FinishReason!.Value.Value.ShouldBe("time_limit");
        Quality(response).ShouldBe(0.9, Tolerance);
    }

    [Fact]
    public async Task A_time_limit_that_ends_within_the_prompt_gives_an_empty_answer_without_quality()
    {
        using var client = _folder.Load(
            new OnnxChatClientOptions { TimeLimit = TimeSpan.FromSeconds(2) }, new HookedTime());

        var response = await client.GetResponseAsync("abcdefgh", cancellationToken: TestContext.Current.CancellationToken);

        response.Text.ShouldBeEmpty();
        response.FinishReason.ShouldBe(FinishReasons.TimeLimit);
        response.AdditionalProperties.ShouldBeNull();
    }

    [Theory]
    [InlineData(3, "")]
    [InlineData(7, "ab")]
    public async Task The_time_limit_stops_the_runtime_within_a_token(int look, string expected)
    {
        // Slot, start, two parts of the prompt, then the tokens: the clock rings just before the runtime computes.
        HookedTime time = null!;
        var ringAt = int.MaxValue;
        time = new HookedTime(now =>
        {
            if (now == ringAt)
                time.Ring();
        });
        using var client = _folder.Load(new OnnxChatClientOptions { TimeLimit = TimeSpan.FromDays(1) }, time);
        ringAt = time.Looks + look;

        var response = await client.GetResponseAsync("abcdefgh", cancellationToken: TestContext.Current.CancellationToken);

        response.Text.ShouldBe(expected);
        response.FinishReason.ShouldBe(FinishReasons.TimeLimit);
        client.LiveGenerators.ShouldBe(0);
    }

    [Fact]
    public async Task Sampling_draws_by_probability_and_a_seed_repeats_the_draw()
    {
        var text = new string('4', 60);
        var options = new ChatOptions { Temperature = 1, TopK = 2, Seed = 7, MaxOutputTokens = 60 };

        var first = await AskAsync(text, options);
        var again = await AskAsync(text, options);
        options.Seed = 8;
        var other = await AskAsync(text, options);

        first.Text.ShouldAllBe(character => character == '4' || character == '5');
        first.Text.Count(character => character == '5').ShouldBeInRange(10, 45);
        again.Text.ShouldBe(first.Text);
        other.Text.ShouldNotBe(first.Text);
    }

    [Fact]
    public async Task Temperature_0_and_a_single_choice_take_the_most_probable_token()
    {
        var text = new string('4', 60);
        ChatOptions[] greedy =
        [
            new() { Temperature = 0, Seed = 1, MaxOutputTokens = 60 },
            new() { Temperature = 5, TopK = 1, Seed = 1, MaxOutputTokens = 60 },
            new() { Temperature = 1, TopP = 0.3f, Seed = 1, MaxOutputTokens = 60 },
            new() { MaxOutputTokens = 60 },
        ];

        foreach (var options in greedy)
            (await AskAsync(text, options)).Text.ShouldBe(text);
    }

    [Fact]
    public async Task Instructions_and_earlier_turns_go_before_the_question()
    {
        ChatMessage[] turns =
        [
            new(ChatRole.User, "ilk"),
            new(ChatRole.Assistant, "yanıt"),
            new(ChatRole.User, "ikinci"),
        ];

        var response = await _client.GetResponseAsync(
            turns, new ChatOptions { Instructions = "kısa" }, TestContext.Current.CancellationToken);

        response.Text.ShouldBe("ikinci");
        response.Usage!.InputTokenCount.ShouldBe(Encoding.UTF8.GetByteCount("kısailkyanıtikinci") + 5);
    }

    [Fact]
    public async Task Without_a_template_the_texts_are_joined_by_an_empty_line_and_continued()
    {
        using var folder = new EchoFolder(withTemplate: false);
        using var client = folder.Load();

        var response = await client.GetResponseAsync(
            "ab", new ChatOptions { Instructions = "kısa", MaxOutputTokens = 5 }, TestContext.Current.CancellationToken);

        response.Text.ShouldBe("bbbbb");
        response.Usage!.InputTokenCount.ShouldBe(Encoding.UTF8.GetByteCount("kısa\n\nab"));
    }

    [Fact]
    public async Task Without_a_template_the_begin_token_comes_first_where_the_tokenizer_wants_it()
    {
        using var folder = new EchoFolder(withTemplate: false);
        folder.Replace("tokenizer_config.json", "\"add_prefix_space\": false", "\"add_bos_token\": true");
        using var client = folder.Load();

        var response = await client.GetResponseAsync(
            "ab", new ChatOptions { MaxOutputTokens = 1 }, TestContext.Current.CancellationToken);

        response.Usage!.InputTokenCount.ShouldBe(3);
    }

    [Fact]
    public async Task A_template_file_goes_before_the_template_of_the_tokenizer_configuration()
    {
        File.WriteAllText(_folder.File("chat_template.jinja"), "<|user|>{{ messages[0].content }}!<|assistant|>");
        using var client = _folder.Load();

        (await client.GetResponseAsync("ab", cancellationToken: TestContext.Current.CancellationToken)).Text.ShouldBe("ab!");
    }

    [Fact]
    public async Task What_a_template_refuses_is_told_in_its_words()
    {
        File.WriteAllText(_folder.File("chat_template.jinja"), "{{ raise_exception('no system role here') }}");
        using var client = _folder.Load();

        var exception = await Should.ThrowAsync<PromptRefusedException>(() =>
            client.GetResponseAsync("ab", cancellationToken: TestContext.Current.CancellationToken));

        exception.Message.ShouldContain("no system role here");
        client.LiveGenerators.ShouldBe(0);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n")]
    public async Task Messages_without_text_are_refused(string text) =>
        await Should.ThrowAsync<PromptRefusedException>(() => AskAsync(text));

    [Fact]
    public async Task A_NUL_does_not_cut_the_prompt_off() => (await AskAsync("a\0b")).Text.ShouldBe("a\uFFFDb");

    [Fact]
    public async Task A_lone_surrogate_is_replaced() => (await AskAsync("a\ud800b")).Text.ShouldBe("a\uFFFDb");

    [Fact]
    public async Task What_it_cannot_do_is_refused_and_not_ignored()
    {
        var tool = AIFunctionFactory.CreateDeclaration("saat", "Saati söyler", System.Text.Json.JsonDocument.Parse("{}").RootElement);

        await Should.ThrowAsync<NotSupportedException>(() => AskAsync("a", new ChatOptions { Tools = [tool] }));
        await Should.ThrowAsync<NotSupportedException>(() => AskAsync("a", new ChatOptions { ResponseFormat = ChatResponseFormat.Json }));
        await Should.ThrowAsync<NotSupportedException>(() => AskAsync("a", new ChatOptions { PresencePenalty = 1 }));
        await Should.ThrowAsync<NotSupportedException>(() => _client.GetResponseAsync(
            [new ChatMessage(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")])],
            cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Settings_out_of_range_are_refused()
    {
        ChatOptions[] wrong =
        [
            new() { MaxOutputTokens = 0 },
            new() { Temperature = -1 },
            new() { Temperature = float.NaN },
            new() { TopP = 0 },
            new() { TopP = 1.5f },
            new() { TopK = 0 },
        ];

        foreach (var options in wrong)
            await Should.ThrowAsync<ArgumentOutOfRangeException>(() => AskAsync("a", options));
    }

    [Fact]
    public void It_tells_provider_and_model()
    {
        var metadata = _client.GetService(typeof(ChatClientMetadata)).ShouldBeOfType<ChatClientMetadata>();

        metadata.ProviderName.ShouldBe("mefapex");
        metadata.DefaultModelId.ShouldBe("echo");
        _client.GetService(typeof(OnnxChatClient)).ShouldBeSameAs(_client);
        _client.GetService(typeof(ChatClientMetadata), "key").ShouldBeNull();
        _client.GetService(typeof(string)).ShouldBeNull();
    }

    internal static async Task<List<ChatResponseUpdate>> StreamAsync(
        OnnxChatClient client, string text, ChatOptions? options = null)
    {
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in client.GetStreamingResponseAsync(text, options, TestContext.Current.CancellationToken))
            updates.Add(update);
        return updates;
    }

    private static double Quality(ChatResponse response) =>
        response.AdditionalProperties![OnnxChatClient.QualityScore].ShouldBeOfType<double>();

    private Task<ChatResponse> AskAsync(string text, ChatOptions? options = null) =>
        _client.GetResponseAsync(text, options, TestContext.Current.CancellationToken);
}
