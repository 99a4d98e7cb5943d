using System.Text.Json;

namespace Mefapex.Cli;

/// <summary>The operations that an OpenAPI 3.1 document describes.</summary>
internal static class ApiDescription
{
    private static readonly string[] Methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

    /// <exception cref="JsonException">It is no such document.</exception>
    public static IReadOnlyList<ApiOperation> Read(string json)
    {
        // Kept for as long as the operations are, as their schemas are read out of it.
        var document = JsonDocument.Parse(json).RootElement;
        if (!document.TryGetProperty("paths", out var paths))
            throw new JsonException("the document names no paths");
        return
        [
            .. from path in paths.EnumerateObject()
               from operation in path.Value.EnumerateObject()
               where Methods.Contains(operation.Name, StringComparer.Ordinal)
               select Operation(document, path.Name, operation),
        ];
    }

    private static ApiOperation Operation(JsonElement document, string path, JsonProperty operation)
    {
        var bodies = operation.Value.TryGetProperty("requestBody", out var body)
            ? body.GetProperty("content").EnumerateObject().ToDictionary(
                content => content.Name,
                content => new ApiSchema(document, content.Value.TryGetProperty("schema", out var schema) ? schema : default),
                StringComparer.Ordinal)
            : [];
        return new ApiOperation(
            operation.Name.ToUpperInvariant(),
            path,
            operation.Value.TryGetProperty("parameters", out var parameters)
                ? [.. parameters.EnumerateArray().Select(p => new ApiParameter(p.GetProperty("name").GetString()!, p.GetProperty("in").GetString()!))]
                : [],
            bodies,
            operation.Value.TryGetProperty("security", out var security) && security.GetArrayLength() > 0);
    }
}

/// <summary>One method of one path.</summary>
/// <param name="Path">With its parameters in braces.</param>
/// <param name="Bodies">What it takes, by media type.</param>
/// <param name="NeedsToken">Whether the document says that it wants somebody signed in.</param>
internal sealed record ApiOperation(
    string Method,
    string Path,
    IReadOnlyList<ApiParameter> Parameters,
    IReadOnlyDictionary<string, ApiSchema> Bodies,
    bool NeedsToken)
{
    public string Name => $"{Method} {Path}";

    public ApiSchema? JsonBody => Bodies.GetValueOrDefault("application/json");
}

/// <param name="In"><c>path</c>, <c>query</c> or <c>header</c>.</param>
internal sealed record ApiParameter(string Name, string In);

/// <summary>What a JSON value may be.</summary>
internal sealed class ApiSchema
{
    private readonly JsonElement _document;
    private readonly JsonElement _schema;

    public ApiSchema(JsonElement document, JsonElement schema)
    {
        _document = document;
        _schema = Resolve(document, schema);
    }

    /// <summary>Such as <c>object</c>, <c>string</c> and <c>null</c>; empty when anything goes.</summary>
    public IReadOnlyList<string> Types => !TryGet("type", out var type) ? []
        : type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(one => one.GetString()!)]
        : [type.GetString()!];

    /// <summary>Such as <c>uuid</c> or <c>date-time</c>.</summary>
    public string? Format => TryGet("format", out var format) ? format.GetString() : null;

    public IReadOnlyDictionary<string, ApiSchema> Properties => TryGet("properties", out var properties)
        ? properties.EnumerateObject().ToDictionary(p => p.Name, p => new ApiSchema(_document, p.Value), StringComparer.Ordinal)
        : [];

    /// <summary>What the items of an array are.</summary>
    public ApiSchema? Items => TryGet("items", out var items) ? new(_document, items) : null;

    /// <summary>What the values of a dictionary are.</summary>
    public ApiSchema? Values =>
        TryGet("additionalProperties", out var values) && values.ValueKind == JsonValueKind.Object ? new(_document, values) : null;

    private bool TryGet(string name, out JsonElement value)
    {
        value = default;
        return _schema.ValueKind == JsonValueKind.Object && _schema.TryGetProperty(name, out value);
    }

    // Of several alternatives the first that is not null: "this or nothing" is all that there is.
    private static JsonElement Resolve(JsonElement document, JsonElement schema)
    {
        while (schema.ValueKind == JsonValueKind.Object)
        {
            if (schema.TryGetProperty("$ref", out var reference))
            {
                schema = reference.GetString()!.Split('/').Skip(1).Aggregate(document, (at, step) => at.GetProperty(step));
                continue;
            }

            if (!schema.TryGetProperty("oneOf", out var choices) && !schema.TryGetProperty("anyOf", out choices))
                break;
            schema = choices.EnumerateArray().FirstOrDefault(choice =>
                !(choice.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("null")));
        }

        return schema;
    }
}
