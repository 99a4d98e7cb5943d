using Mefapex.AppHost.Local;
using Mefapex.AppHost.State;

namespace Mefapex.Tests.AppHost;

public sealed class LogTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 8, 9, 10, TimeZoneInfo.Local.GetUtcOffset(new DateTime(2026, 11, 21)));

    private readonly string _folder = Directory.CreateTempSubdirectory("mefapex-logs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("""{"LogLevel":"Information","Category":"A.B","Message":"hello"}""", "08:09:10 INFO  A.B: hello")]
    [InlineData("""{"LogLevel":"Error","Category":"A","Message":"no","Exception":"X: boom\n at Y"}""", "08:09:10 ERROR A: no [X: boom]")]
    [InlineData("""{"level":"warn","category":"A","message":"late","properties":{"message":"inner"}}""", "08:09:10 WARN  A: late")]
    [InlineData("""{"LogLevel":"Critical","Category":"A","Message":"no"}""", "08:09:10 FATAL A: no")]
    [InlineData("""{"some":"other json"}""", """{"some":"other json"}""")]
    [InlineData("{not json", "{not json")]
    [InlineData("LOG:  database system is ready", "LOG:  database system is ready")]
    [InlineData("", "")]
    public void Json_lines_are_shown_for_people_and_others_as_they_are(string line, string shown) =>
        JsonLogLine.Render(line, Now).ShouldBe(shown);

    [Fact]
    public void A_new_run_begins_a_new_file_and_keeps_the_two_before_it()
    {
        var path = Path.Combine(_folder, "api.log");
        foreach (var word in new[] { "one", "two", "three", "four" })
        {
            using var log = new LogFile(path);
            log.Write(word);
        }

        File.ReadAllText(path).ShouldBe("four\n");
        File.ReadAllText(path + ".1").ShouldBe("three\n");
        File.ReadAllText(path + ".2").ShouldBe("two\n");
        Directory.GetFiles(_folder).Length.ShouldBe(3);
    }

    [Fact]
    public void A_chatty_resource_cannot_fill_the_disk()
    {
        var path = Path.Combine(_folder, "api.log");
        using (var log = new LogFile(path, limit: 1000))
        {
            for (var i = 0; i < 500; i++)
                log.Write(new string('x', 49));
        }

        Directory.GetFiles(_folder).Sum(file => new FileInfo(file).Length).ShouldBeLessThanOrEqualTo(3000);
    }
}
