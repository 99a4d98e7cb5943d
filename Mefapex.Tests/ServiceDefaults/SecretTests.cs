using Mefapex.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.ServiceDefaults;

public sealed class SecretTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mefapex-secrets-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Tokens:SigningKey_FILE", "Tokens:SigningKey", "s3cret")]
    [InlineData("Tokens:SigningKey:FILE", "Tokens:SigningKey", "s3cret")]
    [InlineData("SECRET_KEY_FILE", "Tokens:SigningKey", "s3cret")]
    [InlineData("ConnectionStrings:redis:FILE", "ConnectionStrings:redis", "s3cret")]
    [InlineData("SSL_CERT_FILE", "SSL_CERT", null)]
    public async Task A_secret_in_a_file_is_the_setting(string key, string setting, string? expected)
    {
        await using var service = await LoopbackService.StartAsync(settings: new() { [key] = await FileAsync("s3cret\n") });

        service.App.Configuration[setting].ShouldBe(expected);
    }

    [Fact]
    public async Task The_password_of_the_replaced_system_joins_its_connection_string()
    {
        await using var service = await LoopbackService.StartAsync(settings: new()
        {
            ["POSTGRES_HOST"] = "db",
            ["POSTGRES_PASSWORD_FILE"] = await FileAsync("p w"),
        });

        service.App.Configuration["ConnectionStrings:mefapexdb"].ShouldNotBeNull().ToLowerInvariant().ShouldContain("password=\"p w\"");
    }

    [Fact]
    public async Task A_file_that_is_missing_empty_or_contradicted_refuses_the_start_without_telling_secrets()
    {
        var refusal = await Should.ThrowAsync<OptionsValidationException>(async () => await LoopbackService.StartAsync(settings: new()
        {
            ["Models:Hub:Token_FILE"] = Path.Combine(_folder.FullName, "nowhere"),
            ["DEMO_PASSWORD_FILE"] = await FileAsync("\n"),
            ["Tokens:SigningKey"] = "one-secret",
            ["Tokens:SigningKey_FILE"] = await FileAsync("another-secret"),
        }));

        refusal.Failures.Count().ShouldBe(3);
        refusal.Message.ShouldContain("Models:Hub:Token_FILE");
        refusal.Message.ShouldContain("DEMO_PASSWORD_FILE");
        refusal.Message.ShouldContain("Tokens:SigningKey and Tokens:SigningKey_FILE say different things");
        refusal.Message.ShouldNotContain("one-secret");
        refusal.Message.ShouldNotContain("another-secret");
    }

    [Theory]
    [InlineData("your-secret-key-change-in-production", true)]
    [InlineData("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", true)]
    [InlineData("b7Qd0m2xZ1r8WnY5tKc4VhPj9sLfGa3eUo6i", false)]
    public void A_key_of_an_example_is_told_from_a_real_one(string key, bool expected) => Secrets.IsPlaceholder(key).ShouldBe(expected);

    [Theory]
    [InlineData("postgres123456", true)]
    [InlineData("PasswordPassword", true)]
    [InlineData("b7Qd0m2xZ1r8WnY5", false)]
    public void A_common_password_is_told_from_a_real_one(string password, bool expected) =>
        Secrets.IsCommonPassword(password).ShouldBe(expected);

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<string> FileAsync(string content)
    {
        var path = Path.Combine(_folder.FullName, Guid.NewGuid().ToString("N"));
        await File.WriteAllTextAsync(path, content, Cancellation);
        return path;
    }
}
