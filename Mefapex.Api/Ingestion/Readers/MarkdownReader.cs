using System.Text;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Mefapex.Api.Ingestion.Readers;

internal sealed class MarkdownReader : ITextReader
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UsePipeTables().UseAutoLinks().UseYamlFrontMatter().Build();

    public FileFormat Format => FileFormat.Markdown;

    public async Task ReadAsync(string path, TextCollector output, CancellationToken cancellationToken)
    {
        var text = await TextDecoding.ReadAsync(path, cancellationToken);
        MarkdownDocument document;
        try
        {
            document = Markdown.Parse(text, Pipeline);
        }
        catch (ArgumentException e)
        {
            // Markdig refuses what is nested deeper than any person writes.
            throw new UnreadableFileException(FileProblem.Corrupt, e.Message, e);
        }

        Add(document, output);
    }

    private static void Add(ContainerBlock container, TextCollector output)
    {
        foreach (var block in container)
        {
            switch (block)
            {
                case HeadingBlock heading:
                    output.Add(new TextBlock(BlockKind.Heading, TextOf(heading.Inline), heading.Level));
                    break;
                case Table table:
                    Add(table, output);
                    break;
                case YamlFrontMatterBlock or HtmlBlock or LinkReferenceDefinitionGroup:
                    break;
                case CodeBlock code:
                    output.Add(new TextBlock(BlockKind.Paragraph, code.Lines.ToString()));
                    break;
                case LeafBlock leaf:
                    var kind = leaf.Parent is ListItemBlock ? BlockKind.ListItem : BlockKind.Paragraph;
                    output.Add(new TextBlock(kind, TextOf(leaf.Inline)));
                    break;
                case ContainerBlock inner:
                    Add(inner, output);
                    break;
            }
        }
    }

    private static void Add(Table table, TextCollector output)
    {
        var rows = new TableRows(output);
        foreach (var row in table.OfType<TableRow>())
        {
            string[] cells = [.. row.OfType<TableCell>().Select(cell => string.Join(' ', cell.OfType<LeafBlock>().Select(b => TextOf(b.Inline))))];
            rows.Add(cells);
        }

        rows.Finish();
    }

    private static string TextOf(ContainerInline? inlines)
    {
        var text = new StringBuilder();
        foreach (var inline in inlines?.Descendants() ?? [])
        {
            switch (inline)
            {
                case LiteralInline literal:
                    text.Append(literal.Content.AsSpan());
                    break;
                case CodeInline code:
                    text.Append(code.Content);
                    break;
                case HtmlEntityInline entity:
                    text.Append(entity.Transcoded.AsSpan());
                    break;
                case AutolinkInline link:
                    text.Append(link.Url);
                    break;
                case LineBreakInline:
                    text.Append(' ');
                    break;
            }
        }

        return text.ToString();
    }
}
