using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Mefapex.Tests.Inference.Generation;
using OpenAI;
using OpenAI.Chat;

namespace Mefapex.Tests.Ai.OpenAi;

/// <summary>The official client against <c>/v1/chat/completions</c>, over the model that repeats what it is asked.</summary>
public sealed class OpenAiChatTests : IAsyncLifetime
{
    private const string Question = "Yıllık izin nasıl alınır? ☕";

    private readonly EchoFolder _folder = new();
    private AiService _service = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        _service = await AiService.StartAsync(("Models:Generator:Path", _folder.Path));
        _http = _service.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _service.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_client_gets_a_whole_answer()
    {
        var answer = (await Client().CompleteChatAsync(
            [new SystemChatMessage("Kısa konuş."), new UserChatMessage(Question)], null, TestContext.Current.CancellationToken)).Value;

        answer.Content.Single().Text.ShouldBe(Question);
        answer.FinishReason.ShouldBe(ChatFinishReason.Stop);
        answer.Role.ShouldBe(ChatMessageRole.Assistant);
        answer.Model.ShouldBe("echo");
        answer.Usage.OutputTokenCount.ShouldBe(Encoding.UTF8.GetByteCount(Question) + 1);
        answer.Usage.TotalTokenCount.ShouldBe(answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task The_client_gets_the_same_answer_in_pieces()
    {
        var text = new StringBuilder();
        ChatFinishReason? reason = null;
        ChatTokenUsage? usage = null;
        var pieces = 0;

        await foreach (var piece in Client().CompleteChatStreamingAsync(
            [new UserChatMessage(Question)], null, TestContext.Current.CancellationToken))
        {
            foreach (var part in piece.ContentUpdate)
            {
                text.Append(part.Text);
                pieces++;
            }

            reason = piece.FinishReason ?? reason;
            usage = piece.Usage ?? usage;
        }

        text.ToString().ShouldBe(Question);
        pieces.ShouldBeGreaterThan(3);
        reason.ShouldBe(ChatFinishReason.Stop);
        usage.ShouldNotBeNull().OutputTokenCount.ShouldBe(Encoding.UTF8.GetByteCount(Question) + 1);
    }

    [Fact]
    public async Task Limits_and_stop_words_are_followed()
    {
        var cut = (await Client().CompleteChatAsync(
            [new UserChatMessage("abcdefgh")],
            new ChatCompletionOptions { MaxOutputTokenCount = 3 },
            TestContext.Current.CancellationToken)).Value;
        var stopped = (await Client().CompleteChatAsync(
            [new UserChatMessage("abcdefgh")],
            new ChatCompletionOptions { StopSequences = { "ef" } },
            TestContext.Current.CancellationToken)).Value;

        cut.Content.Single().Text.ShouldBe("abc");
        cut.FinishReason.ShouldBe(ChatFinishReason.Length);
        stopped.Content.Single().Text.ShouldBe("abcd");
        stopped.FinishReason.ShouldBe(ChatFinishReason.Stop);
    }

    [Fact]
    public async Task A_stream_is_server_sent_events_that_end_with_done()
    {
        using var response = await PostAsync(
            """{"messages":[{"role":"user","content":[{"type":"text","text":"ab"}]}],"stream":true}""");

        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var lines = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.ShouldAllBe(line => line.StartsWith("data: ", StringComparison.Ordinal));
        lines[^1].ShouldBe("data: [DONE]");
        using var first = JsonDocument.Parse(lines[0]["data: ".Length..]);
        first.RootElement.GetProperty("object").GetString().ShouldBe("chat.completion.chunk");
        first.RootElement.GetProperty("choices")[0].GetProperty("delta").GetProperty("role").GetString().ShouldBe("assistant");
        first.RootElement.GetProperty("choices")[0].GetProperty("finish_reason").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Theory]
    [InlineData("""{}""", "messages")]
    [InlineData("""{"messages":[]}""", "messages")]
    [InlineData("""{"messages":[{"role":"wizard","content":"a"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"n":2}""", "n")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"tools":[{"type":"function"}]}""", "tools")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_object"}}""", "response_format")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"stop":[1]}""", "stop")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"max_tokens":0}""", "max_completion_tokens")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"temperature":3}""", "temperature")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"top_p":0}""", "top_p")]
    public async Task What_cannot_be_followed_is_refused_by_its_name(string body, string parameter)
    {
        using var response = await PostAsync(body);

        await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "invalid-parameter");
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        problem.GetProperty("error").GetProperty("param").GetString().ShouldBe(parameter);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_prompt_longer_than_the_context_is_refused_with_the_numbers_also_when_it_is_to_be_streamed(bool stream)
    {
        using var response = await PostAsync(JsonSerializer.Serialize(
            new { messages = new[] { new { role = "user", content = new string('a', 2000) } }, stream }));

        var detail = await AiService.ProblemAsync(response, HttpStatusCode.BadRequest, "prompt-too-long");
        detail.ShouldContain("1024");
    }

    [Fact]
    public async Task Without_a_language_model_the_client_is_told_what_to_set()
    {
        await using var without = await AiService.StartAsync();
        using var http = without.CreateClient();

        var exception = await Should.ThrowAsync<ClientResultException>(() => Client(http, "any")
            .CompleteChatAsync([new UserChatMessage("a")], null, TestContext.Current.CancellationToken));

        exception.Status.ShouldBe(503);
        exception.Message.ShouldContain("Models:Generator:Path");
    }

    [Fact]
    public async Task A_client_that_leaves_a_stream_frees_the_model()
    {
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(new { messages = new[] { new { role = "user", content = new string('b', 500) } }, stream = true }),
        })
        using (var response = await _http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken))
        {
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        var answer = (await Client().CompleteChatAsync(
            [new UserChatMessage("next")], null, TestContext.Current.CancellationToken)).Value;

        answer.Content.Single().Text.ShouldBe("next");
    }

    private ChatClient Client() => Client(_http, "echo");

    private static ChatClient Client(HttpClient http, string model) => new(model, new ApiKeyCredential("none"), new OpenAIClientOptions
    {
        Endpoint = new Uri(http.BaseAddress!, "/v1"),
        Transport = new HttpClientPipelineTransport(http),
        RetryPolicy = new ClientRetryPolicy(0),
    });

    private Task<HttpResponseMessage> PostAsync(string body) => _http.PostAsync(
        "/v1/chat/completions", new StringContent(body, Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
}
