using System.Text.Json;
using MedicineMan.Host.Plugins.Manifests;

namespace MedicineMan.Host.Plugins.Packages.Format;

/// signature.json: who signed checksums.json with which key. That it holds says the package is whole; whether the key may be trusted is
/// another question.
internal sealed record PackageSignature(string Publisher, string KeyId, string PublicKey, string Value)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

    public string Fingerprint => PackageKey.Fingerprint(PublicKey);

    public byte[] Write()
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteNumber("signature", 1);
            json.WriteString("publisher", Publisher);
            json.WriteString("keyId", KeyId);
            json.WriteString("algorithm", PackageKey.Algorithm);
            json.WriteString("publicKey", PublicKey);
            json.WriteString("value", Value);
            json.WriteEndObject();
        }

        return memory.ToArray();
    }

    public static PackageSignature Read(byte[] bytes, string file)
    {
        var problems = new List<string>();
        try
        {
            using var json = JsonDocument.Parse(bytes, Strict);
            var read = JsonFields.Read(json.RootElement, "", problems, fields =>
            {
                if (fields.Number("signature", 1) is not 1)
                {
                    fields.Refuse("signature must be 1, the only form this version reads.");
                }

                fields.Choice("algorithm", null, [PackageKey.Algorithm]);
                return new PackageSignature(fields.Text("publisher", longest: 60), fields.Text("keyId", longest: 100), fields.Text("publicKey"), fields.Text("value"));
            });
            return problems.Count == 0 ? read : throw new PluginRefusedException(PackageProblems.BadSignature(file, string.Join(' ', problems)));
        }
        catch (JsonException broken)
        {
            throw new PluginRefusedException(PackageProblems.BadSignature(file, broken.Message));
        }
    }
}
