using System.Text.Json.Serialization;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Samples.SqliteFiles;

/// The list of tables in a dump; a later version must still read it.
[JsonSerializable(typeof(IReadOnlyList<DumpedObject>))]
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
internal sealed partial class SqliteJson : JsonSerializerContext;
