using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Mefapex.Bench.Measuring;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Inference.Text;

namespace Mefapex.Bench.Chat;

/// <summary>A long PDF file, given to the bench's tenant by the demo operator.</summary>
internal sealed class BenchDocument(HttpClient http)
{
    public const int Pages = 300;

    private const int LinesOfPage = 38;
    private const string Path = "/api/v1/knowledge/documents";

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    /// <returns>The time from its upload until it is searched.</returns>
    public async Task<TimeSpan> IngestAsync(IReadOnlyList<string> sentences, CancellationToken cancellationToken)
    {
        var token = await SignInAsync(cancellationToken);
        using var file = new ByteArrayContent(Pdf(sentences)) { Headers = { ContentType = new MediaTypeHeaderValue("application/pdf") } };
        using var form = new MultipartFormDataContent { { file, "file", "talimat.pdf" }, { new StringContent("Talimat"), "title" } };
        var begin = Stopwatch.GetTimestamp();
        var document = await SendAsync(HttpMethod.Post, Path, form, token, cancellationToken);
        while (!document.TryGetProperty("current_version", out var version) || version.ValueKind == JsonValueKind.Null)
        {
            var status = document.GetProperty("status").GetString();
            if (status is "failed" or "quarantined" || Stopwatch.GetElapsedTime(begin) > Timeout)
                throw new BenchException($"The file of {Pages} pages is not searched; it is {status}.");
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
            document = await SendAsync(HttpMethod.Get, $"{Path}/{document.GetProperty("id").GetString()}", content: null, token, cancellationToken);
        }

        return Stopwatch.GetElapsedTime(begin);
    }

    private async Task<string> SignInAsync(CancellationToken cancellationToken)
    {
        using var response = await http.PostAsJsonAsync("/login", new LoginRequest("operator", "1234"), WireJson.Options, cancellationToken);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<LoginResponse>(WireJson.Options, cancellationToken))!.AccessToken;
    }

    private async Task<JsonElement> SendAsync(
        HttpMethod method, string path, HttpContent? content, string token, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = content,
            Headers = { { "X-Tenant", BenchKnowledge.Slug }, { "Authorization", $"Bearer {token}" } },
        };
        using var response = await http.SendAsync(request, cancellationToken);
        return response.IsSuccessStatusCode
            ? await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)
            : throw new BenchException($"{method} {path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}");
    }

    /// <summary>PDF 1.4 with a standard font and one text object a page.</summary>
    private static byte[] Pdf(IReadOnlyList<string> sentences)
    {
#pragma warning disable CA5394 // A benchmark needs repeatable numbers, not secret ones.
        var random = new Random(7);
        string Sentence() => Plain(sentences[random.Next(sentences.Count)]);
#pragma warning restore CA5394
        List<string> objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"];
        var pages = new List<string>();
        for (var page = 1; page <= Pages; page++)
        {
            var lines = Enumerable.Range(0, LinesOfPage).Select(_ => $"({Sentence()}.) '");
            var text = string.Create(CultureInfo.InvariantCulture, $"BT /F1 9 Tf 40 800 Td 14 TL (Madde {page}) '\n{string.Join('\n', lines)}\nET");
            objects.Add(string.Create(CultureInfo.InvariantCulture, $"<< /Length {text.Length} >>\nstream\n{text}\nendstream"));
            objects.Add(string.Create(CultureInfo.InvariantCulture, $"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents {objects.Count} 0 R >>"));
            pages.Add(string.Create(CultureInfo.InvariantCulture, $"{objects.Count} 0 R"));
        }

        objects[1] = string.Create(CultureInfo.InvariantCulture, $"<< /Type /Pages /Count {Pages} /Kids [{string.Join(' ', pages)}] >>");
        var file = new StringBuilder("%PDF-1.4\n");
        var offsets = new List<int>();
        for (var i = 0; i < objects.Count; i++)
        {
            offsets.Add(file.Length);
            file.Append(CultureInfo.InvariantCulture, $"{i + 1} 0 obj\n{objects[i]}\nendobj\n");
        }

        var table = file.Length;
        file.Append(CultureInfo.InvariantCulture, $"xref\n0 {objects.Count + 1}\n0000000000 65535 f \n");
        foreach (var offset in offsets)
            file.Append(CultureInfo.InvariantCulture, $"{offset:0000000000} 00000 n \n");
        file.Append(CultureInfo.InvariantCulture, $"trailer << /Size {objects.Count + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
        return Encoding.ASCII.GetBytes(file.ToString());
    }

    /// <summary>Words alone: the standard fonts have no Turkish letters, and nothing is left that a PDF string would escape.</summary>
    private static string Plain(string text) => FoldedText.Of(text).Key;
}
