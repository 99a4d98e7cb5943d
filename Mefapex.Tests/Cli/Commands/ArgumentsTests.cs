using Mefapex.Cli;

namespace Mefapex.Tests.Cli.Commands;

public sealed class ArgumentsTests
{
    [Fact]
    public void Flags_options_and_words_are_taken_in_any_order()
    {
        var arguments = new Arguments(["--timeout", "20", "up", "--detach"]);

        arguments.TakeOption("--timeout").ShouldBe("20");
        arguments.TakeFlag("--detach").ShouldBeTrue();
        arguments.TakeFlag("--detach").ShouldBeFalse();
        arguments.TakeWord().ShouldBe("up");
        Should.NotThrow(() => arguments.Finish("up"));
    }

    [Fact]
    public void An_option_without_its_value_is_refused() =>
        Should.Throw<SetupException>(() => new Arguments(["--timeout"]).TakeOption("--timeout")).Message.ShouldBe("--timeout needs a value.");

    [Fact]
    public void What_was_not_understood_is_named()
    {
        var arguments = new Arguments(["--detached"]);

        var refusal = Should.Throw<SetupException>(() => arguments.Finish("up"));

        refusal.Message.ShouldBe("'--detached' is not understood.");
        refusal.Remedy.ShouldBe("See ./mefapex help up.");
    }
}
