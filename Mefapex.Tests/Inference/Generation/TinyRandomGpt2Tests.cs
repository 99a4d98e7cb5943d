using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Generation;
using Mefapex.Tests.Support;
using Microsoft.Extensions.AI;

namespace Mefapex.Tests.Inference.Generation;

/// <summary>A model that others made, with random weights, half-size caches and a tokenizer that knows more tokens than
/// the model; it has no chat template. It is not part of the repository.</summary>
public sealed class TinyRandomGpt2Tests
{
    private static readonly string Folder =
        Path.GetFullPath(Path.Combine(RepositoryRoot.Path, "..", "shared", "data", "genai", "tiny-random-gpt2"));

    [Fact]
    public async Task A_prompt_of_tokens_that_the_model_has_is_continued_always_alike()
    {
        using var client = Load();
        var options = new ChatOptions { MaxOutputTokens = 20, Temperature = 0 };

        var first = await client.GetResponseAsync("in the ", options, TestContext.Current.CancellationToken);
        var again = await client.GetResponseAsync("in the ", options, TestContext.Current.CancellationToken);

        client.Folder.ModelType.ShouldBe("gpt2");
        client.Folder.ChatTemplate.ShouldBeNull();
        first.Text.ShouldNotBeEmpty();
        first.Usage!.InputTokenCount.ShouldBe(3);
        again.Text.ShouldBe(first.Text);

        // Random weights know next to nothing of what comes next: about one in the 1000 tokens.
        first.AdditionalProperties![OnnxChatClient.QualityScore].ShouldBeOfType<double>().ShouldBeInRange(0.0005, 0.01);
    }

    [Fact]
    public async Task A_prompt_with_a_token_that_the_model_lacks_is_told_with_both_numbers()
    {
        using var client = Load();

        var exception = await Should.ThrowAsync<ModelException>(() =>
            client.GetResponseAsync("Hello", cancellationToken: TestContext.Current.CancellationToken));

        exception.Fault.ShouldBe(ModelFault.Unsuitable);
        exception.Message.ShouldContain("token 15496");
        exception.Message.ShouldContain("1000");
    }

    private static OnnxChatClient Load()
    {
        Assert.SkipUnless(Directory.Exists(Folder), $"{Folder} is absent: the model is not part of the repository.");
        return OnnxChatClient.Load(Folder);
    }
}
