using System.Diagnostics;
using System.Text.Json.Nodes;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Settings;
using MedicineMan.Host.Plugins.Settings.Forms;
using MedicineMan.Testbed;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace MedicineMan.Host.Tests.Plugins.Settings;

/// The subset of JSON Schema: what a manifest may ask for, and what people and programs may then send.
public sealed class SchemaTests
{
    public static TheoryData<string, string> Mistakes => new()
    {
        { """{"type": "string", "oneOf": []}""", "settings.properties.x.oneOf is not a field this version knows" },
        { """{"type": "object"}""", "one of string, integer, number, boolean, array is expected" },
        { """{"title": "X"}""", "settings.properties.x.type is missing" },
        { """{"type": "array"}""", "items is missing" },
        { """{"type": "array", "items": {"type": "array"}}""", "one of string, integer, number, boolean is expected" },
        { """{"type": "array", "items": {"type": "string", "format": "secret"}}""", "a secret is one text" },
        { """{"type": "string", "format": "email"}""", "one of secret, uri, cron, duration, path, hostname is expected" },
        { """{"type": "string", "minimum": 1}""", "minimum is not a field this version knows" },
        { """{"type": "integer", "minLength": 1}""", "minLength is not a field this version knows" },
        { """{"type": "string", "pattern": "("}""", "pattern is no regular expression" },
        { """{"type": "string", "enum": []}""", "a list of values that hold for the field is expected" },
        { """{"type": "integer", "enum": ["one"]}""", "a list of values that hold for the field is expected" },
        { """{"type": "string", "format": "secret", "default": "hush"}""", "default is not allowed for a secret" },
        { """{"type": "integer", "default": "7"}""", "default must be a whole number" },
        { """{"type": "integer", "maximum": 5, "default": 7}""", "default must be at most 5" },
        { """{"type": "string", "x-mm-showIf": "always"}""", "x-mm-showIf is \"always\"" },
        { """{"type": "string", "x-mm-showIf": {"y": "a"}}""", "names \"y\", which is no plain field that stands before it" },
        { """{"type": "string", "x-mm-showIf": {"x": "a"}}""", "which is no plain field that stands before it" },
        { """{"type": "string", "x-mm-order": "first"}""", "x-mm-order is \"first\"" },
        { """{"type": "string", "x-mm-colour": "red"}""", "x-mm-colour is not a field this version knows" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void What_is_not_in_the_subset_is_a_problem_of_the_manifest(string field, string sentence) =>
        Assert.Contains(Schemas.Read($$"""{"type": "object", "properties": {"x": {{field}} } }""").Problems, problem => problem.Contains(sentence, StringComparison.Ordinal));

    [Theory]
    [InlineData("""{"type": "array", "properties": {}}""", "settings.type is \"array\"")]
    [InlineData("""{"type": "object", "required": ["y"], "properties": {}}""", "required names \"y\", which is no property")]
    [InlineData("""{"type": "object", "properties": {"<b>": {"type": "string"}}}""", "the name of a property is a letter")]
    [InlineData("""{"type": "object", "additionalProperties": true, "properties": {}}""", "settings.additionalProperties is not a field")]
    public void A_form_that_does_not_hold_is_refused(string schema, string sentence) =>
        Assert.Contains(Schemas.Read(schema).Problems, problem => problem.Contains(sentence, StringComparison.Ordinal));

    [Fact]
    public void The_manifest_names_the_mistakes_of_its_forms_with_a_code()
    {
        using var folder = new TemporaryFolder();
        PluginFolders.Copy(PluginFolders.Adjustable, folder["plugin"], manifest =>
        {
            manifest["settings"]!["properties"]!["port"]!["exclusiveMinimum"] = 3;
            manifest["contributes"]!["providers"]![0]!["settings"]!["properties"]!["bucket"]!["type"] = "blob";
            manifest["contributes"]!["actions"]![0]!["job"] = "other";
        });

        var refused = Assert.Throws<PluginRefusedException>(() => ManifestReader.Read(folder["plugin"]));

        Assert.All(refused.Problems, problem => Assert.Equal("MM1002", problem.Code));
        Assert.Contains("settings.properties.port.exclusiveMinimum is not a field", refused.Message, StringComparison.Ordinal);
        Assert.Contains("contributes.providers[0].settings.properties.bucket.type is \"blob\"", refused.Message, StringComparison.Ordinal);
        Assert.Contains("contributes.actions names the job \"other\"", refused.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string?, string?> Typed => new()
    {
        { """{"type": "string"}""", " as typed ", "\" as typed \"", null },
        { """{"type": "string"}""", "   ", null, null },
        { """{"type": "string", "minLength": 3}""", "ab", null, "must have at least 3 characters" },
        { """{"type": "string", "maxLength": 3}""", "abcd", null, "must have at most 3 characters" },
        { """{"type": "string", "pattern": "^[a-z]+$"}""", "A1", null, "does not have the form ^[a-z]+$" },
        { """{"type": "string", "enum": ["a", "b"]}""", "c", null, "must be one of a, b" },
        { """{"type": "integer"}""", "-7", "-7", null },
        { """{"type": "integer"}""", "7.5", null, "must be a whole number" },
        { """{"type": "integer"}""", "99999999999999999999", null, "must be a whole number" },
        { """{"type": "integer", "minimum": 1, "maximum": 9}""", "0", null, "must be at least 1" },
        { """{"type": "integer", "minimum": 1, "maximum": 9}""", "10", null, "must be at most 9" },
        { """{"type": "integer", "enum": [1, 2]}""", "2", "2", null },
        { """{"type": "number"}""", "0.5", "0.5", null },
        { """{"type": "number"}""", "0,5", null, "must be a number" },
        { """{"type": "number"}""", "NaN", null, "must be a number" },
        { """{"type": "number", "maximum": 0.5}""", "0.6", null, "must be at most 0.5" },
        { """{"type": "boolean"}""", "true", "true", null },
        { """{"type": "boolean"}""", "", "false", null },
        { """{"type": "array", "items": {"type": "string"}}""", "a\r\n\r\n b ", "[\"a\",\"b\"]", null },
        { """{"type": "array", "items": {"type": "integer", "maximum": 5}}""", "1\n6", null, "must be at most 5: 6" },
        { """{"type": "array", "items": {"type": "integer"}}""", "", null, null },
        { """{"type": "string", "format": "uri"}""", "https://example.org/a?b=c", "\"https://example.org/a?b=c\"", null },
        { """{"type": "string", "format": "uri"}""", "/etc/passwd", null, "must be a whole address such as https://example.org/path" },
        { """{"type": "string", "format": "uri"}""", "javascript:alert(1)", null, "must be a whole address such as https://example.org/path" },
        { """{"type": "string", "format": "uri"}""", "https://user:pass@example.org", null, "must not hold a password: there it would be stored and shown in plain" },
        { """{"type": "string", "format": "cron"}""", "*/15 2-4 1,15 * 1-5", "\"*/15 2-4 1,15 * 1-5\"", null },
        { """{"type": "string", "format": "cron"}""", "60 * * * *", null, "must be a schedule of five parts such as 30 2 * * 1-5: minute, hour, day of the month, month, day of the week" },
        { """{"type": "string", "format": "cron"}""", "5-1 * * * *", null, "must be a schedule of five parts such as 30 2 * * 1-5: minute, hour, day of the month, month, day of the week" },
        { """{"type": "string", "format": "cron"}""", "@daily", null, "must be a schedule of five parts such as 30 2 * * 1-5: minute, hour, day of the month, month, day of the week" },
        { """{"type": "string", "format": "duration"}""", "1d 2h", "\"1.02:00:00\"", null },
        { """{"type": "string", "format": "duration"}""", "PT15M", "\"00:15:00\"", null },
        { """{"type": "string", "format": "duration"}""", "00:01:30", "\"00:01:30\"", null },
        { """{"type": "string", "format": "duration"}""", "soon", null, "must be a length of time such as 90s, 15m, 2h or 1d" },
        { """{"type": "string", "format": "path"}""", "/srv/data", "\"/srv/data\"", null },
        { """{"type": "string", "format": "path"}""", "srv/data", null, "must be an absolute path such as /var/lib/example" },
        { """{"type": "string", "format": "path"}""", "/srv/../etc", null, "must be an absolute path such as /var/lib/example" },
        { """{"type": "string", "format": "hostname"}""", "db-1.example.org", "\"db-1.example.org\"", null },
        { """{"type": "string", "format": "hostname"}""", "https://db", null, "must be a host name or an IP address, without scheme and port" },
    };

    [Theory]
    [MemberData(nameof(Typed))]
    public void What_a_person_types_is_read_or_refused_with_a_sentence(string field, string text, string? value, string? error)
    {
        var draft = Post(Schemas.Of(field), ("x", text));

        Assert.Equal(error, draft.Errors.GetValueOrDefault("x"));
        Assert.Equal(value, draft.Values["x"]?.ToJsonString());
    }

    [Theory]
    [InlineData("""{"type": "string", "format": "duration"}""", "00:15:00", "15m")]
    [InlineData("""{"type": "string", "format": "duration"}""", "1.02:00:05", "1d 2h 5s")]
    [InlineData("""{"type": "string", "format": "duration"}""", "PT90M", "1h 30m")]
    [InlineData("""{"type": "string", "format": "duration"}""", "00:00:00.2500000", "00:00:00.2500000")]
    [InlineData("""{"type": "string", "format": "duration"}""", "00:00:00", "00:00:00")]
    [InlineData("""{"type": "string", "format": "duration", "enum": ["00:15:00", "01:00:00"]}""", "00:15:00", "00:15:00")]
    [InlineData("""{"type": "string"}""", "00:15:00", "00:15:00")]
    public void A_length_of_time_is_shown_as_it_is_typed(string field, string stored, string shown)
    {
        var schema = Schemas.Of(field);

        Assert.Equal(shown, Assert.Single(SettingsForm.Of(schema, new JsonObject { ["x"] = stored }).Groups).Fields[0].Text);
        Assert.Equal(shown, (string?)PluginSettingsAnswer.Shown(schema, new JsonObject { ["x"] = stored })["x"]);
        Assert.Empty(Post(schema, ("x", shown)).Errors);
    }

    [Theory]
    [InlineData("""{"type": "integer"}""", "\"7\"", "must be a whole number")]
    [InlineData("""{"type": "string"}""", "7", "must be a text")]
    [InlineData("""{"type": "boolean"}""", "\"true\"", "must be true or false")]
    [InlineData("""{"type": "array", "items": {"type": "string"}}""", "\"a\"", "must be a list; each item must be a text")]
    [InlineData("""{"type": "array", "items": {"type": "integer"}}""", "[1, null]", "must be a list; each item must be a whole number")]
    [InlineData("""{"type": "string", "format": "secret"}""", "7", "must be a text")]
    public void A_program_must_send_JSON_s_own_types(string field, string value, string error) =>
        Assert.Equal(error, SettingsValues.FromJson(Schemas.Of(field), new JsonObject { ["x"] = JsonNode.Parse(value) }, null).Errors["x"]);

    [Fact]
    public void All_mistakes_are_said_at_once_and_unknown_fields_are_among_them()
    {
        var (schema, _) = Schemas.Read("""{"type": "object", "required": ["a", "c"], "properties": {"a": {"type": "string"}, "b": {"type": "integer"}, "c": {"type": "string", "format": "secret"}}}""");

        var draft = SettingsValues.FromJson(schema, new JsonObject { ["b"] = "x", ["d"] = 1 }, null);

        Assert.Equal(["a", "b", "c", "d"], draft.Errors.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_field_out_of_sight_is_neither_asked_for_nor_kept()
    {
        var (schema, problems) = Schemas.Read("""
            {"type": "object", "required": ["key", "depth"], "properties": {
              "mode": {"type": "string", "enum": ["off", "on"], "default": "off"},
              "kind": {"type": "string", "enum": ["a", "b"], "default": "a", "x-mm-showIf": {"mode": "on"}},
              "key": {"type": "string", "format": "secret", "x-mm-showIf": {"mode": ["on"], "kind": "b"}},
              "depth": {"type": "integer", "x-mm-showIf": {"kind": "b"}}}}
            """);
        Assert.Empty(problems);

        var off = Post(schema, ("mode", "off"), ("kind", "b"), ("key", "sesame"), ("depth", "x"));
        Assert.Equal(("{\"mode\":\"off\"}", 0, 0), (off.Values.ToJsonString(), off.Secrets.Count, off.Errors.Count));
        var on = Post(schema, ("mode", "on"), ("kind", "b"), ("key", ""), ("depth", ""));
        Assert.Equal(["depth", "key"], on.Errors.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_secret_is_kept_replaced_or_removed_and_never_drawn()
    {
        var schema = Schemas.Of("""{"type": "string", "format": "secret", "minLength": 4}""");
        var stored = new JsonObject { ["x"] = "handle" };

        Assert.Equal("handle", (string?)Post(schema, stored, ("x", "")).Values["x"]);
        Assert.Empty(Post(schema, stored, ("x", ""), ("x.remove", "true")).Values);
        var replaced = Post(schema, stored, ("x", "sesame"));
        Assert.Equal(("sesame", 0, 0), (replaced.Secrets["x"], replaced.Values.Count, replaced.Typed.Count));
        Assert.Equal("must have at least 4 characters", Post(schema, stored, ("x", "abc")).Errors["x"]);
        var field = Assert.Single(SettingsForm.Of(schema, stored, replaced).Groups[0].Fields);
        Assert.Equal(("", true), (field.Text, field.IsSet));
        Assert.Equal("handle", (string?)SettingsValues.FromJson(schema, new JsonObject { ["x"] = new JsonObject { ["set"] = true } }, stored).Values["x"]);
        Assert.Empty(SettingsValues.FromJson(schema, new JsonObject { ["x"] = null }, stored).Values);
    }

    [Theory]
    [InlineData("^(a+)+$")]
    [InlineData("^(\\\\w+)\\\\1(\\\\w+)*x$")]
    public void A_pattern_that_would_backtrack_for_ever_is_bounded(string pattern)
    {
        var schema = Schemas.Of($$"""{"type": "string", "pattern": "{{pattern}}"}""");
        var clock = Stopwatch.StartNew();

        var draft = Post(schema, ("x", new string('a', 5000) + "!"));

        Assert.Single(draft.Errors);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    private static SettingsDraft Post(SettingsSchema schema, params (string Name, string Value)[] fields) => Post(schema, null, fields);

    private static SettingsDraft Post(SettingsSchema schema, JsonObject? stored, params (string Name, string Value)[] fields) =>
        SettingsValues.FromForm(schema, new FormCollection(fields.ToDictionary(field => SettingsForm.Prefix + field.Name, field => new StringValues(field.Value))), SettingsForm.Prefix, stored);
}
