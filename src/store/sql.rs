//! One SQL text for both engines.
//!
//! For what a query builder cannot say well: sums that are added to, walks up and down a group,
//! reads at a point in both times. Placeholders are `$1`, `$2` … on both engines; whole sets
//! travel as [`super::rows::Set`]. Values are always bound, never formatted in.

use sea_orm::{ConnectionTrait, FromQueryResult, Statement, TryGetable, Value};

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
