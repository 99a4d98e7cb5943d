using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Microsoft.AspNetCore.Components;

namespace Mefapex.Web.Chat;

/// <summary>An answer's text as HTML, cut where its choices stand.</summary>
/// <param name="Before">The text, or what precedes the choices.</param>
/// <param name="After">What follows the choices.</param>
public readonly record struct AnswerHtml(MarkupString Before, MarkupString After);

/// <summary>
/// Markdown of answers as HTML that cannot act: raw HTML is shown as text, addresses other than web, mail and
/// telephone lose their link, and pictures become links, so that reading an answer asks nothing of another site.
/// </summary>
internal static class AnswerMarkdown
{
    private static readonly MarkdownPipeline Pipeline =
        new MarkdownPipelineBuilder().UsePipeTables().UseAutoLinks().DisableHtml().Build();

    /// <param name="choices">
    /// Titles that the page offers as buttons: a list in the text that only repeats them is left out, and marks the cut.
    /// </param>
    public static AnswerHtml Render(string markdown, IReadOnlyList<string> choices)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        Disarm(document);

        var cut = document.TakeWhile(block => block is not ListBlock list || !Repeats(list, choices)).Count();
        return new AnswerHtml(Html(document.Take(cut)), Html(document.Skip(cut + 1)));
    }

    private static bool Repeats(ListBlock list, IReadOnlyList<string> choices) =>
        choices.Count > 0 && list.All(item => choices.Contains(TextOf(item).Trim(), StringComparer.Ordinal));

    private static string TextOf(MarkdownObject node) => string.Concat(node.Descendants().Select(part => part switch
    {
        LiteralInline literal => literal.Content.ToString(),
        CodeInline code => code.Content,
        LineBreakInline => " ",
        _ => "",
    }));

    private static MarkupString Html(IEnumerable<Block> blocks)
    {
        using var writer = new StringWriter();
        var renderer = new HtmlRenderer(writer);
        Pipeline.Setup(renderer);
        foreach (var block in blocks)
        {
            if (block is Table)
                writer.Write("<div class=\"table\" tabindex=\"0\">");
            renderer.Render(block);
            if (block is Table)
                writer.Write("</div>");
        }

        return (MarkupString)writer.ToString();
    }

    private static void Disarm(MarkdownDocument document)
    {
        foreach (var link in document.Descendants<LinkInline>().ToList())
        {
            link.IsImage = false;
            if (IsHarmless(link.GetDynamicUrl?.Invoke() ?? link.Url))
                OpenElsewhere(link);
            else
                link.ReplaceBy(new LiteralInline(TextOf(link)));
        }

        foreach (var link in document.Descendants<AutolinkInline>().ToList())
        {
            if (link.IsEmail || IsHarmless(link.Url))
                OpenElsewhere(link);
            else
                link.ReplaceBy(new LiteralInline(link.Url));
        }
    }

    private static bool IsHarmless(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address)
        && address.Scheme is "http" or "https" or "mailto" or "tel";

    private static void OpenElsewhere(MarkdownObject link)
    {
        var attributes = link.GetAttributes();
        attributes.AddPropertyIfNotExist("target", "_blank");
        attributes.AddPropertyIfNotExist("rel", "noopener noreferrer");
    }
}
