using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mefapex.Contracts;

/// <summary>How every record of this assembly is written as JSON: snake_case names, nulls left out.</summary>
public static class WireJson
{
    /// <summary>The options themselves, for clients and tests.</summary>
    public static JsonSerializerOptions Options { get; } = Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    /// <summary>Applies the naming and null rules to a host's own options.</summary>
    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = null;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        return options;
    }
}
