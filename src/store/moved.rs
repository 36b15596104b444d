//! The records that a merge brings together: how many there are of each kind, and the names of the first.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::rows::Set;
use super::sql;
use crate::domain::error::Result;
use crate::domain::merge::{Counted, MovedKind, NAMES_MAX};
use crate::domain::names::child_name;
use crate::domain::tie::tie_name;

/// Records of a kind.
pub(super) struct Moved {
    pub kind: MovedKind,
    /// Of the account in their names; empty: they are named without one.
    pub collection: &'static str,
    /// Ids of those that name `{them}`, with those of their accounts.
    pub text: &'static str,
}

/// A record, by which it is named.
#[derive(FromQueryResult)]
pub(super) struct Row {
    id: Uuid,
    account_id: String,
}

impl Row {
    pub fn name(&self, collection: &str) -> String {
        match collection {
            "" => tie_name(self.id),
            collection => child_name(&self.account_id, collection, self.id),
        }
    }
}

/// How many records of each kind name these, and the names of the first recorded; kinds of which there is
/// nothing are left out.
pub(super) async fn counted(
    conn: &impl ConnectionTrait,
    kinds: &[Moved],
    ids: &BTreeSet<&str>,
) -> Result<Vec<Counted>> {
    let backend = conn.get_database_backend();
    let mut all = Vec::new();
    for Moved { kind, collection, text } in kinds {
        let these = Set::one(ids.iter().copied());
        let text = text.replace("{them}", &these.subquery(backend, 1));
        let counted = format!("SELECT CAST(COUNT(*) AS BIGINT) AS v FROM ({text}) AS w");
        let values = these.into_values(backend);
        let records: i64 = sql::scalar(conn, counted, values.clone()).await?.unwrap_or_default();
        if records == 0 {
            continue;
        }
        let first = format!("SELECT * FROM ({text}) AS w ORDER BY id LIMIT {NAMES_MAX}");
        let found: Vec<Row> = sql::all(conn, first, values).await?;
        let names = found.iter().map(|row| row.name(collection)).collect();
        let records = u64::try_from(records).unwrap_or_default();
        all.push(Counted { kind: *kind, records, names });
    }
    Ok(all)
}
