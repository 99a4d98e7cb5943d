using Mefapex.Api.Knowledge.Answers;

namespace Mefapex.Tests.Api.Knowledge.Answers;

public sealed class LanguageGuessTests
{
    [Theory]
    [InlineData("Yıllık izin nasıl alınır?", "tr")]
    [InlineData("yillik izin nasil alinir", "tr")]
    [InlineData("YILLIK IZIN TALEBI NASIL GIRILIR", "tr")]
    [InlineData("servisi kacirdim", "tr")]
    [InlineData("How do I request annual leave?", "en")]
    [InlineData("I FORGOT MY PASSWORD", "en")]
    [InlineData("The bus left without me", "en")]
    public void Turkish_and_English_are_told_apart(string text, string language) =>
        LanguageGuess.Of(text, language == "tr" ? "en" : "tr").ShouldBe(language);

    [Theory]
    [InlineData("VPN", "tr")]
    [InlineData("1240", "en")]
    public void A_text_without_a_sign_is_taken_for_the_fallback(string text, string fallback) =>
        LanguageGuess.Of(text, fallback).ShouldBe(fallback);

    [Fact]
    public void The_labelled_questions_are_told_apart()
    {
        var questions = LabelledQuestion.Fit.Concat(LabelledQuestion.Test).Where(q => q.Kind != "gibberish").ToList();

        var right = questions.Count(q => LanguageGuess.Of(q.Text, "tr") == q.Language);
        (right / (double)questions.Count).ShouldBeGreaterThan(0.99);
    }
}
