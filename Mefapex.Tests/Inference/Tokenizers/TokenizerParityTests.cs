using System.Globalization;
using Mefapex.Inference.Tokenizers;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Inference.Tokenizers;

public sealed class TokenizerParityTests(TransformersPeer peer)
{
    private const int Texts = 5000;
    private const int TextsPerRequest = 500;
    private const int Seed = 20261121;

    [Theory]
    [InlineData("minilm-wordpiece")]
    [InlineData("t5-unigram")]
    [InlineData("roberta-bpe")]
    public async Task Every_id_is_that_of_transformers_js(string name)
    {
        var folder = SharedData.Folder("tokenizers", name);
        var texts = GeneratedTexts.Make(Texts, Seed);
        var answers = await peer.AskAsync(
            "tokenize.mjs",
            [.. texts.Chunk(TextsPerRequest).Select(chunk =>
                $$"""{"folder":{{TransformersPeer.JsonOf(folder)}},"texts":[{{string.Join(',', chunk.Select(TransformersPeer.JsonOf))}}]}""")]);
        var expected = answers.SelectMany(answer => answer.GetProperty("ids").EnumerateArray()).ToArray();
        expected.Length.ShouldBe(Texts);

        var tokenizer = Tokenizer.Load(Path.Combine(folder, "tokenizer.json"));
        for (var i = 0; i < Texts; i++)
        {
            var ids = tokenizer.Encode(texts[i]).Ids;
            if (!ids.AsSpan().SequenceEqual([.. expected[i].EnumerateArray().Select(id => id.GetInt32())]))
            {
                Assert.Fail(string.Create(
                    CultureInfo.InvariantCulture,
                    $"text {i} {TransformersPeer.JsonOf(texts[i])}\nours [{string.Join(',', ids)}]\npeer {expected[i]}"));
            }
        }
    }
}
