//! What was applied to a database, held against what this version would apply.

use sea_orm::{DatabaseConnection, DbBackend, EntityName as _, EntityTrait, QueryOrder};
use sea_orm_migration::prelude::*;
use sea_orm_migration::seaql_migrations::{Column, Entity};
use sha2::{Digest as _, Sha256};

use super::super::error::store_error;
use super::{MIGRATIONS, statements};
use crate::domain::error::{Precondition, Reason, Result};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Refuses every schema but that of this version, for a connection that cannot migrate.
pub(in crate::store) async fn require_current(conn: &DatabaseConnection) -> Result<()> {
    let applied = applied(&SchemaManager::new(conn)).await?;
    refuse_newer(&applied)?;
    refuse_older(&applied)
}

/// The names of the migrations of a database, none if it is empty. Writes nothing.
pub(super) async fn applied(manager: &SchemaManager<'_>) -> Result<Vec<String>> {
    if !manager.has_table(Entity.table_name()).await.map_err(store_error)? {
        return Ok(Vec::new());
    }
    let rows = Entity::find().order_by_asc(Column::Version).all(manager.get_connection()).await;
    Ok(rows.map_err(store_error)?.into_iter().map(|row| row.version).collect())
}

pub(super) fn refuse_newer(applied: &[String]) -> Result<()> {
    let is_known = |name: &str| MIGRATIONS.iter().any(|migration| migration.name == name);
    let unknown: Vec<_> =
        applied.iter().map(String::as_str).filter(|name| !is_known(name)).collect();
    refuse_if_any(&unknown, Reason::SchemaNewer, |names| {
        format!(
            "a newer version of Ballast migrated this database: {VERSION} does not know {names}; \
             start the newer version, or restore a backup from before it"
        )
    })
}

fn refuse_older(applied: &[String]) -> Result<()> {
    let is_applied = |name: &str| applied.iter().any(|other| other == name);
    let missing: Vec<_> = MIGRATIONS
        .iter()
        .map(|migration| migration.name)
        .filter(|name| !is_applied(name))
        .collect();
    refuse_if_any(&missing, Reason::SchemaOlder, |names| {
        format!(
            "an older version of Ballast migrated this database, or none did: {VERSION} needs \
             {names}; run `ballast migrate` first, or read it with the version that serves it"
        )
    })
}

fn refuse_if_any(names: &[&str], reason: Reason, words: impl FnOnce(&str) -> String) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let names = names.join(", ");
    let refused = Precondition::new(reason, "schema", words(&names));
    Err(refused.with("migrations", names).into())
}

/// The names and statements of all migrations on both engines, as one short hash.
pub(super) fn fingerprint() -> String {
    let mut hash = Sha256::new();
    for migration in MIGRATIONS {
        hash.update(migration.name);
        for backend in [DbBackend::Sqlite, DbBackend::Postgres] {
            for statement in statements(backend, &(migration.text)()) {
                hash.update([0]);
                hash.update(statement);
            }
        }
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
