using System.Data;
using Dapper;
using MedicineMan.Host.Organizations;

namespace MedicineMan.Host.Data;

/// Times are milliseconds UTC in both databases; the organisation is text.
internal static class TypeHandlers
{
    public static void Register()
    {
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset));
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset?));
        SqlMapper.AddTypeHandler(new Moment());
        SqlMapper.AddTypeHandler(new Organization());
    }

    private sealed class Moment : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public override DateTimeOffset Parse(object value) => DateTimeOffset.FromUnixTimeMilliseconds((long)value);

        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value)
        {
            parameter.DbType = DbType.Int64;
            parameter.Value = value.ToUnixTimeMilliseconds();
        }
    }

    private sealed class Organization : SqlMapper.TypeHandler<OrganizationId>
    {
        public override OrganizationId Parse(object value) => new((string)value);

        public override void SetValue(IDbDataParameter parameter, OrganizationId value)
        {
            parameter.DbType = DbType.String;
            parameter.Value = value.Value;
        }
    }
}
