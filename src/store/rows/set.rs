//! A set of rows that travels as parameters of one statement: arrays and UNNEST on PostgreSQL,
//! one JSON document on SQLite.

use std::fmt::Write as _;

use chrono::NaiveDate;
use sea_orm::sea_query::{ArrayType, Expr};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DbBackend, EntityName, EntityTrait, IdenStatic,
    IntoActiveModel, Iterable, ModelTrait, Value,
};
use uuid::Uuid;

use crate::domain::error::{Error, Result};
use crate::store::columns::Named;

/// Rows of named, typed columns, to be used like a table in a statement.
///
/// ```text
/// let wanted = Set::new()
///     .column(Column::System, keys.iter().map(|key| &key.system))
///     .column(Column::CanonicalId, keys.iter().map(|key| &key.canonical_id));
/// let text = format!("SELECT … FROM {} JOIN …", wanted.table(backend, "k", 1));
/// sql::all(conn, text, wanted.into_values(backend))
/// ```
#[derive(Debug, Clone, Default)]
pub struct Set {
    columns: Vec<Cells>,
}

#[derive(Debug, Clone)]
struct Cells {
    name: &'static str,
    kind: ArrayType,
    nullable: bool,
    values: Vec<Value>,
}

/// The column of a set that has only one.
const ONLY: &str = "v";

impl Set {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column of an entity, with a value for each row.
    pub fn column<C: Cell>(
        self,
        column: impl ColumnTrait,
        values: impl IntoIterator<Item = C>,
    ) -> Self {
        self.named(column.as_str(), values)
    }

    /// Adds a column that is no table's, with a value for each row.
    pub fn named<C: Cell>(
        mut self,
        name: &'static str,
        values: impl IntoIterator<Item = C>,
    ) -> Self {
        let values: Vec<Value> = values.into_iter().map(Cell::value).collect();
        debug_assert!(
            self.columns.is_empty() || values.len() == self.len(),
            "a value for each row"
        );
        let column = Cells { name, kind: C::kind(), nullable: false, values };
        self.columns.push(column);
        self
    }

    /// A set of ids or texts.
    pub fn one<C: Cell>(members: impl IntoIterator<Item = C>) -> Self {
        Self::new().named(ONLY, members)
    }

    /// The columns that the models set.
    ///
    /// # Errors
    /// Internal, if one model sets what another leaves unset: a column would be off by a row.
    pub(super) fn of_models<M, A>(models: Vec<M>) -> Result<Self>
    where
        M: IntoActiveModel<A>,
        A: ActiveModelTrait,
    {
        let count = models.len();
        let mut models = models.into_iter().map(IntoActiveModel::into_active_model);
        let Some(mut first) = models.next() else { return Ok(Self::default()) };
        let mut columns = Vec::new();
        let mut set = Vec::new();
        for column in <A::Entity as EntityTrait>::Column::iter() {
            if let ActiveValue::Set(value) | ActiveValue::Unchanged(value) = first.take(column) {
                let mut values = Vec::with_capacity(count);
                values.push(value);
                columns.push(Cells {
                    name: column.as_str(),
                    kind: <A::Entity as EntityTrait>::Model::get_value_type(column),
                    nullable: column.def().is_null(),
                    values,
                });
                set.push(column);
            }
        }
        for mut model in models {
            for (cells, column) in columns.iter_mut().zip(&set) {
                match model.take(*column) {
                    ActiveValue::Set(value) | ActiveValue::Unchanged(value) => {
                        cells.values.push(value);
                    }
                    ActiveValue::NotSet => return Err(differ::<A>(column.as_str())),
                }
            }
            for column in <A::Entity as EntityTrait>::Column::iter() {
                if !model.get(column).is_not_set() {
                    return Err(differ::<A>(column.as_str()));
                }
            }
        }
        Ok(Self { columns })
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.columns.iter().map(|column| column.name)
    }

    /// Splits into sets of at most `size` rows, to bound the size of one statement; none for no
    /// rows.
    pub fn chunks(mut self, size: usize) -> Vec<Set> {
        let mut chunks = Vec::new();
        while self.len() > size {
            let head = |column: &mut Cells| Cells {
                values: column.values.drain(..size).collect(),
                kind: column.kind.clone(),
                ..*column
            };
            chunks.push(Set { columns: self.columns.iter_mut().map(head).collect() });
        }
        if !self.is_empty() {
            chunks.push(self);
        }
        chunks
    }

