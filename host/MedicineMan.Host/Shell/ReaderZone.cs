namespace MedicineMan.Host.Shell;

/// The time zone of whoever reads, as the script of the pages has told it in a cookie; UTC before that. A wish, and no secret: what it says is only how days are told.
internal static class ReaderZone
{
    public static TimeZoneInfo Of(HttpRequest request) =>
        request.Cookies["zone"] is { Length: > 0 and <= 64 } name && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc;
}
