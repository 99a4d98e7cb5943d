using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;

namespace Mefapex.Cli;

/// <summary>Where npm packages come from and how to sign in there, as npm itself would find out.</summary>
internal sealed partial class NpmRegistry(IReadOnlyDictionary<string, string> settings)
{
    private const string Default = "https://registry.npmjs.org/";

    /// <summary>Reads the environment, then the user's .npmrc; the former wins.</summary>
    public static NpmRegistry Read()
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        var file = Environment.GetEnvironmentVariable("NPM_CONFIG_USERCONFIG") is { Length: > 0 } named
            ? named
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".npmrc");
        if (File.Exists(file))
            Parse(File.ReadAllText(file), Environment.GetEnvironmentVariable, settings);

        foreach (var name in new[] { "NPM_CONFIG_REGISTRY", "npm_config_registry" })
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } registry)
                settings["registry"] = registry;
        }

        return new NpmRegistry(settings);
    }

    /// <summary>Reads lines of <c>key=value</c>; <c>${NAME}</c> stands for an environment variable.</summary>
    internal static void Parse(string text, Func<string, string?> variable, Dictionary<string, string> settings)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || line[0] is ';' or '#')
                continue;
            var value = line[(equals + 1)..].Trim().Trim('"');
            settings[line[..equals].Trim()] =
                VariableName().Replace(value, match => variable(match.Groups[1].Value) ?? match.Value);
        }
    }

    /// <summary>The registry that serves this package: its scope's, else the general one.</summary>
    public Uri AddressOf(NpmPackage package)
    {
        var scope = package.Name.StartsWith('@') ? package.Name[..package.Name.IndexOf('/', StringComparison.Ordinal)] : null;
        var address = scope is not null && settings.TryGetValue($"{scope}:registry", out var own) ? own
            : settings.GetValueOrDefault("registry", Default);
        return Uri.TryCreate(address.EndsWith('/') ? address : address + "/", UriKind.Absolute, out var uri)
            ? uri
            : throw new SetupException(
                $"'{address}' is not an address of an npm registry.",
                "Mend `registry=` in ~/.npmrc or the variable NPM_CONFIG_REGISTRY.");
    }

    /// <summary>A request for one file of the registry, signed in where .npmrc holds credentials for its address.</summary>
    public HttpRequestMessage Request(NpmPackage package)
    {
        var registry = AddressOf(package);
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(registry, package.TarballPath));
        // npm keys credentials by the address without its scheme, and a credential holds for everything below it.
        for (var key = $"//{registry.Authority}{registry.AbsolutePath}"; key.Length > 2; key = Parent(key))
        {
            if (settings.TryGetValue($"{key}:_authToken", out var token))
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            else if (settings.TryGetValue($"{key}:_auth", out var basic))
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", basic);
            else if (settings.TryGetValue($"{key}:username", out var user)
                && settings.TryGetValue($"{key}:_password", out var password))
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Join(user, password));
            else
                continue;
            break;
        }

        return request;
    }

    private static string Parent(string key) =>
        key.TrimEnd('/') is var trimmed && trimmed.LastIndexOf('/') is var slash && slash > 1 ? trimmed[..(slash + 1)] : "";

    private static string Join(string user, string encodedPassword) => Convert.ToBase64String(
        Encoding.UTF8.GetBytes($"{user}:{Encoding.UTF8.GetString(Convert.FromBase64String(encodedPassword))}"));

    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")]
    private static partial Regex VariableName();
}
