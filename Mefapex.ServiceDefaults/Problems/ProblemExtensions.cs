using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mefapex.ServiceDefaults;

internal static class ProblemExtensions
{
    /// <summary>The first is used where the caller names none of them.</summary>
    private static readonly CultureInfo[] Languages = [CultureInfo.GetCultureInfo("tr"), CultureInfo.GetCultureInfo("en")];

    public static void AddProblems(this IServiceCollection services)
    {
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        services.AddProblemDetails();
        services.AddSingleton<ProblemExceptionHandler>();
        services.AddOptions<ExceptionHandlerOptions>().Configure<ProblemExceptionHandler>((options, handler) =>
        {
            options.ExceptionHandler = handler.HandleAsync;
            options.SuppressDiagnosticsCallback = _ => true;
        });

        // Otherwise wrong JSON is an empty 400 outside of development.
        services.Configure<RouteHandlerOptions>(routing => routing.ThrowOnBadRequest = true);

        // Texts follow the caller's language; numbers and letter case never do, or "i".ToUpper() would.
        services.Configure<RequestLocalizationOptions>(localization =>
        {
            localization.DefaultRequestCulture = new RequestCulture(CultureInfo.InvariantCulture, Languages[0]);
            localization.SupportedCultures = [CultureInfo.InvariantCulture];
            localization.SupportedUICultures = Languages;
            localization.RequestCultureProviders = [new AcceptLanguageHeaderRequestCultureProvider()];
        });
    }
}
