using Mefapex.Inference.Serving;

namespace Mefapex.Tests.Inference.Serving;

public sealed class MemoryLimitsTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("mefapex-cgroup-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void The_least_limit_up_to_the_root_counts()
    {
        Write("memory.max", "max");
        Write("pods/memory.max", "500");
        Write("pods/ai/memory.max", "900");

        MemoryLimits.OfControlGroups("0::/pods/ai\n", _root.FullName).ShouldBe(500);
    }

    [Fact]
    public void Inside_of_a_container_the_root_is_its_own()
    {
        Write("memory.max", "1000");

        MemoryLimits.OfControlGroups("0::/\n", _root.FullName).ShouldBe(1000);
    }

    [Fact]
    public void The_first_version_is_read_too()
    {
        Write("memory/docker/x/memory.limit_in_bytes", "700");

        MemoryLimits.OfControlGroups("5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n", _root.FullName).ShouldBe(700);
    }

    [Theory]
    [InlineData("0::/pods/ai\n")]
    [InlineData("")]
    [InlineData("nonsense")]
    public void Without_a_limit_there_is_none(string groups) =>
        MemoryLimits.OfControlGroups(groups, _root.FullName).ShouldBeNull();

    [Theory]
    [InlineData("MemTotal:       24684132 kB\nMemFree:  1 kB\n", 24684132L * 1024)]
    [InlineData("MemFree: 1 kB\n", null)]
    public void The_machines_memory_is_read(string memory, long? bytes) => MemoryLimits.OfMachine(memory).ShouldBe(bytes);

    [Fact]
    public void This_process_has_a_limit() => MemoryLimits.OfProcess().ShouldBeGreaterThan(1 << 20);

    private void Write(string path, string text)
    {
        var file = Path.Combine(_root.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text + "\n");
    }
}
