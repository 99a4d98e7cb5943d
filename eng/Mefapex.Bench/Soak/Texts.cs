namespace Mefapex.Bench.Soak;

/// <summary>Requests of a busy day: mostly new short questions, some asked again, batches, and other endpoints.</summary>
internal sealed class Texts(int seed)
{
    private static readonly string[] Words =
    [
        "izin", "maaş", "vardiya", "bordro", "yazıcı", "parola", "makine", "arıza", "randevu", "ameliyat", "uçuş", "otel",
        "fatura", "kapora", "servis", "yemek", "nasıl", "nerede", "kaç", "gün", "bugün", "yarın", "lütfen", "acil", "leave",
        "salary", "printer", "password", "shift", "invoice", "flight", "doctor", "where", "when", "please", "urgent",
    ];

#pragma warning disable CA5394 // A load needs repeatable numbers, not secret ones.
    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();

    public MixedCall Next()
    {
        lock (_lock)
        {
            return _random.Next(100) switch
            {
                < 50 => new MixedCall("/embedding", new { text = Text(3, 12) }),
                < 65 => new MixedCall("/embedding", new { text = $"{Words[_random.Next(Words.Length)]} talebi nasıl girilir?" }),
                < 75 => new MixedCall("/v1/embeddings/batch", new { texts = Enumerable.Range(0, 32).Select(_ => Text(3, 60)).ToArray() }),
                < 85 => new MixedCall("/v1/embeddings", new { input = Text(3, 30) }),
                < 90 => new MixedCall("/embed", new { inputs = Text(3, 30) }),
                < 96 => new MixedCall("/language/detect", new { text = Text(2, 12) }),
                < 98 => new MixedCall("/generate", new { prompt = Text(2, 6), max_length = 40 }),
                _ => new MixedCall("/v1/chat/completions", new
                {
                    messages = new[] { new { role = "user", content = Text(2, 6) } },
                    max_completion_tokens = 40,
                    stream = true,
                }),
            };
        }
    }

    private string Text(int least, int most) =>
        string.Join(' ', Enumerable.Range(0, _random.Next(least, most + 1)).Select(_ => Words[_random.Next(Words.Length)] + _random.Next(50)));
#pragma warning restore CA5394
}

/// <summary>A POST with a JSON body.</summary>
internal sealed record MixedCall(string Path, object Body);
