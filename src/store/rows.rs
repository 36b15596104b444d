//! Writing sets of rows, each in one statement.
//!
//! A set is made from models: its columns and their types are those of the entity. What a model
//! leaves unset is no column of the statement, and every model of a set must leave out the same.
//! The text of a statement depends on the columns, never on the number of rows, so its plan
//! stays cached.

mod set;
#[cfg(test)]
mod tests;

use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityName, EntityTrait, IdenStatic,
    IntoActiveModel, Iterable, PartialModelTrait, PrimaryKeyToColumn, QueryFilter, QuerySelect,
    Select, Value,
};

use super::error::store_error;
use super::sql;
use crate::domain::error::Result;

pub use set::{Cell, Set};

/// Bounds the memory and the JSON size of one statement.
pub const ROWS_PER_STATEMENT: usize = 5_000;

/// The first row of a query, if there is one.
pub async fn one<E: EntityTrait>(
    conn: &impl ConnectionTrait,
    query: Select<E>,
) -> Result<Option<E::Model>> {
    query.one(conn).await.map_err(store_error)
}

/// All rows of a query.
pub async fn all<E: EntityTrait>(
    conn: &impl ConnectionTrait,
    query: Select<E>,
) -> Result<Vec<E::Model>> {
    query.all(conn).await.map_err(store_error)
}

/// All rows of a query, of each the columns that a part of its model has.
pub async fn parts<E: EntityTrait, P: PartialModelTrait>(
    conn: &impl ConnectionTrait,
    query: Select<E>,
) -> Result<Vec<P>> {
    query.into_partial_model::<P>().all(conn).await.map_err(store_error)
}

/// Whether a query has a row; reads none of its columns.
pub async fn any<E: EntityTrait>(conn: &impl ConnectionTrait, query: Select<E>) -> Result<bool> {
    let one = query.select_only().expr(Expr::Constant(1_i32.into())).limit(1);
    let found = one.into_tuple::<i32>().one(conn).await.map_err(store_error)?;
    Ok(found.is_some())
}

/// Sets in every row of a condition what `change` sets; answers how many those were.
pub async fn change<A: ActiveModelTrait>(
    conn: &impl ConnectionTrait,
    change: A,
    condition: impl IntoCondition,
) -> Result<u64> {
    let update = A::Entity::update_many().set(change).filter(condition);
    Ok(update.exec(conn).await.map_err(store_error)?.rows_affected)
}

/// Takes out the rows of a condition; answers how many those were.
pub async fn delete<E: EntityTrait>(
    conn: &impl ConnectionTrait,
    condition: impl IntoCondition,
) -> Result<u64> {
    let delete = E::delete_many().filter(condition);
    Ok(delete.exec(conn).await.map_err(store_error)?.rows_affected)
}

/// Adds rows, of which none is there yet; answers how many.
pub async fn insert<M, A>(conn: &impl ConnectionTrait, models: Vec<M>) -> Result<u64>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    write(conn, models, "").await
}

/// Adds one row.
pub async fn insert_one<M, A>(conn: &impl ConnectionTrait, model: M) -> Result<()>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let row = A::Entity::insert(model.into_active_model());
    row.exec_without_returning(conn).await.map_err(store_error)?;
    Ok(())
}

/// Adds the rows whose key is free; answers how many those were.
pub async fn insert_new<M, A>(conn: &impl ConnectionTrait, models: Vec<M>) -> Result<u64>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let conflict = format!("ON CONFLICT ({}) DO NOTHING", key::<A::Entity>().join(", "));
    write(conn, models, &conflict).await
}

/// Adds rows, or replaces what is there under their key where `condition` (SQL over the row there
/// and `excluded`; empty for always) holds; answers how many were written.
pub async fn upsert<M, A>(
    conn: &impl ConnectionTrait,
    models: Vec<M>,
    condition: &str,
) -> Result<u64>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let key = key::<A::Entity>();
    let replaced: Vec<String> = names::<A::Entity>()
        .filter(|name| !key.contains(name))
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    let condition = match condition {
        "" => String::new(),
        condition => format!(" WHERE {condition}"),
    };
    let (key, replaced) = (key.join(", "), replaced.join(", "));
    let conflict = if replaced.is_empty() {
        // A row that is all key is there as it would be written.
        format!("ON CONFLICT ({key}) DO NOTHING")
    } else {
        format!("ON CONFLICT ({key}) DO UPDATE SET {replaced}{condition}")
    };
    write(conn, models, &conflict).await
}

