using Confluent.Kafka;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntimeGenAI;

namespace Mefapex.Tests.Packages;

/// <summary>The packages with native code load and answer, whichever feed they came from.</summary>
public sealed class NativeLibraryTests
{
    [Fact]
    public void OnnxRuntime_is_the_pinned_version_and_has_a_cpu_provider()
    {
        OrtEnv.Instance().GetVersionString().ShouldBe("1.29.0");
        OrtEnv.Instance().GetAvailableProviders().ShouldContain("CPUExecutionProvider");
    }

    [Fact]
    public void OnnxRuntimeGenAI_answers_from_its_native_library()
    {
        var missing = Path.Combine(AppContext.BaseDirectory, "no-such-model");

        Should.Throw<OnnxRuntimeGenAIException>(() => new Microsoft.ML.OnnxRuntimeGenAI.Config(missing)).Message.ShouldContain("no-such-model");
    }

    [Fact]
    public async Task Librdkafka_delivers_to_its_own_mock_cluster()
    {
        Library.VersionString.ShouldStartWith("2.15.1");
        var config = new ProducerConfig
        {
            // librdkafka ignores the address when it is told to bring up brokers of its own.
            BootstrapServers = "127.0.0.1:1",
            EnableIdempotence = true,
            MessageTimeoutMs = 10_000,
        };
        config.Set("test.mock.num.brokers", "3");
        using var producer = new ProducerBuilder<string, string>(config).SetLogHandler((_, _) => { }).Build();

        var delivery = await producer.ProduceAsync(
            "mefapex.probe",
            new Message<string, string> { Key = "k", Value = "v" },
            TestContext.Current.CancellationToken);

        delivery.Status.ShouldBe(PersistenceStatus.Persisted);
    }
}
