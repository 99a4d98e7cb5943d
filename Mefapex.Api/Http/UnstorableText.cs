using Microsoft.AspNetCore.Diagnostics;
using Npgsql;

namespace Mefapex.Api.Http;

/// <summary>
/// JSON, addresses and headers may hold a NUL character, which PostgreSQL takes in no text: wherever a request brings one
/// along, it is the request that is wrong.
/// </summary>
internal sealed class UnstorableTextHandler : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (exception.GetBaseException() is not PostgresException
            {
                SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter,
            })
        {
            return false;
        }

        await Problems.TextNotStorable().ExecuteAsync(context);
        return true;
    }
}
