namespace MedicineMan.Plugins.Sftp.Wire;

/// <summary>A request on its way. Its answer and its caller's leaving race; whoever is first decides, so no buffer is written to after its owner has it back.</summary>
internal sealed class SftpRequest(Memory<byte> into)
{
    private readonly TaskCompletionSource<SftpAnswer> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int decided;

    public Task<SftpAnswer> Answer => answer.Task;

    /// <returns>False when nobody waits for it any more.</returns>
    public bool Take(SftpType type, SftpFields fields)
    {
        if (Interlocked.Exchange(ref decided, 1) == 1)
        {
            return false;
        }

        try
        {
            Answered(type, fields);
        }
        catch (SftpLostException nonsense)
        {
            answer.TrySetException(nonsense);
            throw;
        }

        return true;
    }

    public void Fail(SftpLostException loss)
    {
        if (Interlocked.Exchange(ref decided, 1) == 0)
        {
            answer.TrySetException(loss);
        }
    }

    public void Abandon(CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref decided, 1) == 0)
        {
            answer.TrySetCanceled(cancel);
        }
    }

    private void Answered(SftpType type, SftpFields fields)
    {
        if (type is SftpType.Data)
        {
            var data = fields.Bytes();
            if (data.Length > into.Length)
            {
                throw new SftpLostException("The server sent more data than it was asked for.");
            }

            data.CopyTo(into.Span);
            answer.TrySetResult(new SftpAnswer(type, [], data.Length));
            return;
        }

        if (type is not SftpType.Status)
        {
            answer.TrySetResult(new SftpAnswer(type, fields.Rest().ToArray(), 0));
            return;
        }

        var status = (SftpStatus)fields.Number();
        if (status is SftpStatus.Ok or SftpStatus.EndOfFile)
        {
            answer.TrySetResult(new SftpAnswer(type, [], 0));
        }
        else
        {
            answer.TrySetException(new SftpStatusException(status, fields.AtEnd ? status.ToString() : Plain.Text(fields.Text())));
        }
    }
}

/// <param name="Fields">What follows the id; empty for a status, which is then one of success or the end of something, and for data.</param>
/// <param name="Filled">Bytes of data.</param>
internal readonly record struct SftpAnswer(SftpType Type, byte[] Fields, int Filled);