/// Adds rows, or adds the columns `summed` to those of the row there is under their key.
pub async fn add<M, A>(
    conn: &impl ConnectionTrait,
    models: Vec<M>,
    summed: &[<A::Entity as EntityTrait>::Column],
) -> Result<u64>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    write(conn, models, &adding::<A::Entity>(summed)).await
}

/// The conflict clause of [`add`].
pub fn adding<E: EntityTrait>(summed: &[E::Column]) -> String {
    let (table, key) = (E::default().table_name(), key::<E>().join(", "));
    let sums: Vec<String> = summed
        .iter()
        .map(|column| column.as_str())
        .map(|name| format!("{name} = {table}.{name} + excluded.{name}"))
        .collect();
    format!("ON CONFLICT ({key}) DO UPDATE SET {}", sums.join(", "))
}

/// Changes rows by their key: the columns that the models set, but for the key; answers how many
/// were there.
pub async fn update<M, A>(conn: &impl ConnectionTrait, models: Vec<M>) -> Result<u64>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let (backend, table) = (conn.get_database_backend(), A::Entity::default().table_name());
    let key = key::<A::Entity>();
    let mut updated = 0;
    for set in Set::of_models(models)?.chunks(ROWS_PER_STATEMENT) {
        let changes: Vec<String> = set
            .names()
            .filter(|name| !key.contains(name))
            .map(|name| format!("{name} = r.{name}"))
            .collect();
        let same: Vec<String> =
            key.iter().map(|name| format!("{table}.{name} = r.{name}")).collect();
        let text = format!(
            "UPDATE {table} SET {} FROM {} WHERE {}",
            changes.join(", "),
            set.table(backend, "r", 1),
            same.join(" AND ")
        );
        updated += sql::execute(conn, text, set.into_values(backend)).await?;
    }
    Ok(updated)
}

/// Takes out rows by their key, which is all that the models set; answers how many were there.
pub async fn delete_keys<M, A>(conn: &impl ConnectionTrait, models: Vec<M>) -> Result<u64>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let (backend, table) = (conn.get_database_backend(), A::Entity::default().table_name());
    let key = key::<A::Entity>();
    let (columns, is_one) = (key.join(", "), key.len() == 1);
    let mut deleted = 0;
    for set in Set::of_models(models)?.chunks(ROWS_PER_STATEMENT) {
        let keys = format!("SELECT {columns} FROM {}", set.table(backend, "r", 1));
        let these = match backend {
            // Along the index, also by a plan that was made while the table was empty.
            DbBackend::Postgres if is_one => format!("{columns} = ANY (ARRAY({keys}))"),
            _ => format!("({columns}) IN ({keys})"),
        };
        let text = format!("DELETE FROM {table} WHERE {these}");
        deleted += sql::execute(conn, text, set.into_values(backend)).await?;
    }
    Ok(deleted)
}

async fn write<M, A>(conn: &impl ConnectionTrait, models: Vec<M>, conflict: &str) -> Result<u64>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let (backend, table) = (conn.get_database_backend(), A::Entity::default().table_name());
    let mut written = 0;
    for set in Set::of_models(models)?.chunks(ROWS_PER_STATEMENT) {
        let columns = set.names().collect::<Vec<_>>().join(", ");
        // SQLite needs the WHERE to tell the ON of a conflict from the ON of a join.
        let text = format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM {} WHERE TRUE {conflict}",
            set.table(backend, "r", 1)
        );
        written += sql::execute(conn, text, set.into_values(backend)).await?;
    }
    Ok(written)
}

/// The columns of an entity for a statement that stays text: `h.id, h.account_id, …`.
pub fn columns<E: EntityTrait>(alias: &str) -> String {
    names::<E>().map(|name| format!("{alias}.{name}")).collect::<Vec<_>>().join(", ")
}

/// That a column has a value which is part of the text of the statement: the planners use a
/// partial index only where they see its constant.
pub fn constant(column: impl ColumnTrait, value: impl Into<Value>) -> Expr {
    Expr::col(column.as_column_ref()).eq(Expr::Constant(value.into()))
}

/// That a column is one of a set, however large, in a condition of a query builder.
pub fn among<V: Cell>(
    backend: DbBackend,
    column: impl ColumnTrait,
    members: impl IntoIterator<Item = V>,
) -> Expr {
    Set::one(members).among(backend, column)
}

fn names<E: EntityTrait>() -> impl Iterator<Item = &'static str> {
    E::Column::iter().map(|column| column.as_str())
}

/// The columns of the primary key.
fn key<E: EntityTrait>() -> Vec<&'static str> {
    E::PrimaryKey::iter().map(|part| part.into_column().as_str()).collect()
}
