using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.OpenApi;

namespace Mefapex.ServiceDefaults;

/// <summary>The description of a service's HTTP interface and the page that shows it, with no file from outside.</summary>
public static class ApiDocsExtensions
{
    private const string DocumentPath = "/openapi.json";
    private const string PagePath = "/docs";

    // The hash is that of the one style element which the page's script adds.
    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'";

    /// <summary>Adds the OpenAPI document.</summary>
    /// <param name="title">Shown at the top of the document and the page.</param>
    public static T AddApiDocs<T>(this T builder, string title)
        where T : IHostApplicationBuilder
    {
        var version = ServiceIdentity.Of(builder).Version;
        builder.Services.AddOpenApi(options =>
        {
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info.Title = title;
                document.Info.Version = version;
                document.Servers?.Clear();
                return Task.CompletedTask;
            });
            options.AddDocumentTransformer(AddBearerAsync);
            options.AddOperationTransformer(AskForBearerAsync);
        });
        return builder;
    }

    /// <summary>Maps <c>/openapi.json</c> and the page <c>/docs</c>, open to everyone.</summary>
    public static WebApplication MapApiDocs(this WebApplication app)
    {
        app.MapOpenApi(DocumentPath).AllowAnonymous();
        app.UseWhen(context => context.Request.Path.StartsWithSegments(PagePath, StringComparison.OrdinalIgnoreCase), page =>
            page.Use((context, next) =>
            {
                context.UseContentPolicy(PagePolicy);
                return next(context);
            }));
        app.UseSwaggerUI(page =>
        {
            page.RoutePrefix = PagePath.TrimStart('/');
            page.SwaggerEndpoint(DocumentPath, "v1");
        });
        return app;
    }

    private static async Task AddBearerAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.ApplicationServices.GetService<IAuthenticationSchemeProvider>() is not { } schemes
            || await schemes.GetSchemeAsync(JwtBearerDefaults.AuthenticationScheme) is null)
            return;

        document.AddComponent(JwtBearerDefaults.AuthenticationScheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "JWT",
        });
    }

    private static Task AskForBearerAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<IAuthorizeData>().Any() && !metadata.OfType<IAllowAnonymous>().Any())
        {
            operation.Security =
            [
                new OpenApiSecurityRequirement
                {
                    [new OpenApiSecuritySchemeReference(JwtBearerDefaults.AuthenticationScheme, context.Document)] = [],
                },
            ];
        }

        return Task.CompletedTask;
    }
}
