//! One SQL text for both engines.
//!
//! Placeholders are `$1`, `$2` … on both. Whole sets travel as one parameter list through
//! [`Rows`]: arrays and UNNEST on PostgreSQL, one JSON document on SQLite. The text of a
//! statement therefore never depends on the number of rows, and its plan stays cached.
//! Values are always bound, never formatted in.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, TryGetable, Value};
use serde_json::Value as Json;
use uuid::Uuid;

use super::error::store_error;
use crate::domain::dates::NO_DATE;
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

/// A set of rows with named, typed columns, to be used like a table in a statement.
///
/// ```text
/// let mut rows = Rows::new(&[("id", Kind::Uuid), ("open", Kind::Int)]);
/// rows.push([Cell::from(id), Cell::from(open)]);
/// execute(tx, format!("UPDATE item SET open = r.open FROM {} WHERE item.id = r.id", rows.table(tx, "r", 1)), rows.values(tx))
/// ```
#[derive(Debug, Clone)]
pub(super) struct Rows {
    columns: &'static [(&'static str, Kind)],
    cells: Vec<Vec<Cell>>,
}

/// Type of a column of [`Rows`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Uuid,
    Text,
    Int,
    Date,
    Bool,
    Bytes,
}

/// One value of [`Rows`]. Never NULL: an absent value is the empty text, 0, the nil UUID or
/// `NO_DATE`, in the tables as well, so that every column can stand in a key.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    Uuid(Uuid),
    Text(String),
    Int(i64),
    Date(NaiveDate),
    Bool(bool),
    Bytes(Vec<u8>),
}

macro_rules! cell_from {
    ($($type:ty => |$v:ident| $cell:expr,)+) => {
        $(impl From<$type> for Cell { fn from($v: $type) -> Self { $cell } })+
    };
}

cell_from! {
    Uuid => |v| Cell::Uuid(v),
    Option<Uuid> => |v| Cell::Uuid(v.unwrap_or_default()),
    String => |v| Cell::Text(v),
    &str => |v| Cell::Text(v.to_owned()),
    &String => |v| Cell::Text(v.clone()),
    i64 => |v| Cell::Int(v),
    i32 => |v| Cell::Int(v.into()),
    NaiveDate => |v| Cell::Date(v),
    Option<NaiveDate> => |v| Cell::Date(v.unwrap_or(NO_DATE)),
    bool => |v| Cell::Bool(v),
    Vec<u8> => |v| Cell::Bytes(v),
}

impl Rows {
    pub fn new(columns: &'static [(&'static str, Kind)]) -> Self {
        Self { columns, cells: columns.iter().map(|_| Vec::new()).collect() }
    }

    pub fn push<const N: usize>(&mut self, row: [Cell; N]) {
        debug_assert_eq!(N, self.columns.len(), "one cell for each column");
        for (column, cell) in self.cells.iter_mut().zip(row) {
            column.push(cell);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn len(&self) -> usize {
        self.cells.first().map_or(0, Vec::len)
    }

    /// Splits into sets of at most `size` rows, to bound the size of one statement.
    pub fn chunks(self, size: usize) -> Vec<Rows> {
        let mut rest = self;
        let mut chunks = Vec::new();
        while rest.len() > size {
            let cells = rest.cells.iter_mut().map(|c| c.drain(..size).collect()).collect();
            chunks.push(Rows { columns: rest.columns, cells });
        }
        chunks.push(rest);
        chunks
    }

    pub fn column_names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// The SQL of this set as a table named `alias`, its parameters starting at `$first`.
    pub fn table(&self, conn: &impl ConnectionTrait, alias: &str, first: usize) -> String {
        match conn.get_database_backend() {
            DbBackend::Sqlite => {
                let columns = self
                    .columns
                    .iter()
                    .enumerate()
                    .map(|(i, (name, kind))| match kind {
                        Kind::Uuid | Kind::Bytes => format!("unhex(value ->> {i}) AS {name}"),
                        _ => format!("value ->> {i} AS {name}"),
                    })
                    .collect::<Vec<_>>()
                    .join(", ");
                // As JSONB: each cell is found without parsing its row again.
                format!("(SELECT {columns} FROM jsonb_each(${first})) AS {alias}")
            }
            _ => {
                let arrays = self
                    .columns
                    .iter()
                    .enumerate()
                    .map(|(i, (_, kind))| format!("${}::{}[]", first + i, kind.postgres()))
                    .collect::<Vec<_>>()
                    .join(", ");
                format!("UNNEST({arrays}) AS {alias}({})", self.column_names())
            }
        }
    }

    /// How many parameters [`Rows::values`] has.
    pub fn parameters(&self, conn: &impl ConnectionTrait) -> usize {
        match conn.get_database_backend() {
            DbBackend::Sqlite => 1,
            _ => self.columns.len(),
        }
    }

    /// The parameters that [`Rows::table`] stands for.
    pub fn values(&self, conn: &impl ConnectionTrait) -> Vec<Value> {
        match conn.get_database_backend() {
            DbBackend::Sqlite => {
                let rows: Vec<Json> = (0..self.len())
                    .map(|row| Json::Array(self.cells.iter().map(|c| c[row].json()).collect()))
                    .collect();
                vec![Json::Array(rows).to_string().into()]
            }
            _ => self
                .columns
                .iter()
                .zip(&self.cells)
                .map(|((_, kind), cells)| kind.array(cells))
                .collect(),
        }
    }
}

/// `INSERT INTO table (columns) SELECT … FROM rows`, with an optional conflict clause.
pub(super) async fn insert(
    conn: &impl ConnectionTrait,
    table: &str,
    rows: Rows,
    on_conflict: &str,
) -> Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    let mut inserted = 0;
    for rows in rows.chunks(ROWS_PER_STATEMENT) {
        let columns = rows.column_names();
        // SQLite needs the WHERE to tell the ON of a conflict from the ON of a join.
        let sql = format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM {} WHERE TRUE {on_conflict}",
            rows.table(conn, "r", 1)
        );
        inserted += execute(conn, sql, rows.values(conn)).await?;
    }
    Ok(inserted)
}

