using System.Globalization;

namespace Mefapex.Cli;

internal static class EvalCommand
{
    /// <summary>What a system that was just started may take to embed the sample knowledge.</summary>
    private static readonly TimeSpan IndexingTime = TimeSpan.FromSeconds(90);

    public static readonly Command Eval = new(
        "eval",
        "--questions FILE [--json FILE]",
        "asks labelled questions and measures the answers",
        """
        FILE has a line for each question, five cells with a tab between them, under this header:
          tenant  lang  question  expected  kind
        expected is an entry's id, several as id1|id2, or NONE where the question must be declined. The
        questions go to the system that runs, as from somebody who is not signed in, else to one started
        for this and stopped afterwards.

        hit@1     the first source is expected; hit@3: one of the first three is; MRR: mean of 1/rank.
                  A question that was declined has no hit; one that was asked back about (clarify) or
                  handed to a person (escalate) has, if its sources are right.
        declined  only the decision "decline" counts; clarify and smalltalk are no refusal.
        misses    answerable questions without hit@1, and NONE questions that were not declined.

          --json FILE              every line's outcome and all figures
          --fit                    fits the weights of the answers to the questions instead, for each
                                   tenant; they are taken into use from 150 questions, 20 of them
                                   NONE, and when cross-validation finds nothing worse. Signs in with
                                   --user and --password, or MEFAPEX_TOKEN, else as the demo operator
          --misses N               how many misses are listed (20)
          --api URL                another API than the one of this clone
          --min-hit1 X  --min-hit3 X  --min-mrr X  --min-declined X  --max-wrongly-declined X
                                   shares from 0 to 1 that all questions together must keep to
        Ends with 0; with 1 when a share is not kept or a question got no answer; with 2 when the file
        or an option is wrong. Ctrl+C stops it and shows what was measured until then.
        """,
        RunAsync);

    private static async Task<int> RunAsync(CommandContext context, Arguments arguments, CancellationToken cancellationToken)
    {
        var options = EvalOptions.Take(arguments);
        var questions = EvalQuestion.Read(options.Questions);
        if (options.Api is { } api)
            return await RunAsync(api, TimeSpan.Zero, options, questions, cancellationToken);

        await using var system = await RunningSystem.FindOrStartAsync(context, cancellationToken);
        return await RunAsync(system.Api, system.IsNew ? IndexingTime : TimeSpan.Zero, options, questions, cancellationToken);
    }

    private static Task<int> RunAsync(
        Uri api,
        TimeSpan patience,
        EvalOptions options,
        List<EvalQuestion> questions,
        CancellationToken cancellationToken) => options.Fit
            ? FitAsync(api, patience, options, questions, cancellationToken)
            : MeasureAsync(api, patience, options, questions, cancellationToken);

    private static async Task<int> FitAsync(
        Uri address,
        TimeSpan patience,
        EvalOptions options,
        List<EvalQuestion> questions,
        CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(10) };
        var progress = Terminal.Standard(Console.Error, Console.IsErrorRedirected);
        await new Evaluation(new ChatApi(http, TimeProvider.System), progress, TimeProvider.System)
            .PrepareAsync(questions, patience, cancellationToken);
        var api = new FitApi(http);
        await api.SignInAsync(
            Environment.GetEnvironmentVariable("MEFAPEX_TOKEN") is { Length: > 0 } token ? token : null,
            options.User,
            options.Password,
            cancellationToken);
        foreach (var tenant in questions.GroupBy(question => question.Tenant, StringComparer.Ordinal))
        {
            FitOutcome outcome;
            using (progress.Begin($"Fitting {tenant.Key}"))
                outcome = await api.FitAsync(tenant.Key, tenant, cancellationToken);
            Console.Out.WriteLine(FitApi.Render(outcome));
        }

