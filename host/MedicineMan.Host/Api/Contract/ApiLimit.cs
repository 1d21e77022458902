using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace MedicineMan.Host.Api.Contract;

/// How often one address may ask: bursts are fine, a loop without a pause is not. What comes in by the private socket of a command on this
/// machine has no address and no limit.
internal static class ApiLimit
{
    public const string Policy = "api";
    public const int Burst = 600;
    private const int PerSecond = 20;

    public static void Configure(RateLimiterOptions options)
    {
        options.AddPolicy(Policy, static http => http.Connection.RemoteIpAddress is { } address
            ? RateLimitPartition.GetTokenBucketLimiter(
                address.ToString(),
                static _ => new TokenBucketRateLimiterOptions { TokenLimit = Burst, TokensPerPeriod = PerSecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1), AutoReplenishment = true })
            : RateLimitPartition.GetNoLimiter("socket"));
        options.OnRejected = static (rejected, _) =>
        {
            var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromMinutes(1);
            rejected.HttpContext.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString("0", CultureInfo.InvariantCulture);
            return ValueTask.CompletedTask;
        };
    }
}
