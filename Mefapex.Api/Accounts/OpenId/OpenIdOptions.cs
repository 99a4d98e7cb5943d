using Microsoft.Extensions.Options;

namespace Mefapex.Api.Accounts.OpenId;

/// <summary>Section <c>OpenId</c>: sign-in at an OpenID provider beside local accounts, for one tenant. Off without an authority.</summary>
internal sealed class OpenIdOptions
{
    public const string Section = "OpenId";

    /// <summary>The issuer, such as <c>https://login.example/realms/factory</c>.</summary>
    public Uri? Authority { get; init; }

    public string ClientId { get; init; } = "";

    /// <summary>Also from a file (<c>OpenId__ClientSecret__FILE</c>); none for a public client.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>The slug of the tenant that the provider's people belong to.</summary>
    public string Tenant { get; init; } = "";

    public string Scopes { get; init; } = "openid profile email";

    /// <summary>The claim that becomes the user name.</summary>
    public string UsernameClaim { get; init; } = "preferred_username";

    /// <summary>The claim with the person's groups; none leaves groups and roles to the tenant's administrators.</summary>
    public string? GroupsClaim { get; init; }

    /// <summary>
    /// Roles by group, such as <c>OpenId:Roles:it-knowledge = editor</c>; with any, they follow the groups at each sign-in.
    /// </summary>
    public Dictionary<string, string> Roles { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Whether a first sign-in makes an account.</summary>
    public bool CreateAccounts { get; init; }

    /// <summary>
    /// Whether a first sign-in takes over the tenant's account of that user name: the provider must be the one who gives names.
    /// </summary>
    public bool LinkByUsername { get; init; }

    public bool IsOn => Authority is not null;

    internal sealed class Validator(IHostEnvironment environment) : IValidateOptions<OpenIdOptions>
    {
        private static readonly string[] Grantable =
        [
            Contracts.Accounts.Roles.Member, Contracts.Accounts.Roles.Coordinator,
            Contracts.Accounts.Roles.Editor, Contracts.Accounts.Roles.Admin,
        ];

        public ValidateOptionsResult Validate(string? name, OpenIdOptions options)
        {
            if (!options.IsOn)
                return ValidateOptionsResult.Success;
            var errors = new List<string>();
            if (!options.Authority!.IsAbsoluteUri
                || (options.Authority.Scheme != Uri.UriSchemeHttps && !(environment.IsDevelopment() && options.Authority.IsLoopback)))
                errors.Add($"{Section}:{nameof(Authority)} is {options.Authority}, expected an https address.");
            if (options.ClientId.Length == 0)
                errors.Add($"{Section}:{nameof(ClientId)} is empty.");
            if (options.Tenant.Length == 0)
                errors.Add($"{Section}:{nameof(Tenant)} is empty: name the tenant that the provider's people belong to.");
            if (!options.Scopes.Split(' ').Contains("openid", StringComparer.Ordinal))
                errors.Add($"{Section}:{nameof(Scopes)} is '{options.Scopes}' and lacks openid.");
            if (!options.CreateAccounts && !options.LinkByUsername)
                errors.Add($"{Section}:{nameof(CreateAccounts)} and {nameof(LinkByUsername)} are both false, so nobody could sign in.");
            if (options.Roles.Count > 0 && string.IsNullOrEmpty(options.GroupsClaim))
                errors.Add($"{Section}:{nameof(Roles)} maps groups, but {nameof(GroupsClaim)} does not say which claim has them.");
            errors.AddRange(options.Roles.Where(pair => !Grantable.Contains(pair.Value, StringComparer.Ordinal)).Select(pair =>
                $"{Section}:{nameof(Roles)}:{pair.Key} is {pair.Value}, expected one of {string.Join(", ", Grantable)}."));
            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}
