using System.Numerics.Tensors;
using Mefapex.Inference.Embedding;

namespace Mefapex.Tests.Inference.Embedding;

public sealed class SubwordEncoderTests : IDisposable
{
    private readonly SubwordEncoder _encoder = SubwordEncoder.LoadBundled();

    public void Dispose() => _encoder.Dispose();

    [Theory]
    [InlineData("Yıllık izin nasıl alınır?", "yillik izin nasil alinir", 0.999)]
    [InlineData("Yıllık izin talebi nasıl girilir?", "YILLIK İZİN TALEBİ NASIL GİRİLİR", 0.999)]
    [InlineData("Şifremi unuttum", "sifremi unutum", 0.6)]
    [InlineData("Portal'ın şifresi", "portal şifre", 0.5)]
    [InlineData("annual leave request", "anual leave requests", 0.5)]
    public void Variants_of_a_text_lie_closer_than_an_unrelated_one(string text, string variant, double atLeast)
    {
        var vectors = Encode(_encoder, [text, variant, "Kantinde öğle yemeği menüsü", "Where do I park my car?"]);

        var similar = Cosine(vectors[0], vectors[1]);
        similar.ShouldBeGreaterThan(atLeast);
        Cosine(vectors[0], vectors[2]).ShouldBeLessThan(similar - 0.3);
        Cosine(vectors[0], vectors[3]).ShouldBeLessThan(similar - 0.3);
    }

    [Fact]
    public void Every_vector_has_unit_length_and_the_manifests_dimensions()
    {
        foreach (var vector in Encode(_encoder, OddTexts()))
        {
            vector.Length.ShouldBe(_encoder.Dimensions);
            TensorPrimitives.Norm<float>(vector).ShouldBe(1, 1e-5);
        }
    }

    [Fact]
    public void A_texts_vector_does_not_depend_on_its_batch()
    {
        var texts = OddTexts();
        var alone = texts.Select(text => Encode(_encoder, [text])[0]).ToArray();

        AllClose(Encode(_encoder, texts), alone);
        var inputs = texts.Select(text => _encoder.Tokenize(text)).ToArray();
        AllClose(_encoder.RunAll(inputs, tokensPerRun: 64, TestContext.Current.CancellationToken), alone);
        AllClose([.. Enumerable.Reverse(Encode(_encoder, [.. Enumerable.Reverse(texts)]))], alone);
    }

    [Fact]
    public async Task Many_threads_get_the_vectors_that_one_gets()
    {
        var texts = OddTexts();
        var expected = Encode(_encoder, texts);

        await Parallel.ForAsync(0, 64, TestContext.Current.CancellationToken, (_, cancellationToken) =>
        {
            AllClose(_encoder.Encode(texts, cancellationToken: cancellationToken), expected);
            return ValueTask.CompletedTask;
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("  \n\t ")]
    [InlineData("\u200B\uFEFF\0")]
    public void A_text_with_nothing_visible_is_refused(string text) =>
        Should.Throw<ArgumentException>(() => Encode(_encoder, ["izin", text])).Message.ShouldContain("is empty");

    [Fact]
    public void No_texts_give_no_vectors() => Encode(_encoder, []).ShouldBeEmpty();

    [Fact]
    public void A_cancelled_call_ends_as_cancelled()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();

        Should.Throw<OperationCanceledException>(() => _encoder.Encode(["izin"], cancellationToken: source.Token));
        Should.Throw<OperationCanceledException>(() => _encoder.Run([_encoder.Tokenize("izin")], source.Token));
    }

    private static float[][] Encode(SubwordEncoder encoder, IReadOnlyList<string> texts) =>
        encoder.Encode(texts, cancellationToken: TestContext.Current.CancellationToken);

    private static string[] OddTexts() =>
    [
        "izin",
        "Yıllık izin talebi nasıl girilir, kime onaylatırım ve kaç gün önce göndermeliyim?",
        "👍",
        "日本語のテキスト",
        "a\uD800b",
        "e\u0301\u0323\u0307",
        "SELECT * FROM users; -- acil && C# nedir?",
        new string('x', 100_000),
        string.Join(' ', Enumerable.Range(0, 3000).Select(i => $"kelime{i}")),
        "مرحبا",
        "0",
    ];

    private static void AllClose(float[][] actual, float[][] expected)
    {
        actual.Length.ShouldBe(expected.Length);
        for (var i = 0; i < actual.Length; i++)
            TensorPrimitives.Distance<float>(actual[i], expected[i]).ShouldBeLessThan(1e-5f);
    }

    private static double Cosine(float[] left, float[] right) => TensorPrimitives.CosineSimilarity<float>(left, right);
}
