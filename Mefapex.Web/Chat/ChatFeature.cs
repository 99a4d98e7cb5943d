namespace Mefapex.Web.Chat;

internal static class ChatFeature
{
    public static void AddChat(this IServiceCollection services)
    {
        services.AddMemoryCache();
        services.AddSingleton<ChatHandover>();
        services.AddScoped<ChatStore>();
    }
}
