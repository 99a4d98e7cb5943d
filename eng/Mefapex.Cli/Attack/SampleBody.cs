using System.Text.Json.Nodes;

namespace Mefapex.Cli;

/// <summary>A body as a well-meaning caller would send it, made from its schema.</summary>
internal static class SampleBody
{
    private const int Deepest = 6;

    // What a name means is not in the schema; a name that is missing here gets a plain word.
    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["message"] = "Yıllık izin nasıl alınır?",
        ["question"] = "Terlik dolabı nerede?",
        ["questions"] = "Terlik dolabı nerede?",
        ["user_message"] = "Servis saatleri nedir?",
        ["language"] = "tr",
        ["locale"] = "tr",
        ["kind"] = "other",
        ["mode"] = "closed",
        ["reason"] = "wrong",
        ["status"] = "done",
        ["email"] = "kimse@example.com",
        ["username"] = "kimse",
        ["current_password"] = "bu parola degil",
        ["password"] = "uzun ve taze bir parola 7",
        ["new_password"] = "uzun ve taze bir parola 8",
        ["roles"] = "member",
        ["as"] = "role:member",
    };

    /// <param name="known">Values of fields by name, that come before the words of this class.</param>
    public static JsonNode? Of(ApiSchema schema, string name = "", IReadOnlyDictionary<string, string>? known = null, int depth = 0)
    {
        var types = schema.Types;
        if (types.Contains("boolean"))
            return true;
        if (types.Contains("integer") || types.Contains("number"))
            return 1;
        if (types.Contains("array"))
            return schema.Items is { } items && depth < Deepest ? new JsonArray(Of(items, name, known, depth + 1)) : [];
        if (types.Contains("object"))
            return Object(schema, known, depth);
        return types.Contains("string") || types.Count == 0 ? Text(schema, name, known) : null;
    }

    private static JsonObject Object(ApiSchema schema, IReadOnlyDictionary<string, string>? known, int depth)
    {
        var made = new JsonObject();
        if (depth >= Deepest)
            return made;
        foreach (var (property, value) in schema.Properties)
            made[property] = Of(value, property, known, depth + 1);
        if (schema.Values is { } values)
            made["tr"] = Of(values, "tr", known, depth + 1);
        return made;
    }

    private static string Text(ApiSchema schema, string name, IReadOnlyDictionary<string, string>? known)
    {
        if (known?.GetValueOrDefault(name) is { } value && (schema.Format is null || (schema.Format == "uuid" && Guid.TryParse(value, out _))))
            return value;
        return schema.Format switch
        {
            "uuid" => Guid.NewGuid().ToString(),
            "date" => "2026-01-01",
            "date-time" => "2026-01-01T00:00:00Z",
            _ => Words.GetValueOrDefault(name, "Terlik"),
        };
    }
}
