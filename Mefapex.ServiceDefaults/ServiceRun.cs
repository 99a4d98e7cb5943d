using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mefapex.ServiceDefaults;

/// <summary>Running a service to its end.</summary>
public static class ServiceRun
{
    /// <summary>
    /// Runs the service. What an operator can put right (a setting, an occupied port) ends it with one line on the
    /// error stream instead of a stack trace.
    /// </summary>
    /// <returns>The exit code: 0, or 1 where the service did not start.</returns>
    public static async Task<int> RunServiceAsync(this WebApplication app)
    {
        var name = app.Services.GetRequiredService<ServiceIdentity>().Name;
        try
        {
            await app.RunAsync();
            return 0;
        }
        catch (OptionsValidationException e)
        {
            await Console.Error.WriteLineAsync($"{name} does not start: {string.Join(' ', e.Failures)}");
            return 1;
        }
        catch (AggregateException e) when (e.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            var failures = e.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures);
            await Console.Error.WriteLineAsync($"{name} does not start: {string.Join(' ', failures)}");
            return 1;
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync(
                $"{name} does not start: {e.Message} Stop what listens there, or choose another address with "
                + "ASPNETCORE_URLS (under ./mefapex up: MEFAPEX_WEB_PORT, MEFAPEX_API_PORT, MEFAPEX_AI_PORT).");
            return 1;
        }
    }
}
