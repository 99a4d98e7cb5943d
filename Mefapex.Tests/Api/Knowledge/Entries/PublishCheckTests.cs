using System.Text.Json;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Api.Knowledge.Entries;

public sealed class PublishCheckTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_blocking_finding_keeps_a_version_back_until_somebody_gives_a_reason_which_stays_with_it()
    {
        await using var scope = api.Host.Services.CreateAsyncScope();
        var tenant = await KnowledgeFixture.TenantAsync(api.Host, "fabrika");
        using var rows = DataScope.Of(tenant.Id);
        var check = new Objection();
        var entries = new EntryStore(
            scope.ServiceProvider.GetRequiredService<MefapexDb>(),
            [check],
            Options.Create(new EntryOptions()),
            scope.ServiceProvider.GetRequiredService<IAuditLog>(),
            TimeProvider.System);
        var draft = new EntryDraft("Genel", "İK", new DateOnly(2026, 1, 1), null, [], [], [new("tr", "Engel", ["Engel?"], "Var.")]);
        var created = await entries.CreateAsync(tenant, "editor", "engel", draft, null, Cancellation);
        await entries.ReviewAsync(tenant, "editor", created.Entry!.Id, _ => null, null, Cancellation);

        var refused = await entries.PublishAsync(tenant, "editor", "engel", _ => null, overrideReason: null, Cancellation);
        var problem = refused.Problem.ShouldNotBeNull().ProblemDetails.ShouldBeOfType<ProblemDetails>();
        problem.Type.ShouldBe("urn:mefapex:problem:publish-refused");
        problem.Detail.ShouldNotBeNull().ShouldContain(Objection.Sentence);
        problem.Extensions["findings"].ShouldBeAssignableTo<IReadOnlyList<EntryFinding>>()!.Select(f => f.Code).ShouldBe(["objection", "remark"]);
        check.Seen.ShouldBe(["engel"]);
        (await entries.ReadAsync(tenant, "engel", Cancellation)).Entry!.PublishedVersion.ShouldBeNull();

        var published = await entries.PublishAsync(tenant, "editor", "engel", _ => null, "yine de doğru", Cancellation);
        published.Entry!.PublishedVersion.ShouldBe(1);
        published.Findings.Count.ShouldBe(2);
        (await entries.VersionAsync(tenant.Id, "engel", 1, Cancellation))!.OverrideReason.ShouldBe("yine de doğru");
        using var overridden = JsonDocument.Parse((await scope.ServiceProvider.WholeDatabase().AuditEvents
            .SingleAsync(e => e.Verb == AuditVerbs.GateOverridden && e.SubjectId == "engel", Cancellation)).After!);
        overridden.RootElement.GetProperty("reason").GetString().ShouldBe("yine de doğru");
        overridden.RootElement.GetProperty("findings")[0].GetString().ShouldBe("objection");
    }

    private sealed class Objection : IPublishCheck
    {
        public const string Sentence = "Başka bir kayıt tersini söylüyor.";

        public List<string> Seen { get; } = [];

        public Task<IReadOnlyList<PublishFinding>> CheckAsync(PublishSet set, CancellationToken cancellationToken)
        {
            Seen.AddRange(set.Versions.Select(v => v.EntryId));
            return Task.FromResult<IReadOnlyList<PublishFinding>>(
            [
                new(set.Versions[0].EntryId, "objection", Sentence, Blocking: true),
                new(null, "remark", "Not.", Blocking: false),
            ]);
        }
    }
}
