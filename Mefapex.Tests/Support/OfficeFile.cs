using System.IO.Compression;
using System.Text;

namespace Mefapex.Tests.Support;

/// <summary>Makes zip files, among them the smallest office files that programs would open.</summary>
internal static class OfficeFile
{
    private const string Word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    private const string Sheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    private const string Relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

    /// <param name="body">The paragraphs and tables, in WordprocessingML with the prefix w.</param>
    /// <param name="styles">Style definitions.</param>
    public static byte[] Docx(string body, string styles = "") => Zip(
        ("word/document.xml", $"<w:document xmlns:w=\"{Word}\"><w:body>{body}</w:body></w:document>"),
        ("word/styles.xml", $"<w:styles xmlns:w=\"{Word}\">{styles}</w:styles>"));

    /// <param name="rows">The rows of the only visible sheet, in SpreadsheetML.</param>
    /// <param name="strings">Shared strings.</param>
    /// <param name="styles">What stands in the style sheet.</param>
    public static byte[] Xlsx(string rows, string[] strings, string styles = "") => Zip(
        ("xl/workbook.xml",
            $"""
            <workbook xmlns="{Sheet}" xmlns:r="{Relations}"><sheets>
            <sheet name="Fiyatlar" sheetId="1" r:id="rId1"/><sheet name="Gizli" sheetId="2" state="hidden" r:id="rId2"/>
            </sheets></workbook>
            """),
        ("xl/_rels/workbook.xml.rels",
            """
            <Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
            <Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/>
            </Relationships>
            """),
        ("xl/styles.xml", $"<styleSheet xmlns=\"{Sheet}\">{styles}</styleSheet>"),
        ("xl/sharedStrings.xml", $"<sst xmlns=\"{Sheet}\">{string.Concat(strings.Select(s => $"<si><t>{s}</t></si>"))}</sst>"),
        ("xl/worksheets/sheet1.xml", $"<worksheet xmlns=\"{Sheet}\"><sheetData>{rows}</sheetData></worksheet>"),
        ("xl/worksheets/sheet2.xml",
            $"<worksheet xmlns=\"{Sheet}\"><sheetData><row><c t=\"inlineStr\"><is><t>gizli</t></is></c></row></sheetData></worksheet>"));

    /// <summary>A Word document that unpacks to this many megabytes.</summary>
    public static byte[] Bomb(int megabytes)
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var part = zip.CreateEntry("word/document.xml", CompressionLevel.SmallestSize).Open();
            var blank = new byte[1024 * 1024];
            Array.Fill(blank, (byte)' ');
            for (var i = 0; i < megabytes; i++)
                part.Write(blank);
        }

        return file.ToArray();
    }

    public static byte[] Zip(params (string Name, string Content)[] parts)
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in parts)
            {
                using var part = zip.CreateEntry(name).Open();
                part.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return file.ToArray();
    }
}
