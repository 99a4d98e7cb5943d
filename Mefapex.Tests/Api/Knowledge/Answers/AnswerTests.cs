using System.Text.Json;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;

namespace Mefapex.Tests.Api.Knowledge.Answers;

public sealed class AnswerTests(KnowledgeFixture fixture) : IClassFixture<KnowledgeFixture>
{
    [Theory]
    [InlineData("fabrika", "Yıllık izin nasıl alınır?", "yillik-izin-talebi")]
    [InlineData("fabrika", "yillik izin nasil alinir", "yillik-izin-talebi")]
    [InlineData("fabrika", "YILLIK İZİN TALEBİ NASIL GİRİLİR", "yillik-izin-talebi")]
    [InlineData("fabrika", "Şifremi unuttum", "sifre-sifirlama")]
    [InlineData("klinik", "Saçımı ne zaman yıkayabilirim?", "sac-ekimi-yikama")]
    public async Task A_known_question_gets_the_approved_text_with_its_source(string tenant, string question, string expected)
    {
        foreach (var host in new[] { fixture.Lexical, fixture.Vectors })
        {
            var answer = await KnowledgeFixture.AskAsync(host, tenant, question);

            answer.Decision.ShouldBe(Decision.Answer);
            answer.Source.ShouldBe("knowledge");
            answer.Sources[0].Id.ShouldBe(expected);
            answer.Response.ShouldBe(SampleKnowledge.Answer(tenant, expected));
            answer.Language.ShouldBe("tr");
            answer.Confidence.ShouldBe(answer.Sources[0].Score);
            answer.Confidence.ShouldBeInRange(0.3, 1);
        }
    }

    [Theory]
    [InlineData("fabrika", "Bugün dolar kaç lira?")]
    [InlineData("fabrika", "C# nedir?")]
    [InlineData("fabrika", "Saçımı ne zaman yıkayabilirim?")]
    [InlineData("klinik", "Forklift ehliyeti nasıl alınır?")]
    [InlineData("klinik", "What is the capital of Australia?")]
    public async Task An_unknown_question_is_declined_with_a_person_to_ask(string tenant, string question)
    {
        foreach (var host in new[] { fixture.Lexical, fixture.Vectors })
        {
            var answer = await KnowledgeFixture.AskAsync(host, tenant, question);

            answer.Decision.ShouldBe(Decision.Decline);
            answer.Source.ShouldBe("none");
            answer.Response.ShouldContain(tenant == "fabrika" ? "1240" : "2100");
            answer.Sources.ShouldAllBe(s => answer.Response.Contains(s.Title));
        }
    }

    [Theory]
    [InlineData("A && B")]
    [InlineData("VPN bağlanmıyor -- acil")]
    [InlineData("history.txt")]
    [InlineData("Laptop. Açılmıyor")]
    [InlineData("SELECT nasıl yazılır?")]
    [InlineData("'; drop table knowledge_entries; --")]
    [InlineData("izin ' \\ & | ! ( ) <-> :* %_")]
    [InlineData("http://a/b?x=1&y='2'|c")]
    [InlineData("😀🔥")]
    [InlineData("?")]
    [InlineData("ne")]
    public async Task Odd_questions_are_answered_or_declined_and_never_fail(string question)
    {
        foreach (var host in new[] { fixture.Lexical, fixture.Vectors })
        {
            var answer = await KnowledgeFixture.AskAsync(host, "fabrika", question);
            answer.Response.ShouldNotBeEmpty();
        }
    }

    [Fact]
    public async Task A_question_of_the_greatest_length_is_answered()
    {
        var question = string.Concat(Enumerable.Repeat("yıllık izin nasıl alınır ", 40));

        (await KnowledgeFixture.AskAsync(fixture.Vectors, "fabrika", question)).Sources[0].Id.ShouldStartWith("yillik-izin");
    }

    [Theory]
    [InlineData("Cumartesi çalışılıyor mu?")]
    [InlineData("Servis kaçta?")]
    [InlineData("izin")]
    public async Task The_same_question_always_gets_the_same_answer(string question)
    {
        foreach (var host in new[] { fixture.Lexical, fixture.Vectors })
        {
            var first = await KnowledgeFixture.AskAsync(host, "fabrika", question);
            for (var i = 0; i < 5; i++)
            {
                var again = await KnowledgeFixture.AskAsync(host, "fabrika", question);
                again.Response.ShouldBe(first.Response);
                again.Confidence.ShouldBe(first.Confidence);
                again.Sources.ShouldBe(first.Sources);
            }
        }
    }

    [Fact]
    public async Task Two_topics_that_fit_alike_lead_to_a_question_that_names_both()
    {
        var answer = await FirstAsync(Decision.Clarify);

        answer.Response.ShouldContain(answer.Sources[0].Title);
        answer.Response.ShouldContain(answer.Sources[1].Title);
        answer.Source.ShouldBe("knowledge");
    }

