using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Mefapex.Cli;

namespace Mefapex.Tests.Api.Fuzz;

/// <summary>A request body and what it claims to be.</summary>
/// <param name="ContentType">Null for none.</param>
internal sealed record HostileBody(byte[] Bytes, string? ContentType)
{
    private const int Shown = 300;

    public override string ToString()
    {
        var text = Encoding.Latin1.GetString(Bytes, 0, Math.Min(Bytes.Length, Shown));
        return string.Create(CultureInfo.InvariantCulture, $"{ContentType ?? "no type"}, {Bytes.Length} bytes: {text}");
    }
}

/// <summary>
/// Bodies that are nearly what an operation takes: its own properties with sound values, and now and then one that no
/// caller should send. What is nearly right comes further than noise.
/// </summary>
internal static class HostileJson
{
    private const int Deepest = 5;

    private static readonly Gen<string> Hostile = Gen.OneOf(
        Gen.Elements(
            "null", "true", "0", "-1", "1.5", "1e400", "-0", "2147483648", "9223372036854775808", "-9223372036854775809",
            "123456789012345678901234567890123456789", "0.1e-4000", "NaN", "\"\"", "\" \"", "[]", "{}", "[null]", "[[]]", "{\"\":null}"),
        Gen.Elements(
            @"""\u0000""", @"""a\u0000b""", @"""\ud800""", @"""\udc00\ud800 x""", @"""\ufeff""", @"""\u202egnol""", @"""\uffff""", @"""\ud83d\ude00\u200d""",
            "\"İIıi\u0307\"", "\"{0} {1:X}\"", "\"%00%n\"", "\"' or 1=1; --\"", "\"..\\\\..\\/etc\\/passwd\"", "\"<script>alert(1)</script>\"",
            "\"&'() | ! :* <->\"", "\"\\\\\"", "\"\\t\\r\\n\""),
        Gen.Elements(
            "\"0001-01-01\"", "\"9999-12-31\"", "\"9999-12-31T23:59:59.9999999Z\"", "\"0001-01-01T00:00:00+14:00\"", "\"2026-02-30\"", "\"-1\"", "\"1e5\"",
            "\"00000000-0000-0000-0000-000000000000\"", "\"ffffffff-ffff-ffff-ffff-ffffffffffff\"", "\"fabrika\"", "\"operator\"", "\"owner\"", "\"$type\""),
        from length in Gen.Elements(81, 256, 1001, 4001, 70_000)
        from letter in Gen.Elements("a", "ş", "\u0301", "😀", "\\u0000", " ")
        select $"\"{string.Concat(Enumerable.Repeat(letter, length))}\"",
        from depth in Gen.Elements(3, 63, 65, 2000)
        from bracket in Gen.Elements("[]", "{}")
        select bracket == "[]"
            ? new string('[', depth) + new string(']', depth)
            : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth),
        from length in Gen.Elements(31, 1000, 20_000)
        from item in Gen.Elements("1", "null", "\"a\"", "{}", "[]")
        select $"[{string.Join(',', Enumerable.Repeat(item, length))}]",
        Gen.Choose(0, 0x10FFFF).ArrayOf().Select(points => $"\"{string.Concat(points.Select(p => string.Create(CultureInfo.InvariantCulture, $"\\u{p & 0xFFFF:x4}")))}\""));

    private static readonly Gen<string?> ContentTypes = Gen.Frequency<string?>(
        (30, Gen.Constant<string?>("application/json")),
        (1, Gen.Elements<string?>(
            null, "text/plain", "application/json; charset=utf-16", "application/json; charset=nonsense", "application/xml",
            "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/merge-patch+json", "text/tab-separated-values")));

    public static Gen<HostileBody> For(ApiSchema schema) =>
        from text in Gen.Frequency((12, Value(schema, "", 0)), (1, Hostile), (1, Gen.Constant("")))
        from bytes in Encoded(text)
        from type in ContentTypes
        select new HostileBody(bytes, type);

    private static Gen<string> Value(ApiSchema schema, string name, int depth)
    {
        var sound = Sound(schema, name, depth);
        return depth == 0 ? sound : Gen.Frequency((7, sound), (1, Hostile));
    }

    private static Gen<string> Sound(ApiSchema schema, string name, int depth)
    {
        var types = schema.Types;
        if (types.Contains("array") && schema.Items is { } items && depth < Deepest)
        {
            return from length in Gen.Choose(0, 3)
                   from values in Gen.ArrayOf(Value(items, name, depth + 1), length)
                   select $"[{string.Join(',', values)}]";
        }

        if (types.Contains("object") && depth < Deepest)
            return Object(schema, depth);
        return Gen.Fresh(() => SampleBody.Of(schema, name)?.ToJsonString() ?? "null");
    }

    private static Gen<string> Object(ApiSchema schema, int depth)
    {
        var members = schema.Properties.Select(p => Member(Gen.Constant(p.Key), p.Value, p.Key, depth)).ToList();
        if (schema.Values is { } values)
            members.Add(Member(Gen.Elements("tr", "en", "TR", "", "xx", "__proto__"), values, "", depth));
        return from written in Gen.CollectToArray(members)
               from extra in Gen.Frequency((8, Gen.Constant("")), (1, Hostile.Select(value => $"\"$type\":{value}")))
               select $"{{{string.Join(',', written.Append(extra).Where(member => member.Length > 0))}}}";
    }

    /// <summary>There, missing, twice, or under a name in other letters.</summary>
    private static Gen<string> Member(Gen<string> keys, ApiSchema schema, string name, int depth) =>
        from key in keys
        from value in Value(schema, name, depth + 1)
        from other in Value(schema, name, depth + 1)
        from written in Gen.Frequency(
            (20, Gen.Constant($"\"{key}\":{value}")),
            (2, Gen.Constant("")),
            (1, Gen.Constant($"\"{key}\":{value},\"{key}\":{other}")),
            (1, Gen.Constant($"\"{key.ToUpperInvariant()}\":{value},\"{key}\":{other}")))
        select written;

    /// <summary>As UTF-8, and now and then broken: cut off, with bytes that are no UTF-8, in another encoding, with a mark in front.</summary>
    private static Gen<byte[]> Encoded(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Gen.Frequency(
            (16, Gen.Constant(bytes)),
            (1, Gen.Choose(0, bytes.Length).Select(at => bytes[..at])),
            (2, from at in Gen.Choose(0, bytes.Length)
                from wrong in Gen.Elements(new byte[] { 0xFF }, [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x00], [0xE2, 0x82])
                select (byte[])[.. bytes[..at], .. wrong, .. bytes[at..]]),
            (1, Gen.Constant((byte[])[0xEF, 0xBB, 0xBF, .. bytes])),
            (1, Gen.Constant(Encoding.Unicode.GetBytes(text))));
    }
}
