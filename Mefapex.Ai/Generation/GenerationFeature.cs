using Mefapex.Ai.Models;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Generation;
using Mefapex.Inference.Serving;
using Microsoft.Extensions.AI;

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
        builder.Services.AddModelSlot(Kind, section.GetValue<bool>(nameof(GenerationOptions.Preload)), ModelLoaders.Generator);
        builder.Services.AddSingleton<IChatClient>(provider => new LeasedChatClient(
            provider.GetRequiredService<ModelSlot<OnnxChatClient>>(), ModelCatalogue.NameOf(path)));
    }
}