    [Fact]
    public async Task An_English_question_is_answered_in_English_where_the_entry_has_it()
    {
        var answer = await KnowledgeFixture.AskAsync(fixture.Lexical, "fabrika", "I forgot my password, what should I do?");

        answer.Sources[0].Id.ShouldBe("sifre-sifirlama");
        answer.Language.ShouldBe("en");
        answer.Response.ShouldBe(SampleKnowledge.EnglishAnswer("fabrika", "sifre-sifirlama"));
        answer.Sources[0].Title.ShouldBe("Resetting a forgotten password");
    }

    [Fact]
    public async Task An_English_question_about_a_Turkish_entry_is_answered_in_Turkish_and_told_so()
    {
        var answer = await KnowledgeFixture.AskAsync(fixture.Lexical, "fabrika", "How many weeks is maternity leave (doğum izni)?");

        answer.Sources[0].Id.ShouldBe("dogum-izni");
        answer.Language.ShouldBe("tr");
        answer.Response.ShouldContain("Turkish only");
        answer.Response.ShouldEndWith(SampleKnowledge.Answer("fabrika", "dogum-izni"));
    }

    private async Task<Mefapex.Api.Knowledge.Answers.AnswerResult> FirstAsync(string decision)
    {
        foreach (var question in LabelledQuestion.Fit)
        {
            var answer = await KnowledgeFixture.AskAsync(fixture.Lexical, question.Tenant, question.Text);
            if (answer.Decision == decision)
                return answer;
        }

        throw new InvalidOperationException($"No labelled question leads to {decision}.");
    }

    [Fact]
    public async Task Confidence_differs_with_the_question()
    {
        var figures = new HashSet<double>();
        foreach (var question in LabelledQuestion.Test.Take(30))
            figures.Add((await KnowledgeFixture.AskAsync(fixture.Lexical, question.Tenant, question.Text)).Confidence);

        figures.Count.ShouldBeGreaterThan(20);
        figures.ShouldAllBe(f => f >= 0 && f <= 1);
    }

    [Fact]
    public async Task Without_the_AI_service_answers_are_marked_lexical_and_with_it_no_generator()
    {
        var without = await KnowledgeFixture.AskAsync(fixture.Lexical, "fabrika", "Şifremi unuttum");
        var with = await KnowledgeFixture.AskAsync(fixture.Vectors, "fabrika", "Şifremi unuttum");

        without.Degradation.ShouldBe(Degradation.Lexical);
        without.Why.ModelHash.ShouldBeNull();
        without.Why.WithoutVectors.ShouldNotBeNull();
        without.Why.Candidates.ShouldAllBe(c => c.Stages.Vector == 0);
        with.Degradation.ShouldBe(Degradation.NoGenerator);
        with.Why.ModelHash.ShouldNotBeNull();
        with.Why.WithoutVectors.ShouldBeNull();
        with.Why.Candidates[0].Stages.Vector.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Why_an_answer_was_given_is_recorded()
    {
        var why = (await KnowledgeFixture.AskAsync(fixture.Vectors, "fabrika", "ŞİFREMİ unuttum!")).Why;

        why.FoldedQuestion.ShouldBe("sifremi unuttum");
        why.Language.ShouldBe("tr");
        why.Decision.ShouldBe(Decision.Answer);
        why.Candidates.ShouldBeInOrder(SortDirection.Descending, Comparer<Mefapex.Api.Knowledge.Answers.WhyCandidate>.Create(
            (a, b) => a.Probability.CompareTo(b.Probability)));
        (why.Candidates.Sum(c => c.Probability) + why.None).ShouldNotBeNull().ShouldBe(1, 1e-9);
        why.Thresholds.ShouldNotBeNull();
        why.KnowledgeVersion.ShouldNotBeNull().ShouldBeGreaterThan(0);
        why.Timings.Keys.ShouldBe(["language", "knowledge", "embedding", "search", "decision"], ignoreOrder: true);
        JsonSerializer.Serialize(why, WireJson.Options).ShouldContain("\"folded_question\":\"sifremi unuttum\"");
    }

    [Theory]
    [InlineData("nefes alamıyorum", "acil-uyari-isaretleri")]
    [InlineData("nefesim kesiliyor yardım edin", "acil-uyari-isaretleri")]
    [InlineData("gozum birden gormez oldu", "goz-uyari-isaretleri")]
    public async Task A_warning_sign_is_answered_with_its_entry(string question, string expected)
    {
        foreach (var host in new[] { fixture.Lexical, fixture.Vectors })
        {
            var answer = await KnowledgeFixture.AskAsync(host, "klinik", question);
            answer.Decision.ShouldBe(Decision.Escalate);
            answer.Sources[0].Id.ShouldBe(expected);
            answer.Response.ShouldStartWith("**Bu acil");
            answer.Response.Split('\n')[0].ShouldContain("2200");
            answer.Response.ShouldEndWith(SampleKnowledge.Answer("klinik", expected));
            answer.Why.Urgent.ShouldNotBeNull();
        }
    }
}
