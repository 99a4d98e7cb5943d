using System.Text.Json.Nodes;
using Mefapex.Inference.Tokenizers;

namespace Mefapex.Tests.Inference.Tokenizers;

/// <summary>Small tokenizer files in a folder of their own.</summary>
internal sealed class TokenizerFiles : IDisposable
{
    public const string Words =
        """{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"izin":4,"yıl":5,"##lık":6,"a":7,"##b":8,".":9,"1":10,"a b":11}}""";

    public const string Template =
        """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2]},"[SEP]":{"id":"[SEP]","ids":[3]}}}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mefapex-tokenizer-");

    public string Path => System.IO.Path.Combine(_folder.FullName, "tokenizer.json");

    public static string Json(
        string model = Words,
        string? normalizer = null,
        string? preTokenizer = """{"type":"WhitespaceSplit"}""",
        string? postProcessor = null,
        string addedTokens = "[]",
        string? truncation = null,
        string? padding = null)
    {
        var root = new JsonObject
        {
            ["truncation"] = Parse(truncation),
            ["padding"] = Parse(padding),
            ["added_tokens"] = Parse(addedTokens),
            ["normalizer"] = Parse(normalizer),
            ["pre_tokenizer"] = Parse(preTokenizer),
            ["post_processor"] = Parse(postProcessor),
            ["model"] = Parse(model),
        };
        return root.ToJsonString();
    }

    public Tokenizer Load(string json)
    {
        File.WriteAllText(Path, json);
        return Tokenizer.Load(Path);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static JsonNode? Parse(string? json) => json is null ? null : JsonNode.Parse(json);
}