/// Bounds the memory and the JSON size of one statement.
pub(super) const ROWS_PER_STATEMENT: usize = 5_000;

/// A set of ids or texts as a subquery: `WHERE id IN {…}`.
pub(super) fn set<C: Into<Cell>>(kind: Kind, members: impl IntoIterator<Item = C>) -> Rows {
    const UUID: &[(&str, Kind)] = &[("v", Kind::Uuid)];
    const TEXT: &[(&str, Kind)] = &[("v", Kind::Text)];
    let mut rows = Rows::new(if kind == Kind::Uuid { UUID } else { TEXT });
    for member in members {
        rows.push([member.into()]);
    }
    rows
}

impl Rows {
    /// `(SELECT v FROM …)` for a set of one column.
    pub fn subquery(&self, conn: &impl ConnectionTrait, first: usize) -> String {
        format!("(SELECT v FROM {})", self.table(conn, "s", first))
    }
}

impl Kind {
    fn postgres(self) -> &'static str {
        match self {
            Kind::Uuid => "uuid",
            Kind::Text => "text",
            Kind::Int => "bigint",
            Kind::Date => "date",
            Kind::Bool => "boolean",
            Kind::Bytes => "bytea",
        }
    }

    fn array(self, cells: &[Cell]) -> Value {
        use sea_orm::sea_query::ArrayType;
        let kind = match self {
            Kind::Uuid => ArrayType::Uuid,
            Kind::Text => ArrayType::String,
            Kind::Int => ArrayType::BigInt,
            Kind::Date => ArrayType::ChronoDate,
            Kind::Bool => ArrayType::Bool,
            Kind::Bytes => ArrayType::Bytes,
        };
        Value::Array(kind, Some(Box::new(cells.iter().map(Cell::value).collect())))
    }
}

impl Cell {
    fn json(&self) -> Json {
        match self {
            Cell::Uuid(v) => v.simple().to_string().into(),
            Cell::Text(v) => v.as_str().into(),
            Cell::Int(v) => (*v).into(),
            Cell::Date(v) => v.to_string().into(),
            Cell::Bool(v) => (*v).into(),
            Cell::Bytes(v) => v.iter().map(|b| format!("{b:02x}")).collect::<String>().into(),
        }
    }

    fn value(&self) -> Value {
        match self.clone() {
            Cell::Uuid(v) => v.into(),
            Cell::Text(v) => v.into(),
            Cell::Int(v) => v.into(),
            Cell::Date(v) => v.into(),
            Cell::Bool(v) => v.into(),
            Cell::Bytes(v) => v.into(),
        }
    }
}
