using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mefapex.ServiceDefaults;

/// <summary>The description of a service's HTTP interface and the page that shows it, with no file from outside.</summary>
public static class ApiDocsExtensions
{
    private const string DocumentPath = "/openapi.json";

    /// <summary>Adds the OpenAPI document.</summary>
    /// <param name="title">Shown at the top of the document and the page.</param>
    public static T AddApiDocs<T>(this T builder, string title)
        where T : IHostApplicationBuilder
    {
        var version = ServiceIdentity.Of(builder).Version;
        builder.Services.AddOpenApi(options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = title;
            document.Info.Version = version;
            document.Servers?.Clear();
            return Task.CompletedTask;
        }));
        return builder;
    }

    /// <summary>Maps <c>/openapi.json</c> and the page <c>/docs</c>, open to everyone.</summary>
    public static WebApplication MapApiDocs(this WebApplication app)
    {
        app.MapOpenApi(DocumentPath).AllowAnonymous();
        app.UseSwaggerUI(page =>
        {
            page.RoutePrefix = "docs";
            page.SwaggerEndpoint(DocumentPath, "v1");
        });
        return app;
    }
}
