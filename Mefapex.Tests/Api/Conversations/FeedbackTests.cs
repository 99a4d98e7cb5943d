using System.Net;
using System.Net.Http.Json;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;
using TaskStatus = Mefapex.Contracts.Knowledge.TaskStatus;

namespace Mefapex.Tests.Api.Conversations;

public sealed class FeedbackTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Tasks = "/api/v1/knowledge/tasks";
    private const string Forgotten = "Şifremi unuttum";
    private const string ForgottenEntry = "sifre-sifirlama";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Unhelpful_answers_of_one_entry_and_reason_share_a_task_for_its_owner()
    {
        using var demo = await api.Host.SignInAsync("demo");
        using var editor = await api.Host.SignInAsync("editor");
        var first = await AskAsync(demo);
        var second = await AskAsync(editor);

        await GiveAsync<AnswerFeedback>(demo, first, new FeedbackRequest(false, FeedbackReason.Outdated, "Portal değişti"));
        await GiveAsync<AnswerFeedback>(editor, second, new FeedbackRequest(false, FeedbackReason.Outdated));

        var task = (await ListAsync(editor)).Single(t => t.EntryId == ForgottenEntry && t.Text == Forgotten);
        task.Kind.ShouldBe(TaskKind.Feedback);
        task.Owner.ShouldBe(first.Sources[0].Owner);
        task.Status.ShouldBe(TaskStatus.Open);
        task.Count.ShouldBe(2);
        task.ExchangeId.ShouldBe(first.MessageId);
        var detail = await editor.GetWireAsync<TaskDetail>($"{Tasks}/{task.Id}");
        detail.Reports.Select(r => r.ExchangeId).ShouldBe([second.MessageId!, first.MessageId!]);
        detail.Reports[1].Comment.ShouldBe("Portal değişti");
        detail.Reports[1].Response.ShouldBe(first.Response);

        await WithdrawAsync(demo, first);
        await WithdrawAsync(editor, second);
        (await ListAsync(editor)).ShouldNotContain(t => t.Id == task.Id);
    }

    [Fact]
    public async Task Feedback_can_be_repeated_changed_and_taken_back()
    {
        using var client = await api.Host.SignInAsync("demo");
        using var editor = await api.Host.SignInAsync("editor");
        var answer = await AskAsync(client, "Yemekhane ne zaman açık?");

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ =>
            GiveAsync<AnswerFeedback>(client, answer, new FeedbackRequest(false, FeedbackReason.Wrong))));
        (await MineAsync(editor, answer)).ShouldHaveSingleItem().Count.ShouldBe(1);

        await GiveAsync<AnswerFeedback>(client, answer, new FeedbackRequest(false, FeedbackReason.Unclear));
        (await MineAsync(editor, answer)).ShouldHaveSingleItem().Count.ShouldBe(1);
        (await StoredAsync(client, answer))!.Reason.ShouldBe(FeedbackReason.Unclear);

        var helped = await GiveAsync<AnswerFeedback>(client, answer, new FeedbackRequest(true));
        helped.Reason.ShouldBeNull();
        (await MineAsync(editor, answer)).ShouldBeEmpty();

        await WithdrawAsync(client, answer);
        await WithdrawAsync(client, answer);
        (await StoredAsync(client, answer)).ShouldBeNull();
    }

    [Fact]
    public async Task A_question_that_was_declined_is_a_task_of_its_own()
    {
        using var client = await api.Host.SignInAsync("demo");
        using var editor = await api.Host.SignInAsync("editor");
        var answer = await AskAsync(client, "Mars gezegeninde kaç uydu var?");
        answer.Decision.ShouldBe(Decision.Decline);

        await GiveAsync<AnswerFeedback>(client, answer, new FeedbackRequest(false));

        var task = (await MineAsync(editor, answer)).ShouldHaveSingleItem();
        task.EntryId.ShouldBeNull();
        task.Owner.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(null, null, null, "feedback-missing")]
    [InlineData(true, "wrong", null, "feedback-reason")]
    [InlineData(false, "keyfim", null, "feedback-reason")]
    [InlineData(false, "wrong", 1001, "feedback-comment")]
    public async Task Feedback_that_says_nothing_is_400(bool? helpful, string? reason, int? comment, string slug)
    {
        using var client = await api.Host.SignInAsync("demo");
        var answer = await AskAsync(client);

        using var response = await GiveAsync(
            client, answer, new FeedbackRequest(helpful, reason, comment is { } length ? new string('a', length) : null));

        await response.ShouldBeProblemAsync(400, slug);
    }

    [Fact]
    public async Task Answers_of_others_cannot_be_judged()
    {
        using var client = await api.Host.SignInAsync("demo");
        using var other = await api.Host.SignInAsync("yonetici");
        var answer = await AskAsync(client);

        using var response = await GiveAsync(other, answer, new FeedbackRequest(false));
        await response.ShouldBeProblemAsync(404, "message-not-found");
        using var withdrawn = await other.DeleteAsync(PathOf(answer), Cancellation);
        await withdrawn.ShouldBeProblemAsync(404, "message-not-found");
    }

    [Fact]
    public async Task A_task_is_assigned_and_closed_by_those_who_saw_it_as_it_is()
    {
        using var client = await api.Host.SignInAsync("demo");
        using var editor = await api.Host.SignInAsync("editor");
        var answer = await AskAsync(client, "Servis saatleri");
        await GiveAsync<AnswerFeedback>(client, answer, new FeedbackRequest(false, FeedbackReason.Incomplete));
        var task = (await MineAsync(editor, answer)).ShouldHaveSingleItem();

        using var blind = await ChangeAsync(editor, task.Id, "assign", new AssignTask("Editor"), seen: null);
        await blind.ShouldBeProblemAsync(428, "task-revision-missing");
        using var assigned = await ChangeAsync(editor, task.Id, "assign", new AssignTask("Editor"), task.Revision);
        (await assigned.ReadWireAsync<TaskItem>()).Assigned.ShouldBe("editor");
        (await editor.GetWireAsync<Page<TaskItem>>($"{Tasks}?assigned=editor&kind=feedback")).Items.ShouldContain(t => t.Id == task.Id);

        using var stale = await ChangeAsync(editor, task.Id, "close", new CloseTask(TaskStatus.Done), task.Revision);
        await stale.ShouldBeProblemAsync(412, "task-changed");
        stale.Headers.ETag.ShouldBe(assigned.Headers.ETag);
        using var unknown = await ChangeAsync(editor, task.Id, "close", new CloseTask("bitti"), task.Revision + 1);
        await unknown.ShouldBeProblemAsync(400, "task-status-unknown");
        using var closed = await ChangeAsync(editor, task.Id, "close", new CloseTask(TaskStatus.Done, "Saatler eklendi"), task.Revision + 1);
        var done = await closed.ReadWireAsync<TaskItem>();
        done.ClosedBy.ShouldBe("editor");
        done.ClosedAt.ShouldNotBeNull();
        done.Note.ShouldBe("Saatler eklendi");
        using var again = await ChangeAsync(editor, task.Id, "close", new CloseTask(TaskStatus.Dismissed), done.Revision);
        await again.ShouldBeProblemAsync(409, "task-closed");

        // What is reported after that is a new task.
        await GiveAsync<AnswerFeedback>(client, answer, new FeedbackRequest(false, FeedbackReason.Incomplete));
        (await MineAsync(editor, answer)).ShouldHaveSingleItem().Id.ShouldNotBe(task.Id);
        (await editor.GetWireAsync<Page<TaskItem>>($"{Tasks}?status=done")).Items.ShouldContain(t => t.Id == task.Id);
    }

    [Fact]
    public async Task Tasks_are_for_editors_of_the_tenant()
    {
        using var patient = await api.Host.SignInAsync("hasta");
        using var editor = await api.Host.SignInAsync("editor");
        var answer = await AskAsync(patient, "Saç ekimi kaç saat sürer?");
        await GiveAsync<AnswerFeedback>(patient, answer, new FeedbackRequest(false));

        using var refused = await patient.GetAsync(new Uri(Tasks, UriKind.Relative), Cancellation);
        await refused.ShouldBeProblemAsync(403, "forbidden");
        (await MineAsync(editor, answer)).ShouldBeEmpty();
        using var operators = await api.Host.SignInAsync("operator");
        operators.DefaultRequestHeaders.Add("X-Tenant", "klinik");
        var task = (await MineAsync(operators, answer)).ShouldHaveSingleItem();
        using var foreign = await editor.GetAsync(new Uri($"{Tasks}/{task.Id}", UriKind.Relative), Cancellation);
        await foreign.ShouldBeProblemAsync(404, "task-not-found");
    }

    [Fact]
    public async Task Pages_of_tasks_list_every_task_once_newest_first()
    {
        using var client = await api.Host.SignInAsync("yonetici");
        foreach (var reason in FeedbackReason.All)
            await GiveAsync<AnswerFeedback>(client, await AskAsync(client, "VPN'e nasıl bağlanırım?"), new FeedbackRequest(false, reason));
        var whole = await ListAsync(client);

        var seen = new List<string>();
        for (string? cursor = "", next = $"{Tasks}?limit=2"; cursor is not null; next = $"{Tasks}?limit=2&cursor={cursor}")
        {
            var page = await client.GetWireAsync<Page<TaskItem>>(next);
            seen.AddRange(page.Items.Select(t => t.Id));
            cursor = page.Next;
        }

        seen.ShouldBe(whole.Select(t => t.Id));
        seen.Count.ShouldBeGreaterThanOrEqualTo(FeedbackReason.All.Count);
    }

    private static Task<ChatAnswer> AskAsync(HttpClient client, string question = Forgotten) =>
        client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest(question));

    private static Uri PathOf(ChatAnswer answer) =>
        new($"/api/v1/conversations/{answer.SessionId}/messages/{answer.MessageId}/feedback", UriKind.Relative);

    private static Task<HttpResponseMessage> GiveAsync(HttpClient client, ChatAnswer answer, FeedbackRequest feedback) =>
        client.PutAsJsonAsync(PathOf(answer), feedback, WireJson.Options, Cancellation);

    private static async Task<T> GiveAsync<T>(HttpClient client, ChatAnswer answer, FeedbackRequest feedback)
    {
        using var response = await GiveAsync(client, answer, feedback);
        return await response.ReadWireAsync<T>();
    }

    private static async Task WithdrawAsync(HttpClient client, ChatAnswer answer)
    {
        using var response = await client.DeleteAsync(PathOf(answer), Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    private static async Task<AnswerFeedback?> StoredAsync(HttpClient client, ChatAnswer answer) =>
        (await client.GetWireAsync<Page<Exchange>>($"/api/v1/conversations/{answer.SessionId}/messages")).Items.Single().Feedback;

    private static async Task<IReadOnlyList<TaskItem>> ListAsync(HttpClient editor) =>
        (await editor.GetWireAsync<Page<TaskItem>>($"{Tasks}?limit=100")).Items;

    private static async Task<IReadOnlyList<TaskItem>> MineAsync(HttpClient editor, ChatAnswer answer) =>
        [.. (await ListAsync(editor)).Where(t => t.ExchangeId == answer.MessageId)];

    private static async Task<HttpResponseMessage> ChangeAsync<T>(HttpClient editor, string id, string verb, T body, int? seen)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Tasks}/{id}/{verb}")
        {
            Content = JsonContent.Create(body, options: WireJson.Options),
        };
        if (seen is { } revision)
            request.Headers.Add("If-Match", $"\"{revision}\"");
        return await editor.SendAsync(request, Cancellation);
    }
}
