using Mefapex.Web.Chat;

namespace Mefapex.Tests.Web.Chat;

public sealed class AnswerMarkdownTests
{
    [Fact]
    public void Emphasis_lists_code_and_tables_are_rendered()
    {
        var html = Render("**kalın**\n\n1. bir\n2. iki\n\n```\nkod\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |");

        html.ShouldContain("<strong>kalın</strong>");
        html.ShouldContain("<ol>");
        html.ShouldContain("<pre><code>kod");
        html.ShouldContain("<div class=\"table\" tabindex=\"0\"><table>");
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("metin <img src=x onerror=alert(1)> metin")]
    [InlineData("<div onclick='x'>\n\nmetin\n\n</div>")]
    [InlineData("<svg/onload=alert(1)>")]
    public void Html_is_shown_as_text(string markdown)
    {
        var html = Render(markdown);

        html.ShouldNotMatch("<(script|img|div|svg)");
        html.ShouldContain("&lt;");
    }

    [Theory]
    [InlineData("[tıkla](javascript:alert(1))")]
    [InlineData("[tıkla](JaVaScRiPt:alert(1))")]
    [InlineData("[tıkla](data:text/html;base64,PHNjcmlwdD4=)")]
    [InlineData("[tıkla](vbscript:x)")]
    [InlineData("[tıkla](/logout)")]
    [InlineData("[tıkla][1]\n\n[1]: javascript:alert(1)")]
    [InlineData("<javascript:alert(1)>")]
    [InlineData("<a:tıkla>")]
    public void An_address_that_could_act_loses_its_link(string markdown) =>
        Render(markdown).ShouldNotContain("<a ");

    [Fact]
    public void A_harmless_address_opens_elsewhere_and_learns_nothing()
    {
        Render("[site](https://mefapex.example/a)")
            .ShouldContain("<a href=\"https://mefapex.example/a\" target=\"_blank\" rel=\"noopener noreferrer\">site</a>");
        Render("[yaz](mailto:ik@mefapex.example)").ShouldContain("href=\"mailto:ik@mefapex.example\"");
    }

    [Fact]
    public void A_picture_becomes_a_link_so_that_nothing_is_fetched()
    {
        var html = Render("![plan](https://baska.example/plan.png)");

        html.ShouldNotContain("<img");
        html.ShouldContain(">plan</a>");
    }

    [Fact]
    public void A_list_that_only_repeats_the_choices_makes_way_for_them()
    {
        var html = AnswerMarkdown.Render("Hangisi?\n\n- Yıllık izin\n- Babalık izni\n\nYa da arayın.", ["Babalık izni", "Yıllık izin", "Ek"]);

        html.Before.Value.ShouldBe("<p>Hangisi?</p>\n");
        html.After.Value.ShouldBe("<p>Ya da arayın.</p>\n");
    }

    [Fact]
    public void A_list_of_other_things_stays()
    {
        var html = AnswerMarkdown.Render("- Yıllık izin\n- başka", ["Yıllık izin"]);

        html.Before.Value.ShouldContain("<li>başka</li>");
        html.After.Value.ShouldBeEmpty();
    }

    private static string Render(string markdown) => AnswerMarkdown.Render(markdown, []).Before.Value;
}
