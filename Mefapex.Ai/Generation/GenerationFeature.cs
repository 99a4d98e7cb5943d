using Mefapex.Ai.Models;
using Mefapex.Inference.Generation;
using Mefapex.Inference.Serving;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.Generation;

internal static class GenerationFeature
{
    public const string Kind = "generation";

    /// <summary>Makes room for the language model if one is configured; only then there is an <see cref="IChatClient"/>.</summary>
    public static void AddGeneration(this WebApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection(GenerationOptions.Section);
        builder.Services.AddOptions<GenerationOptions>().Bind(section).ValidateDataAnnotations().ValidateOnStart();
        if (section[nameof(GenerationOptions.Path)] is not { Length: > 0 } path)
            return;
        builder.Services.AddModelSlot(Kind, section.GetValue<bool>(nameof(GenerationOptions.Preload)), provider => LoaderOf(
            provider.GetRequiredService<IOptions<GenerationOptions>>().Value, provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<IChatClient>(provider => new LeasedChatClient(
            provider.GetRequiredService<ModelSlot<OnnxChatClient>>(), GeneratorFolder.NameOf(path)));
    }

    /// <summary>How the language model is loaded; it generates its first token in doing so, which is its warm-up.</summary>
    public static ModelLoader<OnnxChatClient> LoaderOf(GenerationOptions options, TimeProvider time) => new(
        () => GeneratorFolder.Open(options.Path).Bytes,
        _ => OnnxChatClient.Load(options.Path, options.ToClient(), time),
        static (_, _) => { },
        static client => client.Manifest);
}
