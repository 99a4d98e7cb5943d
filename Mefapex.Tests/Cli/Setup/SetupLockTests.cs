using Mefapex.Cli;

namespace Mefapex.Tests.Cli.Setup;

public sealed class SetupLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new();

    [Fact]
    public async Task A_second_setup_says_that_it_waits_and_goes_on_when_the_first_is_done()
    {
        var first = await AcquireAsync();
        var second = AcquireAsync();
        second.IsCompleted.ShouldBeFalse();
        _output.ToString().ShouldContain("Another setup is at work");

        first.Dispose();

        (await second.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Dispose();
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_an_error_and_not_a_wait() =>
        await Should.ThrowAsync<DirectoryNotFoundException>(() => AcquireAsync("absent/setup.lock"));

    public void Dispose() => _folder.Dispose();

    private Task<SetupLock> AcquireAsync(string name = "setup.lock") => SetupLock.AcquireAsync(
        _folder[name],
        new Terminal(_output, interactive: false, colour: false, TimeProvider.System),
        TimeProvider.System,
        TestContext.Current.CancellationToken);
}
