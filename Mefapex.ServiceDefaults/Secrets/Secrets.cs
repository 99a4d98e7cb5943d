namespace Mefapex.ServiceDefaults;

/// <summary>Tells secrets from what stands in examples and in development.</summary>
public static class Secrets
{
    private const int FewestCharacters = 8;

    private static readonly string[] Placeholders =
    [
        "changeme", "change-me", "change_me", "change-this", "change_this", "change-in-production", "your-secret",
        "your_secret", "secret-key", "secret_key", "insecure", "development-key",
    ];

    private static readonly string[] Passwords =
        ["postgres", "password", "mefapex", "admin", "secret", "root", "test", "demo", "parola", "sifre", "qwerty", "changeme"];

    /// <summary>Whether a signing key is one of an example, or of so few different characters that it can be guessed.</summary>
    public static bool IsPlaceholder(string key) =>
        key.Distinct().Count() < FewestCharacters
        || Placeholders.Any(placeholder => key.Contains(placeholder, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a password is a common word, digits after it or not, or such a word written twice.</summary>
    public static bool IsCommonPassword(string password)
    {
        var word = password.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '!', '.');
        return Passwords.Any(common =>
            string.Equals(word, common, StringComparison.OrdinalIgnoreCase)
            || string.Equals(word, common + common, StringComparison.OrdinalIgnoreCase))
            || IsPlaceholder(password);
    }
}