        return 0;
    }

    private static async Task<int> MeasureAsync(
        Uri address,
        TimeSpan patience,
        EvalOptions options,
        List<EvalQuestion> questions,
        CancellationToken cancellationToken)
    {
        const int interrupted = 130;
        using var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        var api = new ChatApi(http, TimeProvider.System);
        var evaluation = new Evaluation(api, Terminal.Standard(Console.Error, Console.IsErrorRedirected), TimeProvider.System);
        await evaluation.PrepareAsync(questions, patience, cancellationToken);
        var result = await evaluation.RunAsync(questions, cancellationToken);

        Console.Out.Write(EvalReport.Render(result, options.Misses));
        if (options.Json is { } file)
            AtomicFile.Write(Path.GetFullPath(file), EvalReport.ToJson(result, options.Questions, address));
        if (result.IsPartial)
            return interrupted;

        var broken = options.Floors.Where(floor => !floor.IsKept(result.Scores[0])).ToList();
        foreach (var floor in broken)
            Console.Out.WriteLine(floor.Complaint(result.Scores[0]));
        return broken.Count == 0 && result.Outcomes.All(outcome => outcome.Problem is null) ? 0 : 1;
    }
}

/// <summary>The options of <c>eval</c>.</summary>
internal sealed record EvalOptions(
    string Questions,
    string? Json,
    bool Fit,
    string User,
    string Password,
    int Misses,
    Uri? Api,
    IReadOnlyList<EvalFloor> Floors)
{
    /// <summary>An account of a development system; elsewhere it does not exist.</summary>
    private const string DemoUser = "operator";
    private const string DemoPassword = "1234";

    private const int DefaultMisses = 20;

    public static EvalOptions Take(Arguments arguments)
    {
        var questions = arguments.TakeOption("--questions");
        var options = new EvalOptions(
            questions ?? "",
            arguments.TakeOption("--json"),
            arguments.TakeFlag("--fit"),
            arguments.TakeOption("--user") ?? DemoUser,
            arguments.TakeOption("--password") ?? Environment.GetEnvironmentVariable("DEMO_PASSWORD") ?? DemoPassword,
            Misses: arguments.TakeOption("--misses") is { } misses ? Count("--misses", misses) : DefaultMisses,
            Api: arguments.TakeOption("--api") is { } api ? Url(api) : null,
            [.. EvalFloor.All.Select(floor => arguments.TakeOption(floor.Option) is { } limit ? floor with { Limit = Share(floor.Option, limit) } : null).OfType<EvalFloor>()]);
        arguments.Finish("eval");
        return questions is null
            ? throw SetupException.Usage("Which questions?", "./mefapex eval --questions FILE; ./mefapex help eval shows what stands in it.")
            : options;
    }

    private static int Count(string option, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : throw SetupException.Usage($"{option} takes a whole number, not '{value}'.", "See ./mefapex help eval.");

    private static double Share(string option, string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1
            ? share
            : throw SetupException.Usage($"{option} takes a share from 0 to 1, not '{value}'.", "See ./mefapex help eval.");

    private static Uri Url(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw SetupException.Usage($"--api takes an address such as http://localhost:8000, not '{value}'.", "See ./mefapex help eval.");
}

/// <summary>A share that all questions together must keep to.</summary>
internal sealed record EvalFloor(string Option, string Name, Func<EvalScore, double> Figure, bool AtMost)
{
    public static readonly IReadOnlyList<EvalFloor> All =
    [
        new("--min-hit1", "hit@1", score => score.HitAt1, AtMost: false),
        new("--min-hit3", "hit@3", score => score.HitAt3, AtMost: false),
        new("--min-mrr", "MRR", score => score.Mrr, AtMost: false),
        new("--min-declined", "declined correctly", score => score.DeclinedCorrectly, AtMost: false),
        new("--max-wrongly-declined", "wrongly declined", score => score.WronglyDeclined, AtMost: true),
    ];

    public double Limit { get; init; }

    /// <summary>A figure that nothing was counted for breaks no limit.</summary>
    public bool IsKept(EvalScore score) => AtMost ? !(Figure(score) > Limit) : !(Figure(score) < Limit);

    public string Complaint(EvalScore score) => string.Create(
        CultureInfo.InvariantCulture, $"{Name} is {Figure(score):0.000}, {(AtMost ? "above" : "below")} {Option} {Limit:0.000}");
}
