using System.Net;
using System.Net.Http.Json;
using Mefapex.Contracts.Ai;
using Mefapex.Contracts.Health;
using Mefapex.Tests.Inference.Serving;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Ai;

public sealed class OverloadTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Beyond_workers_and_queue_single_and_batch_get_429_at_once_and_the_others_are_served()
    {
        var encoder = GatedEncoder.OfBundled();
        await using var service = await AiService.StartGatedAsync(
            encoder, ("Models:Workers", "1"), ("Models:MaxQueuedTexts", "1"));
        using var client = service.CreateClient();
        encoder.Close();
        var computed = EmbedAsync(client, "izin");
        await Eventually.UntilAsync(() => encoder.Running == 1, "the only worker is busy");
        var queued = EmbedAsync(client, "rapor");
        await WaitingAsync(service, 1);

        using var single = await EmbedAsync(client, "maaş");
        using var batch = await client.PostAsJsonAsync("/v1/embeddings/batch", new { texts = (string[])["bordro", "avans"] }, Cancellation);

        foreach (var refused in (HttpResponseMessage[])[single, batch])
        {
            (await AiService.ProblemAsync(refused, HttpStatusCode.TooManyRequests, "busy")).ShouldContain("at most 1 may");
            refused.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
        }

        (await AiService.GetAsync<Readiness>(client, "/health/ready")).Status.ShouldBe("healthy");
        (await AiService.GetAsync<AiHealth>(client, "/health")).Status.ShouldBe("healthy");
        (await AiService.PostAsync<LanguageResponse>(client, "/language/detect", new { text = "yıllık izin nasıl alınır" }))
            .Language.ShouldBe("tr");
        encoder.Open();
        foreach (var served in (Task<HttpResponseMessage>[])[computed, queued])
        {
            using var response = await served;
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task Two_hundred_clients_against_a_queue_of_64_are_served_or_refused_and_health_stays_green()
    {
        await using var service = await AiService.StartOnKestrelAsync(
            ("Models:MaxQueuedTexts", "64"), ("Models:Workers", "1"), ("Models:CacheSize", "0"));
        using var client = service.CreateClient();
        using var flood = new CancellationTokenSource();
        var health = HealthWhileAsync(client, flood.Token);

        var codes = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => StatusesAsync(client, i)));
        await flood.CancelAsync();

        var all = codes.SelectMany(of => of).ToArray();
        all.Length.ShouldBe(200 * 5);
        all.ShouldBeSubsetOf([HttpStatusCode.OK, HttpStatusCode.TooManyRequests]);
        all.ShouldContain(HttpStatusCode.OK);
        (await health).ShouldBeGreaterThan(0);
        using var after = await EmbedAsync(client, "izin");
        after.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<HttpStatusCode[]> StatusesAsync(HttpClient client, int number)
    {
        var codes = new HttpStatusCode[5];
        for (var i = 0; i < codes.Length; i++)
        {
            var texts = Enumerable.Repeat($"{number} numaralı dosyanın {i}. sayfası nerede?", 1 + number % 8);
            using var response = await client.PostAsJsonAsync("/v1/embeddings/batch", new { texts }, Cancellation);
            codes[i] = response.StatusCode;
        }

        return codes;
    }

    private static async Task<int> HealthWhileAsync(HttpClient client, CancellationToken until)
    {
        var asked = 0;
        while (!until.IsCancellationRequested)
        {
            using var ready = await client.GetAsync("/health/ready", Cancellation);
            using var health = await client.GetAsync("/health", Cancellation);
            ready.StatusCode.ShouldBe(HttpStatusCode.OK);
            health.StatusCode.ShouldBe(HttpStatusCode.OK);
            asked++;
        }

        return asked;
    }

    private static Task<HttpResponseMessage> EmbedAsync(HttpClient client, string text) =>
        client.PostAsJsonAsync("/embedding", new { text }, Cancellation);

    private static Task WaitingAsync(AiService service, int texts) => Eventually.UntilAsync(
        () => service.Generator.Waiting == texts, $"{texts} texts wait");
}
