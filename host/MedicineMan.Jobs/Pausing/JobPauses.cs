using System.Data.Common;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Pausing;

/// Holding jobs back: what runs goes on, what waits is not started until it is resumed.
public sealed class JobPauses(IJobDatabase database, TimeProvider time, JobChanges changes)
{
    private const string PauseSql = """
        insert into job_pauses (organization_id, kind, name, paused_by, paused_at) values (@Organization, @kind, @Name, @by, @now) on conflict do nothing
        """;

    private const string ResumeSql = "delete from job_pauses where organization_id = @Organization and kind = @kind and name = @Name";

    private const string PausesSql = """
        select organization_id as Organization, kind as Kind, name as Name, paused_by as PausedBy, paused_at as PausedAt
        from job_pauses where organization_id in (@organization, '') order by organization_id, kind, name
        """;

    /// False when it is paused already.
    public async Task<bool> Pause(DbTransaction transaction, JobPause pause, string by, CancellationToken cancel)
    {
        var row = new { pause.Organization, kind = pause.Kind.Stored(), pause.Name, by, now = time.GetUtcNow().Milliseconds() };
        var done = await transaction.Run(PauseSql, row, cancel) > 0;
        await changes.Announce(transaction, [new(JobSignal.IsPaused, pause.Organization, "")], cancel);
        return done;
    }

    /// False when it is not paused. Workers go on within a second.
    public async Task<bool> Resume(DbTransaction transaction, JobPause pause, CancellationToken cancel)
    {
        var done = await transaction.Run(ResumeSql, new { pause.Organization, kind = pause.Kind.Stored(), pause.Name }, cancel) > 0;
        await changes.Announce(transaction, [new(JobSignal.IsPaused, pause.Organization, "")], cancel);
        return done;
    }

    /// What is held back of an organisation's jobs, for everybody or for itself.
    public async Task<IReadOnlyList<JobPause>> List(string organization, CancellationToken cancel) =>
        [.. (await database.Rows<StoredPause>(PausesSql, new { organization }, cancel)).Select(pause => pause.ToPause())];
}
