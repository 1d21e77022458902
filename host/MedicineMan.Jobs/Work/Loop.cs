using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Jobs.Work;

/// One of the worker's small loops: takes a turn at every tick and whenever it is rung; a turn that fails is logged and the next tick tries again.
internal sealed partial class Loop(string name, TimeSpan every, TimeProvider time, ILogger logger, Func<CancellationToken, Task> turn)
{
    private readonly Channel<bool> bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Ring() => bell.Writer.TryWrite(true);

    public async Task Run(CancellationToken cancel)
    {
        await using var ticks = time.CreateTimer(_ => Ring(), null, every, every);
        Ring();
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await bell.Reader.ReadAsync(cancel);
                await turn(cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                Log.Failed(logger, exception, name);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The {Loop} loop of the job worker failed; it goes on at its next turn")]
        public static partial void Failed(ILogger logger, Exception exception, string loop);
    }
}
