//! One SQL text for both engines.
//!
//! For what a query builder cannot say well: sums that are added to, walks up and down a group,
//! reads at a point in both times. Placeholders are `$1`, `$2` … on both engines; whole sets
//! travel as [`super::rows::Set`]. Values are always bound, never formatted in.

use sea_orm::{
    ConnectionTrait, DbBackend, FromQueryResult, Statement, StreamTrait, TryGetable, Value,
};
use tokio_stream::StreamExt as _;

use super::error::store_error;
use crate::domain::error::Result;

/// Runs a statement; answers the number of rows it touched.
pub(super) async fn execute(
    conn: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: Vec<Value>,
) -> Result<u64> {
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    Ok(conn.execute_raw(statement).await.map_err(store_error)?.rows_affected())
}

/// All rows of a query.
pub(super) async fn all<T: FromQueryResult>(
    conn: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: Vec<Value>,
) -> Result<Vec<T>> {
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    let rows = conn.query_all_raw(statement).await.map_err(store_error)?;
    rows.iter().map(|row| T::from_query_result(row, "").map_err(store_error)).collect()
}

/// Hands over the rows of a query one by one, so that they are never in memory together.
pub(super) async fn each<T: FromQueryResult>(
    conn: &(impl ConnectionTrait + StreamTrait),
    sql: impl Into<String>,
    values: Vec<Value>,
    mut take: impl FnMut(T) -> Result<()> + Send,
) -> Result<()> {
    let backend = ConnectionTrait::get_database_backend(conn);
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let mut rows = std::pin::pin!(conn.stream_raw(statement).await.map_err(store_error)?);
    while let Some(row) = rows.next().await {
        take(T::from_query_result(&row.map_err(store_error)?, "").map_err(store_error)?)?;
    }
    Ok(())
}

/// Has PostgreSQL look up rows by their indexes from here to the end of the transaction, or as it thinks best
/// again.
///
/// It keeps the plan of a statement until its statistics change. One made while a table was all but empty
/// reads that from end to end: once for each row of another, where a statement looks up something for
/// each, and that is the square of the book.
pub(super) async fn by_indexes(conn: &impl ConnectionTrait, on: bool) -> Result<()> {
    if conn.get_database_backend() == DbBackend::Postgres {
        let scans = if on { "off" } else { "on" };
        let setting = format!("SET LOCAL enable_seqscan = {scans}");
        conn.execute_unprepared(&setting).await.map_err(store_error)?;
    }
    Ok(())
}

/// The first row of a query, if there is one.
pub(super) async fn one<T: FromQueryResult>(
    conn: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: Vec<Value>,
) -> Result<Option<T>> {
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    let row = conn.query_one_raw(statement).await.map_err(store_error)?;
    row.map(|row| T::from_query_result(&row, "").map_err(store_error)).transpose()
}

/// The column `v` of the first row.
pub(super) async fn scalar<T: TryGetable>(
    conn: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: Vec<Value>,
) -> Result<Option<T>> {
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    let row = conn.query_one_raw(statement).await.map_err(store_error)?;
    row.map(|row| row.try_get::<T>("", "v").map_err(store_error)).transpose()
}

/// A sum that may be beyond 64 bits, in two columns that are not: of what the amounts have of
/// whole billions, and of what is left of each. (A sum beyond 64 bits is an error on SQLite, and a
/// NUMERIC that no column of ours takes on PostgreSQL.)
pub(super) fn wide_sum(amount: &str) -> [String; 2] {
    let [high, low] = halves(amount);
    [format!("CAST(SUM({high}) AS BIGINT)"), format!("CAST(SUM({low}) AS BIGINT)")]
}

/// What a document `d` says is its net, without tax, if it says so.
pub(super) fn net_of_document(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Sqlite => "json_extract(d.detail, '$.net')",
        _ => "CAST(CAST(d.detail AS JSONB) ->> 'net' AS BIGINT)",
    }
}

/// The two halves of an amount that [`wide_sum`] adds up.
pub(super) fn halves(amount: &str) -> [String; 2] {
    [format!("({amount}) / {BILLION}"), format!("({amount}) % {BILLION}")]
}

/// That the halves add up to something.
pub(super) fn is_something(amount: &str) -> String {
    let [high, low] = halves(amount);
    format!("SUM({high}) * {BILLION} + SUM({low}) <> 0")
}

/// The sum of which these are the halves.
pub(super) fn widened(high: i64, low: i64) -> i128 {
    i128::from(high) * i128::from(BILLION) + i128::from(low)
}

const BILLION: i64 = 1_000_000_000;
