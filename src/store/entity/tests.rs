//! The entities are the tables: held together on both engines.

mod text;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::ColumnType;
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, IdenStatic, Iterable, PrimaryKeyToColumn,
};

use super::every_entity;
use crate::store::seed::{Fresh, fresh};
use crate::store::sql;

/// A column as an entity or a database describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Described {
    kind: &'static str,
    nullable: bool,
    in_key: bool,
}

type Tables = BTreeMap<String, BTreeMap<String, Described>>;

fn entity<E: EntityTrait>() -> (String, BTreeMap<String, Described>) {
    let key: BTreeSet<&str> =
        E::PrimaryKey::iter().map(|part| part.into_column().as_str()).collect();
    let columns = E::Column::iter().map(|column| {
        let (name, definition) = (column.as_str(), column.def());
        let kind = match definition.get_column_type() {
            ColumnType::String(_) | ColumnType::Text => "text",
            ColumnType::Integer => "integer",
            ColumnType::BigInteger => "bigint",
            ColumnType::Boolean => "boolean",
            ColumnType::Date => "date",
            ColumnType::Uuid => "uuid",
            ColumnType::VarBinary(_) | ColumnType::Blob => "bytea",
            other => panic!("{name}: no table has a column of {other:?}"),
        };
        let described =
            Described { kind, nullable: definition.is_null(), in_key: key.contains(name) };
        (name.to_owned(), described)
    });
    (E::default().table_name().to_owned(), columns.collect())
}

fn entities() -> Tables {
    macro_rules! describe {
        ($($name:ident),+ $(,)?) => {
            [$(entity::<super::$name::Entity>()),+].into()
        };
    }
    every_entity!(describe)
}

#[derive(FromQueryResult)]
struct Row {
    table_name: String,
    column_name: String,
    kind: String,
    nullable: bool,
    in_key: bool,
}

const POSTGRES: &str = "SELECT c.table_name::text, c.column_name::text, c.data_type::text AS kind, \
    c.is_nullable = 'YES' AS nullable, EXISTS (SELECT 1 FROM information_schema.key_column_usage k \
      JOIN information_schema.table_constraints t USING (constraint_schema, constraint_name) \
      WHERE t.constraint_type = 'PRIMARY KEY' AND k.table_schema = c.table_schema \
        AND k.table_name = c.table_name AND k.column_name = c.column_name) AS in_key \
    FROM information_schema.columns c WHERE c.table_schema = 'public'";

const SQLITE: &str = "SELECT t.name AS table_name, c.name AS column_name, lower(c.type) AS kind, \
    c.\"notnull\" = 0 AS nullable, c.pk > 0 AS in_key \
    FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";

async fn tables(db: &Fresh) -> Vec<Row> {
    let text = if db.store.is_sqlite() { SQLITE } else { POSTGRES };
    let mut rows: Vec<Row> = sql::all(&db.store.reader(), text, vec![]).await.unwrap();
    rows.retain(|row| row.table_name != "seaql_migrations");
    rows
}

/// What SQLite calls a kind: it has fewer.
fn in_sqlite(kind: &str) -> &'static str {
    match kind {
        "integer" | "bigint" => "integer",
        "uuid" | "bytea" => "blob",
        "boolean" => "boolean",
        _ => "text",
    }
}

#[tokio::test]
async fn every_table_is_described_by_its_entity_column_by_column() {
    for db in fresh().await {
        let mut described = entities();
        for row in tables(&db).await {
            let at = format!("{}.{}", row.table_name, row.column_name);
            let columns = described.get_mut(&row.table_name);
            let columns = columns.unwrap_or_else(|| panic!("{} has no entity", row.table_name));
            let column = columns.remove(&row.column_name);
            let column = column.unwrap_or_else(|| panic!("{at} is in no entity"));
            let kind = if db.store.is_sqlite() { in_sqlite(column.kind) } else { column.kind };
            assert_eq!((kind, column.nullable), (row.kind.as_str(), row.nullable), "{at}");
            assert_eq!(column.in_key, row.in_key, "whether {at} is in the key");
        }
        described.retain(|_, columns| !columns.is_empty());
        assert_eq!(described, Tables::new(), "columns of entities that no table has");
    }
}

/// Both engines and the rules have one order of texts, whatever the collation of the database.
#[tokio::test]
async fn every_text_is_compared_byte_by_byte() {
    let columns = "SELECT string_agg(c.relname || '.' || a.attname, ' ') AS v FROM pg_attribute a \
        JOIN pg_class c ON c.oid = a.attrelid JOIN pg_collation o ON o.oid = a.attcollation \
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' \
          AND c.relname <> 'seaql_migrations' AND (o.collname = 'C') = $1";
    for db in fresh().await.into_iter().filter(|db| !db.store.is_sqlite()) {
        let read = async |bytes: bool| {
            let values = vec![bytes.into()];
            sql::scalar::<Option<String>>(&db.store.reader(), columns, values)
                .await
                .unwrap()
                .flatten()
        };
        assert_eq!(read(false).await, None);
        assert!(read(true).await.unwrap().contains("account.id"));
    }
}
