using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Support;

internal static class WholeDatabaseExtensions
{
    /// <summary>A context that no policy binds, for tests that look into what a host stored.</summary>
    public static MefapexDb WholeDatabase(this IServiceProvider services) =>
        new(new DbContextOptionsBuilder<MefapexDb>().UseMefapex(services.GetRequiredService<OwnerDatabase>().Source).Options);
}
