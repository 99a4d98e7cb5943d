using System.Text;
using Mefapex.Api.Ingestion;
using Mefapex.Api.Ingestion.Chunking;
using Mefapex.Api.Ingestion.Readers;

namespace Mefapex.Tests.Api.Ingestion.Chunking;

public sealed class ChunkerTests
{
    private static readonly string[] Words =
        ["yağ", "filtre", "kontrol", "edilir.", "Makine", "durur!", "A.", "3.", "uzunca", "kelime", "x\ny", "😀", "olur?", "Sonra", "ve"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Chunks_are_spans_in_order_that_hold_every_word_once_within_a_page_and_below_the_bounds(int seed)
    {
        var extracted = Random(new Random(seed));

        var chunks = Chunker.Of(extracted).ToList();

        var end = 0;
        foreach (var chunk in chunks)
        {
            chunk.Offset.ShouldBeGreaterThanOrEqualTo(end);
            end = chunk.Offset + chunk.Length;
            var text = extracted.Text.Substring(chunk.Offset, chunk.Length);
            text.ShouldBe(text.Trim());
            text.Length.ShouldBeInRange(1, Chunker.MaxCharacters);
            WordsIn(text).Length.ShouldBeLessThanOrEqualTo(Chunker.MaxWords);
            char.IsLowSurrogate(text[0]).ShouldBeFalse();
            extracted.Blocks
                .Where(b => b.Offset < end && b.Offset + b.Length > chunk.Offset)
                .ShouldAllBe(b => b.Page == chunk.Page);
        }

        // What no chunk has are headings, which stand above the chunks.
        var covered = new bool[extracted.Text.Length];
        foreach (var chunk in chunks)
            Array.Fill(covered, true, chunk.Offset, chunk.Length);
        foreach (var block in extracted.Blocks.Where(b => b.Kind is not BlockKind.Heading))
        {
            for (var i = block.Offset; i < block.Offset + block.Length; i++)
                (covered[i] || char.IsWhiteSpace(extracted.Text[i])).ShouldBeTrue($"character {i} is in no chunk");
        }
    }

    [Fact]
    public void Long_sections_are_cut_evenly_between_sentences_short_ones_stay_whole()
    {
        var output = new TextCollector(1_000_000);
        output.Add(new TextBlock(BlockKind.Heading, "Uzun", 1));
        var sentence = string.Join(' ', Enumerable.Repeat("kelime", 9)) + " bitti.";
        output.Add(new TextBlock(BlockKind.Paragraph, string.Join(' ', Enumerable.Repeat("S" + sentence[1..], 50))));
        output.Add(new TextBlock(BlockKind.Heading, "Kısa", 2));
        output.Add(new TextBlock(BlockKind.Paragraph, "Tek cümle."));
        var extracted = output.Finish();

        var chunks = Chunker.Of(extracted).Select(c => (c.Heading, Text: extracted.Text.Substring(c.Offset, c.Length))).ToList();

        chunks[^1].ShouldBe(("Uzun › Kısa", "Tek cümle."));
        chunks[..^1].ShouldAllBe(c => c.Heading == "Uzun" && c.Text.EndsWith("bitti."));
        chunks[..^1].ShouldAllBe(c => WordsIn(c.Text).Length >= 100);
    }

    [Fact]
    public void A_heading_without_a_text_is_itself_a_chunk()
    {
        var output = new TextCollector(1000);
        output.Add(new TextBlock(BlockKind.Heading, "Bölüm", 1));
        output.Add(new TextBlock(BlockKind.Heading, "Kapı her gün yedide açılır", 2));
        output.Add(new TextBlock(BlockKind.Heading, "Kantin sekizde", 2));
        var extracted = output.Finish();

        Chunker.Of(extracted).Select(c => (c.Heading, extracted.Text.Substring(c.Offset, c.Length)))
            .ShouldBe([("Bölüm", "Kapı her gün yedide açılır"), ("Bölüm", "Kantin sekizde")]);
    }

    [Fact]
    public void Too_much_text_ends_the_reading()
    {
        var output = new TextCollector(100);
        output.Add(new TextBlock(BlockKind.Paragraph, new string('a', 90)));

        Should.Throw<UnreadableFileException>(() => output.Add(new TextBlock(BlockKind.Paragraph, new string('a', 20))))
            .Problem.ShouldBe(FileProblem.TooMuchText);
    }

    private static ExtractedText Random(Random random)
    {
        var output = new TextCollector(10_000_000);
        for (int i = 0, page = 1; i < 60; i++)
        {
            page += random.Next(5) == 0 ? 1 : 0;
            var kind = (BlockKind)random.Next(4);
            output.Add(new TextBlock(kind, Text(random), kind is BlockKind.Heading ? random.Next(1, 4) : 0, page));
        }

        return output.Finish();
    }

    private static string Text(Random random)
    {
        if (random.Next(20) == 0)
            return string.Concat(Enumerable.Repeat("😀a", random.Next(1000, 4000)));
        var text = new StringBuilder();
        for (var i = random.Next(1, 700); i > 0; i--)
            text.Append(Words[random.Next(Words.Length)]).Append(random.Next(50) == 0 ? "\n  " : " ");
        return text.ToString();
    }

    private static string[] WordsIn(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
