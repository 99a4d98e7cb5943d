using Mefapex.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Data;

public sealed class DataProtectionTests(PostgresFixture postgres)
{
    [Fact]
    public async Task What_one_replica_protects_another_reads_also_after_a_restart()
    {
        var database = await ApiFactory.CreateDatabaseAsync(postgres);
        string sealedText;
        await using (var first = await ApiHost.Start(database).ReadyAsync())
        await using (var second = await ApiHost.Start(database).ReadyAsync())
        {
            sealedText = Protector(first).Protect("gizli");
            Protector(second).Unprotect(sealedText).ShouldBe("gizli");
        }

        await using var later = await ApiHost.Start(database).ReadyAsync();
        Protector(later).Unprotect(sealedText).ShouldBe("gizli");
    }

    private static IDataProtector Protector(ApiHost host) =>
        host.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("test");
}
