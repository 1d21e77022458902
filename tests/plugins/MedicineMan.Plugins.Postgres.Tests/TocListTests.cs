using MedicineMan.Plugins.Postgres.Restoring;

namespace MedicineMan.Plugins.Postgres.Tests;

public sealed class TocListTests
{
    private const string List = """
        ; Archive created at 2024-01-01
        6; 2615 16394 SCHEMA - s postgres
        216; 1259 16386 TABLE public a b postgres
        3370; 0 0 SEQUENCE OWNED BY public a b_id_seq postgres
        3400; 0 0 COMMENT - EXTENSION hstore 
        3401; 3256 9 POLICY public a own postgres
        3362; 2613 16384 BLOB - 16384 postgres
        3363; 0 0 BLOBS - BLOBS 
        3364; 0 0 BLOB METADATA - 16384..16390 postgres
        3365; 0 0 ACL - LARGE OBJECT 16384 postgres
        """;

    [Fact]
    public void Large_objects_are_their_content_owners_and_grants() => Assert.Equal("3362;\n3363;\n3364;\n3365;\n", TocList.LargeObjects(List));

    [Fact]
    public void What_only_a_superuser_may_do_is_left_out_for_others()
    {
        Assert.Contains("3400;", TocList.Everything(List, superuser: true, policies: true), StringComparison.Ordinal);
        Assert.DoesNotContain("3400;", TocList.Everything(List, superuser: false, policies: true), StringComparison.Ordinal);
        Assert.DoesNotContain("3401;", TocList.Everything(List, superuser: true, policies: false), StringComparison.Ordinal);
    }
}
