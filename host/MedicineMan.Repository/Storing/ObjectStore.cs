using System.Buffers;
using System.Collections.Concurrent;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Reading;
using MedicineMan.Sdk.Storage;
using ZstdSharp;

namespace MedicineMan.Repository.Storing;

/// <summary>
/// The files of a repository on a storage: names, sealing, and patience with a storage that fails for a moment. Safe for concurrent use.
/// </summary>
internal sealed class ObjectStore(IStorageBackend storage, MasterKey key, int version, TimeProvider clock) : IDisposable
{
    public const string Config = "config";
    public const string Keys = "keys/";
    public const string Data = "data/";
    public const string Index = "index/";
    public const string Snapshots = "snapshots/";
    public const string Locks = "locks/";

    // Marks zstd data in files of version 2; older files start with the JSON itself.
    private const byte CompressedMark = 2;
    private const int MaximumPlainSize = 1 << 30;

    private readonly ConcurrentBag<BlobCodec> small = [];
    private readonly ConcurrentBag<BlobCodec> large = [];

    public IStorageBackend Storage => storage;

    public MasterKey Key => key;

    public int Version => version;

    public TimeProvider Clock => clock;

    public string Location => storage.Location;

    public static string PackKey(ObjectId id)
    {
        var name = id.ToString();
        return $"{Data}{name[..2]}/{name}";
    }

    /// <summary>A codec for a blob of that many bytes. Those that small ones need stay small, so that only as many are large as large blobs are under way.</summary>
    public BlobCodec RentCodec(int length = int.MaxValue) =>
        (length > BlobCodec.MostSmall && large.TryTake(out var codec)) || small.TryTake(out codec) ? codec : new BlobCodec(key);

    public void Return(BlobCodec codec)
    {
        // The listing of a folder with very many entries is larger than any other blob, and rare.
        if (codec.IsHuge)
        {
            codec.Dispose();
        }
        else
        {
            (codec.IsSmall ? small : large).Add(codec);
        }
    }

    /// <summary>Files of one kind by id. Names that are none are left alone: they are not ours to explain.</summary>
    public async Task<List<(ObjectId Id, long Length)>> List(string folder, CancellationToken cancel)
    {
        var found = new List<(ObjectId, long)>();
        await Patiently(
            async () =>
            {
                found.Clear();
                await foreach (var file in storage.ListAsync(folder, cancel))
                {
                    if (ObjectId.TryParse(file.Key[(file.Key.LastIndexOf('/') + 1)..], out var id))
                    {
                        found.Add((id, file.Length));
                    }
                }
            },
            cancel);
        return found;
    }

    /// <summary>Reads, opens and decompresses an index, snapshot or lock.</summary>
    public Task<byte[]> Load(string folder, ObjectId id, long length, CancellationToken cancel) => Load(folder, id, length, static plain => plain.ToArray(), cancel);

    /// <summary>As <see cref="Load(string, ObjectId, long, CancellationToken)"/>, for large ones: in memory that is free again as soon as they were read.</summary>
    public async Task<T> Load<T>(string folder, ObjectId id, long length, Func<ReadOnlyMemory<byte>, T> read, CancellationToken cancel)
    {
        var path = folder + id;
        using var content = new NativeBuffer();
        var memory = content.Take(checked((int)length));
        await Patiently(() => storage.ReadAsync(path, 0, memory, cancel), cancel);
        return ObjectId.Of(memory.Span) == id
            ? Unseal(memory.Span, path, read)
            : throw new DamagedException($"{path} in {Location} is damaged: its bytes are not those its name stands for. Run a check to see what it affects.");
    }

    public T Unseal<T>(ReadOnlySpan<byte> content, string path, Func<ReadOnlyMemory<byte>, T> read)
    {
        using var opened = new NativeBuffer();
        var plain = opened.Take(Math.Max(0, content.Length - Sealer.Overhead));
        var codec = RentCodec();
        try
        {
            if (!codec.Sealer.TryOpen(content, plain.Span))
            {
                throw new DamagedException($"{path} in {Location} is damaged or was sealed with another key.");
            }
        }
        finally
        {
            Return(codec);
        }

        return plain.Span is [CompressedMark, ..] ? Decompress(plain[1..], path, read) : read(plain);
    }

