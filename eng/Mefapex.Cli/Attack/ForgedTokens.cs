using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mefapex.Cli;

/// <summary>Tokens made out of a good one that must not be taken for it.</summary>
internal static class ForgedTokens
{
    /// <param name="good">A token that is taken.</param>
    /// <param name="keySet">What <c>/.well-known/jwks.json</c> says, where there is one.</param>
    /// <returns>Each with what it is.</returns>
    public static IReadOnlyList<(string Kind, string Token)> Of(string good, string? keySet)
    {
        var parts = good.Split('.');
        var header = Read(parts[0]);
        var payload = Read(parts[1]);
        var mightier = (JsonObject)payload.DeepClone();
        mightier["role"] = new JsonArray("operator");
        mightier.Remove("tenant");
        var expired = (JsonObject)payload.DeepClone();
        expired["exp"] = 1_600_000_000;
        expired["nbf"] = 1_500_000_000;
        List<(string, string)> tokens =
        [
            ("a word", "x"),
            ("without a signature", $"{parts[0]}.{parts[1]}."),
            ("wrongly signed", $"{parts[0]}.{parts[1]}.{Turned(parts[2])}"),
            ("with another role under the old signature", $"{parts[0]}.{Write(mightier)}.{parts[2]}"),
            ("expired long ago, under the old signature", $"{parts[0]}.{Write(expired)}.{parts[2]}"),
            ("alg: none", Unsigned(payload, "none")),
            ("alg: nOnE", Unsigned(payload, "nOnE")),
            ("signed with an empty key", Hmac(With(header, "HS256"), payload, [])),
            ("signed with a key of our own", Hmac(With(header, "HS256"), payload, RandomNumberGenerator.GetBytes(32))),
            ("signed with the id of the key", Hmac(With(header, "HS256"), payload, Encoding.UTF8.GetBytes(header["kid"]?.ToString() ?? "kid"))),
            ("with a key of our own in its header", OwnKey(header, payload)),
            ("of a key that is nowhere", Hmac(With(header, "HS256", kid: "../../dev/null"), payload, [])),
        ];
        tokens.AddRange(PublicKeys(keySet).Select((key, i) => (
            $"HS256 with the public key ({i + 1})", Hmac(With(header, "HS256"), payload, key))));
        return tokens;
    }

    /// <summary>The texts and numbers of public keys that somebody might have taken for a secret.</summary>
    private static IEnumerable<byte[]> PublicKeys(string? keySet)
    {
        if (keySet is null || JsonNode.Parse(keySet)?["keys"] is not JsonArray keys)
            yield break;
        foreach (var key in keys)
        {
            yield return Encoding.UTF8.GetBytes(key!.ToJsonString());
            if (key["n"]?.ToString() is { } modulus)
            {
                yield return Base64Url.DecodeFromChars(modulus);
                using var rsa = RSA.Create(new RSAParameters
                {
                    Modulus = Base64Url.DecodeFromChars(modulus),
                    Exponent = Base64Url.DecodeFromChars(key["e"]!.ToString()),
                });
                yield return Encoding.UTF8.GetBytes(rsa.ExportSubjectPublicKeyInfoPem());
                yield return Encoding.UTF8.GetBytes(rsa.ExportSubjectPublicKeyInfoPem() + "\n");
            }

            if (key["x"]?.ToString() is { } x && key["y"]?.ToString() is { } y)
            {
                var point = new ECPoint { X = Base64Url.DecodeFromChars(x), Y = Base64Url.DecodeFromChars(y) };
                using var curve = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
                yield return Encoding.UTF8.GetBytes(curve.ExportSubjectPublicKeyInfoPem());
                yield return curve.ExportSubjectPublicKeyInfo();
            }
        }
    }

    private static string OwnKey(JsonObject header, JsonObject payload)
    {
        using var rsa = RSA.Create(2048);
        var numbers = rsa.ExportParameters(includePrivateParameters: false);
        var own = With(header, "RS256");
        own["jwk"] = new JsonObject
        {
            ["kty"] = "RSA",
            ["n"] = Base64Url.EncodeToString(numbers.Modulus),
            ["e"] = Base64Url.EncodeToString(numbers.Exponent),
        };
        var signed = $"{Write(own)}.{Write(payload)}";
        var signature = rsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Unsigned(JsonObject payload, string algorithm) =>
        $"{Write(new JsonObject { ["alg"] = algorithm, ["typ"] = "JWT" })}.{Write(payload)}.";

    private static string Hmac(JsonObject header, JsonObject payload, byte[] key)
    {
        var signed = $"{Write(header)}.{Write(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(signed)))}";
    }

    private static JsonObject With(JsonObject header, string algorithm, string? kid = null)
    {
        var other = (JsonObject)header.DeepClone();
        other["alg"] = algorithm;
        if (kid is not null)
            other["kid"] = kid;
        return other;
    }

    /// <summary>Its first half, in which every bit counts, turned over.</summary>
    private static string Turned(string signature)
    {
        var bytes = Base64Url.DecodeFromChars(signature);
        for (var i = 0; i < bytes.Length / 2; i++)
            bytes[i] ^= 0xFF;
        return Base64Url.EncodeToString(bytes);
    }

    private static JsonObject Read(string part) =>
        JsonNode.Parse(Base64Url.DecodeFromChars(part)) as JsonObject ?? throw new JsonException("the token is no JSON web token");

    private static string Write(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));
}