    /// The SQL of this set as a table named `alias`, its parameters starting at `$first`.
    pub fn table(&self, backend: DbBackend, alias: &str, first: usize) -> String {
        match backend {
            DbBackend::Sqlite => {
                let columns = self.columns.iter().enumerate().map(
                    |(i, Cells { name, kind, .. })| match kind {
                        ArrayType::Uuid | ArrayType::Bytes => {
                            format!("unhex(value ->> {i}) AS {name}")
                        }
                        _ => format!("value ->> {i} AS {name}"),
                    },
                );
                let columns = columns.collect::<Vec<_>>().join(", ");
                // As JSONB: each cell is found without parsing its row again.
                format!("(SELECT {columns} FROM jsonb_each(${first})) AS {alias}")
            }
            _ => self.unnest(alias, first),
        }
    }

    fn unnest(&self, alias: &str, first: usize) -> String {
        let (mut arrays, mut names, mut selected) = (Vec::new(), Vec::new(), Vec::new());
        for Cells { name, kind, nullable, .. } in &self.columns {
            let kind = postgres_type(kind);
            // Compared as in the tables.
            let bytes = if kind == TEXT { " COLLATE \"C\"" } else { "" };
            arrays.push(format!("${}::{kind}[]{bytes}", first + arrays.len()));
            names.push((*name).to_owned());
            if *nullable {
                // The driver has no arrays with NULL in them.
                arrays.push(format!("${}::boolean[]", first + arrays.len()));
                names.push(format!("{name}_absent"));
                selected
                    .push(format!("CASE WHEN {name}_absent THEN NULL ELSE {name} END AS {name}"));
            } else {
                selected.push((*name).to_owned());
            }
        }
        let (arrays, columns) = (arrays.join(", "), names.join(", "));
        if names.len() == selected.len() {
            return format!("UNNEST({arrays}) AS {alias}({columns})");
        }
        let selected = selected.join(", ");
        format!("(SELECT {selected} FROM UNNEST({arrays}) AS u({columns})) AS {alias}")
    }

    /// `(SELECT v FROM …)` for a set made by [`Set::one`].
    pub fn subquery(&self, backend: DbBackend, first: usize) -> String {
        format!("(SELECT {ONLY} FROM {})", self.table(backend, "s", first))
    }

    /// That a column is one of a set made by [`Set::one`], for a query builder.
    pub fn among(self, backend: DbBackend, column: impl ColumnTrait) -> Expr {
        let kind = self.columns.first().map(|only| only.kind.clone());
        let member = match (backend, kind) {
            (DbBackend::Sqlite, Some(ArrayType::Uuid | ArrayType::Bytes)) => {
                "? IN (SELECT unhex(value ->> 0) FROM jsonb_each(?))"
            }
            (DbBackend::Sqlite, _) => "? IN (SELECT value ->> 0 FROM jsonb_each(?))",
            // Not `= ANY`, which compares each row with each member where no index is used.
            _ => "$1 IN (SELECT UNNEST($2))",
        };
        let members = self.into_values(backend).into_iter().map(Expr::val);
        Expr::cust_with_exprs(member, std::iter::once(column.into_expr()).chain(members))
    }

    /// How many parameters [`Set::into_values`] has.
    pub fn parameters(&self, backend: DbBackend) -> usize {
        match backend {
            DbBackend::Sqlite => 1,
            _ => self.columns.iter().map(|column| 1 + usize::from(column.nullable)).sum(),
        }
    }

    /// The parameters that [`Set::table`] stands for.
    pub fn into_values(self, backend: DbBackend) -> Vec<Value> {
        if backend == DbBackend::Sqlite {
            return vec![self.json().into()];
        }
        let mut parameters = Vec::new();
        for Cells { kind, nullable, mut values, .. } in self.columns {
            if nullable {
                let absent: Vec<Value> = values.iter().map(|v| is_null(v).into()).collect();
                values.iter_mut().filter(|v| is_null(v)).for_each(|v| *v = placeholder(&kind));
                parameters.push(Value::Array(kind, Some(Box::new(values))));
                parameters.push(Value::Array(ArrayType::Bool, Some(Box::new(absent))));
            } else {
                parameters.push(Value::Array(kind, Some(Box::new(values))));
            }
        }
        parameters
    }

