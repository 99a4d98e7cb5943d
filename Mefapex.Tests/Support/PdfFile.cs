using System.Globalization;
using System.Text;

namespace Mefapex.Tests.Support;

/// <summary>Writes small PDF files: one font, a line under the other, a page per array of lines.</summary>
internal static class PdfFile
{
    /// <param name="pages">Lines of each page; a page without lines has a picture in place of text.</param>
    /// <param name="isLocked">Says that it is encrypted with a password that nobody knows.</param>
    public static byte[] Of(IEnumerable<string[]> pages, bool isLocked = false)
    {
        var objects = new List<string> { "", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>" };
        var kids = new List<int>();
        foreach (var lines in pages)
        {
            var content = lines.Length == 0
                ? "q 400 0 0 600 50 100 cm BI /W 2 /H 2 /BPC 8 /CS /G ID abcd EI Q"
                : $"BT /F1 12 Tf 14 TL 60 780 Td {string.Join(' ', lines.Select(line => $"({Escape(line)}) Tj T*"))} ET";
            objects.Add(Invariant($"<< /Length {Encoding.Latin1.GetByteCount(content)} >>\nstream\n{content}\nendstream"));
            objects.Add(Invariant(
                $"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {objects.Count} 0 R /Resources << /Font << /F1 3 0 R >> >> >>"));
            kids.Add(objects.Count);
        }

        objects[0] = "<< /Type /Catalog /Pages 2 0 R >>";
        objects[1] = Invariant($"<< /Type /Pages /Count {kids.Count} /Kids [{string.Join(' ', kids.Select(k => Invariant($"{k} 0 R")))}] >>");
        var trailer = "";
        if (isLocked)
        {
            var key = string.Concat(Enumerable.Repeat("5A", 32));
            objects.Add($"<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <{key}> /U <{key}> >>");
            trailer = Invariant($" /Encrypt {objects.Count} 0 R /ID [<{key}> <{key}>]");
        }

        return Write(objects, trailer);
    }

    private static byte[] Write(List<string> objects, string trailer)
    {
        using var file = new MemoryStream();
        Append(file, "%PDF-1.4\n");
        var offsets = new List<long>();
        for (var i = 0; i < objects.Count; i++)
        {
            offsets.Add(file.Length);
            Append(file, Invariant($"{i + 1} 0 obj\n{objects[i]}\nendobj\n"));
        }

        var xref = file.Length;
        Append(file, Invariant($"xref\n0 {objects.Count + 1}\n0000000000 65535 f \n"));
        foreach (var offset in offsets)
            Append(file, Invariant($"{offset:D10} 00000 n \n"));
        Append(file, Invariant($"trailer\n<< /Size {objects.Count + 1} /Root 1 0 R{trailer} >>\nstartxref\n{xref}\n%%EOF\n"));
        return file.ToArray();
    }

    private static string Escape(string line) =>
        line.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("(", @"\(", StringComparison.Ordinal).Replace(")", @"\)", StringComparison.Ordinal);

    private static void Append(MemoryStream file, string text) => file.Write(Encoding.Latin1.GetBytes(text));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
