namespace Mefapex.Tests.Support;

/// <summary>Where pdftotext is missing, tests that need it are skipped on a person's machine and fail where CI=true.</summary>
internal static class Poppler
{
    private const string Missing = "There is no pdftotext on the PATH. On Debian: apt-get install poppler-utils";

    public static void ShouldBeThere()
    {
        var isThere = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, "pdftotext")));
        if (!isThere && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            Assert.Fail(Missing);
        Assert.SkipUnless(isThere, Missing);
    }
}