    /// A JSON array with an array for each row.
    fn json(&self) -> String {
        let mut json = String::from("[");
        for row in 0..self.len() {
            json.push_str(if row == 0 { "[" } else { ",[" });
            for (i, column) in self.columns.iter().enumerate() {
                if i > 0 {
                    json.push(',');
                }
                write_json(&mut json, &column.values[row]);
            }
            json.push(']');
        }
        json.push(']');
        json
    }
}

fn differ<A: ActiveModelTrait>(column: &str) -> Error {
    let table = A::Entity::default();
    Error::internal(format!("of rows of {}, some set {column}", table.table_name()))
}

const TEXT: &str = "text";

fn postgres_type(kind: &ArrayType) -> &'static str {
    match kind {
        ArrayType::Uuid => "uuid",
        ArrayType::Int => "integer",
        ArrayType::BigInt => "bigint",
        ArrayType::ChronoDate => "date",
        ArrayType::Bool => "boolean",
        ArrayType::Bytes => "bytea",
        // Names of enums and codes are texts as well; no other type is in a table.
        _ => TEXT,
    }
}

fn is_null(value: &Value) -> bool {
    *value == value.as_null()
}

/// What stands in an array where a value is absent.
fn placeholder(kind: &ArrayType) -> Value {
    match kind {
        ArrayType::Uuid => Uuid::nil().into(),
        ArrayType::Int => 0_i32.into(),
        ArrayType::BigInt => 0_i64.into(),
        ArrayType::ChronoDate => NaiveDate::default().into(),
        ArrayType::Bool => false.into(),
        ArrayType::Bytes => Vec::<u8>::new().into(),
        _ => String::new().into(),
    }
}

const HEXADECIMAL: [char; 16] =
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];

/// Appends a text. Most have nothing that JSON writes otherwise.
fn write_text(json: &mut String, text: &str) -> std::fmt::Result {
    if text.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\')) {
        return write!(json, "{}", serde_json::Value::from(text));
    }
    json.push('"');
    json.push_str(text);
    json.push('"');
    Ok(())
}

/// Appends a value as SQLite reads it back: ids and bytes in hexadecimal.
fn write_json(json: &mut String, value: &Value) {
    // Writing to a String cannot fail.
    let _ = match value {
        Value::String(Some(text)) => write_text(json, text),
        Value::BigInt(Some(number)) => write!(json, "{number}"),
        Value::Int(Some(number)) => write!(json, "{number}"),
        Value::Bool(Some(yes)) => write!(json, "{yes}"),
        Value::ChronoDate(Some(date)) => write!(json, "\"{date}\""),
        Value::Uuid(Some(id)) => write!(json, "\"{}\"", id.simple()),
        Value::Bytes(Some(bytes)) => {
            json.push('"');
            for byte in bytes {
                json.push(HEXADECIMAL[usize::from(byte >> 4)]);
                json.push(HEXADECIMAL[usize::from(byte & 15)]);
            }
            json.push('"');
            Ok(())
        }
        _ => write!(json, "null"),
    };
}

/// A value that can stand in a set.
pub trait Cell {
    fn kind() -> ArrayType;
    fn value(self) -> Value;
}

macro_rules! cells {
    ($($type:ty => $kind:ident, |$v:ident| $value:expr;)+) => {$(
        impl Cell for $type {
            fn kind() -> ArrayType {
                ArrayType::$kind
            }

            fn value(self) -> Value {
                let $v = self;
                $value.into()
            }
        }
    )+};
}

cells! {
    Uuid => Uuid, |v| v;
    String => String, |v| v;
    &str => String, |v| v;
    &&str => String, |v| *v;
    &String => String, |v| v.as_str();
    i64 => BigInt, |v| v;
    i32 => Int, |v| v;
    NaiveDate => ChronoDate, |v| v;
    bool => Bool, |v| v;
    Vec<u8> => Bytes, |v| v;
}

impl<T: Named> Cell for T {
    fn kind() -> ArrayType {
        ArrayType::String
    }

    fn value(self) -> Value {
        self.name().into()
    }
}
