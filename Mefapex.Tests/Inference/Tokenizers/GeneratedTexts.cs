using System.Text;

namespace Mefapex.Tests.Inference.Tokenizers;

/// <summary>Texts of everything that people, programs and accidents write; the same seed gives the same texts.</summary>
internal static class GeneratedTexts
{
    private static readonly string[] Words =
    [
        "merhaba", "yıllık", "izin", "nasıl", "alınır", "İstanbul", "IŞIK", "çalışma", "görüşürüz", "Iğdır", "ağaç",
        "müdür", "vardiya", "üretim", "şifremi", "unuttum", "kâğıt", "hâlâ", "the", "password", "annual", "leave",
        "request", "don't", "we'll", "I'm", "they've", "it's", "Straße", "ΟΔΟΣ", "Σίσυφος", "naïve", "Привет", "мир",
        "ﬁrma", "ﬀ", "２０２６", "①②", "㈱", "½", "x²", "…", "“tırnak”", "’", "—", "3,14", "%50", "08:30", "a@b.com",
        "https://mefapex.example/izin?x=1&y=2", "C#", ".NET", "e-posta", "~/dosya", "<b>", "～",
    ];

    private static readonly string[] Emoji =
        ["😀", "🎉", "👨‍👩‍👧", "👍🏽", "🇹🇷", "❤️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☎", "🤷‍♀️"];

    private static readonly string[] Ideographs =
        ["你好", "世界", "日本語", "カタカナ", "ひらがな", "ｶﾀｶﾅ", "한국어", "ㄱㅏ", "각", "𠀀", "豈", "，", "。", "「」", "㍿", "㋿", "〇"];

    private static readonly string[] Marks =
        ["\u0301", "\u0307", "\u0308", "\u0323", "\u0327", "\u0328", "\u0302", "\u0344", "\u035A", "\u20DD", "\u0345", "\u034F"];

    private static readonly string[] Controls =
    [
        "\0", "\u0001", "\u0007", "\b", "\u000B", "\u001F", "\u007F", "\u0085", "\u008F", "\u009F", "\u00AD", "\u200B",
        "\u200C", "\u200D", "\u200E", "\u202E", "\u2060", "\uFEFF", "\uFFFD", "\uFFFE", "\uE000", "\U000F0000",
    ];

    private static readonly string[] Spaces =
        [" ", "  ", "   ", "\t", "\n", "\r\n", "\u00A0", "\u1680", "\u2003", "\u2028", "\u2029", "\u202F", "\u3000", "\u2581"];

    private static readonly string[] AddedTokens =
    [
        "[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "<s>", "</s>", "<pad>", "<unk>", "<mask>", " <mask>", "<extra_id_0>",
        "<extra_id_99>", "＜s＞", "[cls]", "<extra_id_", "[[MASK]]",
    ];

    private static readonly string[] Surrogates = ["\uD800", "\uDBFF", "\uDC00", "\uDFFF", "\uDE00\uD83D"];

    public static IReadOnlyList<string> Make(int count, int seed)
    {
        var random = new Random(seed);
        var texts = new List<string> { "", " ", "\n", "a" };
        while (texts.Count < count)
            texts.Add(Text(random));
        return texts;
    }

    private static string Text(Random random)
    {
        var text = new StringBuilder();
        var parts = 1 + random.Next(30);
        for (var i = 0; i < parts; i++)
        {
            text.Append(Part(random));
            if (random.Next(3) > 0)
                text.Append(' ');
        }

        return text.ToString();
    }

    private static string Part(Random random)
    {
        return random.Next(24) switch
        {
            < 11 => Pick(Words),
            11 => Pick(Emoji),
            12 or 13 => Pick(Ideographs),
            14 => Pick(Words) + Pick(Marks) + Pick(Marks),
            15 => Many(6, () => (char)('a' + random.Next(26)) + Pick(Marks)),
            16 => Pick(Controls),
            17 => Pick(Words) + Pick(Controls) + Pick(Words),
            18 => Many(3, () => Pick(Spaces)),
            19 => Pick(AddedTokens),
            20 => Pick(Words) + Pick(AddedTokens) + Pick(Words),
            21 => Pick(Surrogates),
            22 => Many(8, Letter),
            _ when random.Next(8) == 0 => Many(400, () => Pick(Words)),
            _ => Many(12, () => ((char)(' ' + random.Next(95))).ToString()),
        };

        string Pick(string[] pool) => pool[random.Next(pool.Length)];

        string Many(int most, Func<string> part) =>
            string.Concat(Enumerable.Range(0, 1 + random.Next(most)).Select(_ => part()));

        // Assigned long ago, so that both sides know them.
        string Letter() => random.Next(4) switch
        {
            0 => ((char)(0xA0 + random.Next(0x260))).ToString(),
            1 => ((char)(0x370 + random.Next(0x1A0))).ToString(),
            2 => ((char)(0x4E00 + random.Next(0x5000))).ToString(),
            _ => char.ConvertFromUtf32(0x1F300 + random.Next(0x300)),
        };
    }
}
