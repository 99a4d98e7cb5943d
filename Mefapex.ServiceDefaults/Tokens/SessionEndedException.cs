using Microsoft.IdentityModel.Tokens;

namespace Mefapex.ServiceDefaults;

/// <summary>The token is sound, but the session that it was issued for is over.</summary>
public sealed class SessionEndedException() : SecurityTokenException("The session of this token is over.");
