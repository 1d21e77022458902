using System.CommandLine;
using MedicineMan.Repository;
using MedicineMan.Repository.Archiving;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Sources;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Host.Cli.Repository.Restoring;

internal static class DumpCommand
{
    private const nint StandardOutput = 1;

    public static Command Create(RepositoryAccess access)
    {
        var snapshot = new Argument<string>("snapshot") { Description = "Id, the start of one, or latest." };
        var path = new Argument<string>("path") { Description = "File or folder in the snapshot." };
        var archive = new Option<string>("--archive", "-a") { Description = "Form in which a folder is written: tar or zip.", DefaultValueFactory = _ => "tar" };
        var target = new Option<string?>("--target", "-t") { Description = "File to write; default standard output." };
        var offset = new Option<long>("--offset") { Description = "Byte to start at; nothing before it is read. Of a file or a tar archive." };
        var length = new Option<long>("--length") { Description = "So many bytes at most; default all.", DefaultValueFactory = _ => -1 };
        var command = new Command("dump", "Writes one file, or a folder as an archive, to standard output or a file.") { snapshot, path, archive, target, offset, length };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var format = Read(parsed.GetRequiredValue(archive));
            var range = Range(parsed.GetValue(offset), parsed.GetValue(length));
            await using var tree = await repository.OpenSnapshot(parsed.GetRequiredValue(snapshot), token);
            var segments = LsCommand.Segments(parsed.GetRequiredValue(path));
            if (parsed.GetValue(target) is not { Length: > 0 } file)
            {
                await using var output = WidePipe.StandardOutput();
                var written = await Dump(tree, segments, format, range, output, token);
                using var handle = new SafeFileHandle(StandardOutput, ownsHandle: false);
                Flush(handle, "Standard output");
                return Warn(answer, written);
            }

            var report = await ToFile(Path.GetFullPath(file), output => Dump(tree, segments, format, range, output, token));
            answer.Say($"Wrote {Answer.Size(report.Bytes)} to {Answer.Printable(file)}.", new { file, report.Bytes, report.Problems });
            return Warn(answer, report);
        })(parsed, cancel));
        return command;
    }

    private static async Task<ArchiveReport> Dump(SnapshotTree tree, string[] path, ArchiveFormat format, ByteRange? range, Stream output, CancellationToken cancel) =>
        path.Length == 0 || await tree.Find(path, cancel) is { IsDirectory: true }
            ? await tree.DumpArchive(path, format, range, output, cancel)
            : new ArchiveReport(await tree.Dump(path, range, output, cancel), []);

    // Under another name until it is complete.
    private static async Task<ArchiveReport> ToFile(string file, Func<Stream, Task<ArchiveReport>> dump)
    {
        if (Path.Exists(file))
        {
            throw new UserFacingException($"{file} exists, and was left as it is. Name another file, or remove it first.");
        }

        var unfinished = file + ".part";
        var isMine = false;
        try
        {
            ArchiveReport report;
            await using (var output = new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                isMine = true;
                report = await dump(output);
                Flush(output.SafeFileHandle, unfinished);
            }

            File.Move(unfinished, file, overwrite: false);
            return report;
        }
        catch when (isMine)
        {
            File.Delete(unfinished);
            throw;
        }
    }

    // Some disks say only when they are asked that they are full; standard output may have been led into a file on one.
    private static void Flush(SafeFileHandle handle, string name)
    {
        try
        {
            DurableFiles.Flush(handle);
        }
        catch (IOException failure)
        {
            throw new UserFacingException($"{name} is not whole: {failure.Message}. Look whether its disk is well and has room, and dump again.", failure);
        }
    }

    private static int Warn(Answer answer, ArchiveReport report)
    {
        foreach (var problem in report.Problems)
        {
            answer.Warn(problem);
        }

        return report.Problems.Count > 0 ? RepositoryAccess.Incomplete : 0;
    }

    private static ArchiveFormat Read(string name) => name switch
    {
        "tar" => ArchiveFormat.Tar,
        "zip" => ArchiveFormat.Zip,
        _ => throw new UserFacingException($"{name} is no form of archive that is known here. Write tar or zip."),
    };

    private static ByteRange? Range(long offset, long length) =>
        offset < 0 || length < -1 ? throw new UserFacingException("An offset and a length are numbers of bytes, 0 or more.")
        : offset == 0 && length == -1 ? null
        : new ByteRange(offset, length == -1 ? long.MaxValue - offset : Math.Min(length, long.MaxValue - offset));
}
