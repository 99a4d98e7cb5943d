using Mefapex.Api.Data;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Support;

internal static class WholeDatabaseExtensions
{
    /// <summary>A context that no policy binds, for tests that look into what a host stored.</summary>
    public static MefapexDb WholeDatabase(this IServiceProvider services) => services.GetRequiredService<OwnerDatabase>().CreateContext();
}
