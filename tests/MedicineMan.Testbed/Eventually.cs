using Xunit;

namespace MedicineMan.Testbed;

/// Waits in real time for what must come of what a test has set going.
public static class Eventually
{
    /// Asks again and again until it holds.
    /// <param name="seconds">How long that may take; on a busy machine that is much longer than it mostly does.</param>
    /// <param name="otherwise">What the test fails with when it does not come.</param>
    public static async Task Holds(Func<Task<bool>> condition, int seconds = 40, string otherwise = "It did not come about")
    {
        for (var started = TimeProvider.System.GetTimestamp(); !await condition(); await Task.Delay(50))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(seconds), $"{otherwise} within {seconds} s.");
        }
    }
}