    /// <summary>Seals and stores an index, snapshot or lock.</summary>
    public async Task<ObjectId> Save(string folder, ReadOnlyMemory<byte> json, CancellationToken cancel)
    {
        using var compressed = new NativeBuffer();
        var content = Seal(version == 1 ? json.Span : Compress(json.Span, compressed));
        var id = ObjectId.Of(content);
        await Put(folder + id, new ReadOnlySequence<byte>(content), cancel);
        return id;
    }

    public byte[] Seal(ReadOnlySpan<byte> plain)
    {
        var content = new byte[plain.Length + Sealer.Overhead];
        var codec = RentCodec();
        codec.Sealer.Seal(plain, content);
        Return(codec);
        return content;
    }

    public Task Put(string path, ReadOnlySequence<byte> content, CancellationToken cancel) =>
        Patiently(() => storage.PutAsync(path, content, cancel), cancel);

    public Task ReadRange(string path, long offset, Memory<byte> destination, CancellationToken cancel) =>
        Patiently(() => storage.ReadAsync(path, offset, destination, cancel), cancel);

    /// <summary>As <see cref="ReadRange"/>, of what may be kept on this machine: a part of a pack with listings of folders.</summary>
    public Task ReadListings(string path, long offset, Memory<byte> destination, CancellationToken cancel) =>
        storage is IListingsCache cache ? Patiently(() => cache.ReadListings(path, offset, destination, cancel), cancel) : ReadRange(path, offset, destination, cancel);

    public Task Delete(string path, CancellationToken cancel) => Patiently(() => storage.DeleteAsync(path, cancel), cancel);

    public void Dispose()
    {
        while (small.TryTake(out var codec) || large.TryTake(out codec))
        {
            codec.Dispose();
        }
    }

    private async Task Patiently(Func<Task> call, CancellationToken cancel)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await call();
                return;
            }
            catch (StorageException failure) when (failure.Transient && attempt < 5)
            {
                // Jitter keeps several writers from coming back in the same instant.
                var wait = TimeSpan.FromMilliseconds((200 << attempt) * (0.5 + Random.Shared.NextDouble()));
                await Task.Delay(wait, clock, cancel);
            }
        }
    }

    private static ReadOnlySpan<byte> Compress(ReadOnlySpan<byte> json, NativeBuffer destination)
    {
        using var zstd = new Zstd();
        var buffer = destination.Take(1 + Zstd.Bound(json.Length)).Span;
        buffer[0] = CompressedMark;
        return buffer[..(1 + zstd.Compress(json, buffer[1..], 3))];
    }

    private T Decompress<T>(ReadOnlyMemory<byte> compressed, string path, Func<ReadOnlyMemory<byte>, T> read)
    {
        // Compiling the managed decompressor takes longer than most commands run. A length is believed as far as such files compress.
        if (Zstd.PlainLength(compressed.Span) is >= 0 and <= MaximumPlainSize and var length && length <= Math.Max(1 << 20, 64L * compressed.Length))
        {
            using var zstd = new Zstd();
            using var buffer = new NativeBuffer();
            var whole = buffer.Take((int)length);
            if (zstd.Decompress(compressed.Span, whole.Span) == length)
            {
                return read(whole);
            }
        }

        return read(Frames(compressed.ToArray(), path));
    }

    private ReadOnlyMemory<byte> Frames(byte[] compressed, string path)
    {
        try
        {
            // A stream, because not every writer states the plain size in the frame.
            using var frames = new DecompressionStream(new MemoryStream(compressed));
            var plain = new ArrayBufferWriter<byte>(4 * compressed.Length + 256);
            int read;
            while ((read = frames.Read(plain.GetSpan(64 * 1024))) > 0)
            {
                plain.Advance(read);
                if (plain.WrittenCount > MaximumPlainSize)
                {
                    throw new DamagedException($"{path} in {Location} is larger than any file of its kind can be.");
                }
            }

            return plain.WrittenMemory;
        }
        catch (Exception failure) when (failure is ZstdException or EndOfStreamException)
        {
            throw new DamagedException($"{path} in {Location} does not decompress.", failure);
        }
    }
}
