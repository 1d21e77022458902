namespace MedicineMan.Plugins.Postgres;

/// What every session of ours sets, so that the same row is the same text whatever the server, database or role has configured.
internal static class SessionSettings
{
    public const string Sql = """
        SET standard_conforming_strings = on; SET client_encoding = 'UTF8'; SET search_path = ''; SET client_min_messages = warning;
        SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
        """;

    /// For COPY in both directions. SQL_ASCII databases hold bytes of any encoding, which pass only unconverted.
    public static string ForRows(string databaseEncoding) => $"""
        {Sql}
        SET client_encoding = '{(databaseEncoding == "SQL_ASCII" ? "SQL_ASCII" : "UTF8")}'; SET datestyle = 'ISO, MDY'; SET intervalstyle = 'postgres'; SET timezone = 'UTC';
        SET extra_float_digits = 3; SET bytea_output = 'hex'; SET row_security = off; SET synchronize_seqscans = off; SET xmloption = content;

        """;

    /// PostgreSQL 14 and 17 added time-outs that would end a session that waits for its turn.
    public static string NoTimeouts(int major) =>
        (major >= 14 ? "SET idle_session_timeout = 0; " : "") + (major >= 17 ? "SET transaction_timeout = 0; " : "");
}
