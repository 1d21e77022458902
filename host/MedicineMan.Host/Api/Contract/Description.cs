using MedicineMan.Host.Access;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace MedicineMan.Host.Api.Contract;

/// The machine-readable description of the API, drawn from the endpoints themselves.
internal static class Description
{
    private const string Scheme = "apiToken";

    public static void Configure(OpenApiOptions options)
    {
        options.ShouldInclude = static endpoint => endpoint.RelativePath?.StartsWith("api/v1/", StringComparison.Ordinal) == true;
        options.CreateSchemaReferenceId = static type => OpenApiOptions.CreateDefaultSchemaReferenceId(type)?.Replace("Answer", "", StringComparison.Ordinal).Replace("OfOf", "Of", StringComparison.Ordinal);
        options.AddSchemaTransformer(static (schema, context, _) =>
        {
            if ((Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type) == typeof(DateTimeOffset))
            {
                (schema.Type, schema.Format) = (JsonSchemaType.String, "date-time");
            }

            return Task.CompletedTask;
        });
        options.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Medicine Man",
                Version = "v1",
                Description = """
                    Identifiers are strings, times UTC in ISO 8601, sizes bytes, states lower-case words. Lists answer `{ "items": […], "next": … }`; send `next` back as
                    `after`. Errors are problem+json with a stable `code`, a sentence in `detail`, and `errors` by field. A POST takes an `Idempotency-Key`: the same key with
                    the same body answers the same for 24 hours and does nothing again. Long work answers 202 and a job.
                    """,
            };
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A personal API token." };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] }];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(Operation);
    }

    private static Task Operation(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var role = context.Description.ActionDescriptor.EndpointMetadata.OfType<IAuthorizeData>().LastOrDefault()?.Policy;
        operation.Description = role == Policies.Installation ? "Needs the role admin in the first organisation." : $"Needs the role {role}.";
        operation.Responses ??= [];
        operation.Responses["default"] = new OpenApiResponse { Description = "A problem with code, detail and, for wrong fields, errors (application/problem+json)." };
        if (context.Description.HttpMethod == "POST")
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = Idempotent.Header, In = ParameterLocation.Header, Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = 200 }, Example = JsonValue.Create("b2c6f5d0"),
            });
        }

        return Task.CompletedTask;
    }
}
