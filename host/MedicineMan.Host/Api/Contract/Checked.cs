using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.Api.Contract;

/// Checks what a request carries against the rules written on its records, before its endpoint runs; all that is wrong is said at once.
internal static class Checked
{
    public static EndpointFilterDelegate Filter(EndpointFilterFactoryContext endpoint, EndpointFilterDelegate next)
    {
        int[] carried = [.. Carried(endpoint.MethodInfo, attribute => attribute is FromBodyAttribute or AsParametersAttribute)];
        return carried.Length == 0 ? next : invocation =>
        {
            foreach (var index in carried)
            {
                Check(invocation.Arguments[index]);
            }

            return next(invocation);
        };
    }

    /// The positions of parameters with such an attribute.
    public static IEnumerable<int> Carried(MethodInfo endpoint, Func<Attribute, bool> which) =>
        endpoint.GetParameters().Index().Where(parameter => parameter.Item.GetCustomAttributes().Any(which)).Select(parameter => parameter.Index);

    private static void Check(object? request)
    {
        if (request is null)
        {
            throw ApiProblem.Invalid("body", "The request needs a JSON body.");
        }

        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(request, new ValidationContext(request), problems, validateAllProperties: true))
        {
            throw ApiProblem.Invalid(problems
                .SelectMany(problem => problem.MemberNames.DefaultIfEmpty("body"), (problem, member) => (Field: JsonNamingPolicy.CamelCase.ConvertName(member), problem.ErrorMessage))
                .GroupBy(problem => problem.Field, problem => problem.ErrorMessage ?? "It is not right.")
                .ToDictionary(field => field.Key, field => field.ToArray()));
        }
    }
}
