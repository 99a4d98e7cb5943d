using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Mefapex.Api.Http;

/// <summary>Where a page of a list ended: the moment and id of its last row, opaque to callers.</summary>
internal sealed record Cursor(DateTimeOffset At, Guid Id)
{
    /// <returns>Null when the text is not a cursor.</returns>
    public static Cursor? Parse(string text)
    {
        if (!Base64Url.IsValid(text))
            return null;

        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('.');
        return parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            && ticks <= DateTimeOffset.MaxValue.Ticks
            && Guid.TryParse(parts[1], out var id)
                ? new(new(ticks, TimeSpan.Zero), id)
                : null;
    }

    public override string ToString() =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{At.UtcTicks}.{Id:N}")));
}
