using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using OpenTelemetry;

namespace Throughline.Telemetry;

/// <summary>
/// Takes away the baggage that a request brought, before anything of the service sees the request and whether or not its trace is kept: the SDK has made it current by then, and the runtime has it on the
/// request's activity. Stateless.
/// </summary>
internal sealed class StrangeBaggage : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
    {
        application.Use(static following => context =>
        {
            Baggage.Current = default;
            for (var activity = Activity.Current; activity is not null; activity = activity.Parent)
            {
                foreach (var key in activity.Baggage.Select(static entry => entry.Key).ToList()) activity.SetBaggage(key, null);
            }
            return following(context);
        });
        next(application);
    };
}
