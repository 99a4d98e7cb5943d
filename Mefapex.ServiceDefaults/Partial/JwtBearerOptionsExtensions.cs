using System.IdentityModel.Tokens.Jwt;
using Microsoft.AspNetCore.Authentication.JwtBearer;

namespace Mefapex.ServiceDefaults;

internal static class JwtBearerOptionsExtensions
{
    extension(JwtBearerOptions options)
    {
        /// <summary>Whether short claim names turn into long XML ones; a property of the options since ASP.NET Core 8.</summary>
        public bool MapInboundClaims
        {
            set
            {
                foreach (var handler in options.SecurityTokenValidators.OfType<JwtSecurityTokenHandler>())
                    handler.MapInboundClaims = value;
            }
        }
    }
}
