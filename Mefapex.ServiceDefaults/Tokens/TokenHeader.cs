using System.Buffers.Text;
using System.Text.Json;

namespace Mefapex.ServiceDefaults;

/// <summary>What a token says about itself before anything of it is believed.</summary>
internal sealed record TokenHeader(string? Algorithm, string? KeyId)
{
    private const int MaxCharacters = 1024;

    /// <summary>The header of a token.</summary>
    /// <returns>Null where it is no header of a token.</returns>
    public static TokenHeader? Read(string token)
    {
        var end = token.IndexOf('.', StringComparison.Ordinal);
        if (end is <= 0 or > MaxCharacters || !Base64Url.IsValid(token.AsSpan(0, end)))
            return null;
        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(token.AsSpan(0, end)));
            return header.RootElement.ValueKind == JsonValueKind.Object ? new(Text("alg"), Text("kid")) : null;

            string? Text(string name) =>
                header.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
                    ? value.GetString()
                    : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
