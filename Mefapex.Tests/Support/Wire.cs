using System.Net.Http.Json;
using System.Text.Json;
using Mefapex.Contracts;

namespace Mefapex.Tests.Support;

/// <summary>Reading and writing the wire records over HTTP.</summary>
public static class Wire
{
    /// <summary>The record that a successful response carries.</summary>
    public static async Task<T> ReadWireAsync<T>(this HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.IsSuccessStatusCode.ShouldBeTrue(text);
        try
        {
            return JsonSerializer.Deserialize<T>(text, WireJson.Options) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"not a {typeof(T).Name}: {text}", e);
        }
    }

    public static async Task<T> GetWireAsync<T>(this HttpClient client, string path)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return await response.ReadWireAsync<T>();
    }

    public static async Task<T> PostWireAsync<T>(this HttpClient client, string path, object body)
    {
        using var response = await client.PostWireAsync(path, body);
        return await response.ReadWireAsync<T>();
    }

    public static Task<HttpResponseMessage> PostWireAsync(this HttpClient client, string path, object body) =>
        client.PostAsJsonAsync(path, body, WireJson.Options, TestContext.Current.CancellationToken);

    public static Task<HttpResponseMessage> PutWireAsync(this HttpClient client, string path, object body) =>
        client.PutAsJsonAsync(path, body, WireJson.Options, TestContext.Current.CancellationToken);

    /// <summary>Checks status and type of a problem.</summary>
    /// <returns>Its detail.</returns>
    public static async Task<string> ShouldBeProblemAsync(this HttpResponseMessage response, int status, string slug)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        ((int)response.StatusCode).ShouldBe(status, text);
        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json");
        using var problem = JsonDocument.Parse(text);
        problem.RootElement.GetProperty("type").GetString().ShouldBe("urn:mefapex:problem:" + slug);
        return problem.RootElement.GetProperty("detail").GetString().ShouldNotBeNull();
    }
}
