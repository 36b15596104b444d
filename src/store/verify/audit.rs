//! The chain of audit rows: recomputed from the first row to the last, and every row looked for in it.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::Serialize;
use uuid::Uuid;

use super::{Check, EXAMPLES_MAX};
use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::store::entity::{audit, audit_seal, seal};
use crate::store::seal::chain as chain_hash;
use crate::store::{Store, rows, sql};

/// Rows looked at together.
const BATCH: u64 = 2_000;

/// Where the chain ends: whoever keeps this elsewhere can tell later whether what was sealed until
/// then is still what was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainEnd {
    /// How many rows are sealed.
    pub position: i64,
    /// Hexadecimal; empty where nothing is sealed.
    pub hash: String,
}

/// What a look at the audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditCheck {
    #[serde(flatten)]
    pub check: Check,
    pub end: ChainEnd,
}

impl Store {
    /// Checks the audit alone. With the end of the chain as it was known once, whether the chain still
    /// leads through there.
    pub async fn verify_audit(&self, ctx: &Ctx, known: Option<ChainEnd>) -> Result<AuditCheck> {
        self.read(ctx, move |tx| Box::pin(async move { look(&tx.conn, known).await })).await
    }
}

pub(super) async fn chain(conn: &DatabaseTransaction) -> Result<Check> {
    Ok(look(conn, None).await?.check)
}

async fn look(conn: &DatabaseTransaction, known: Option<ChainEnd>) -> Result<AuditCheck> {
    let mut check = Check {
        name: "chain of audit rows is unbroken",
        checked: 0,
        differences: 0,
        examples: Vec::new(),
    };
    let last = walk(conn, &mut check, known).await?;
    compare_head(conn, &mut check, &last).await?;
    look_beside(conn, &mut check).await?;
    Ok(AuditCheck { check, end: told(&last) })
}

type End = (i64, Vec<u8>);

fn told((position, hash): &End) -> ChainEnd {
    let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    ChainEnd { position: *position, hash }
}

/// Recomputes each seal from its row and the seal before it; answers the last.
async fn walk(
    conn: &DatabaseTransaction,
    check: &mut Check,
    known: Option<ChainEnd>,
) -> Result<End> {
    let (mut last, mut known): (End, _) = ((0, Vec::new()), known.filter(|end| end.position > 0));
    loop {
        let seals = audit_seal::Entity::find()
            .filter(audit_seal::Column::SealedPosition.gt(last.0))
            .order_by_asc(audit_seal::Column::SealedPosition)
            .limit(BATCH);
        let seals = rows::all(conn, seals).await?;
        if seals.is_empty() {
            break;
        }
        let mut sealed = rows_of(conn, &seals).await?;
        for seal in seals {
            check.checked += 1;
            let at = format!("row {} of {}", seal.audit_id.simple(), seal.sealed_position);
            if seal.sealed_position != last.0 + 1 {
                note(
                    check,
                    format!("seals {} to {} are missing", last.0 + 1, seal.sealed_position - 1),
                );
            } else {
                match sealed.remove(&seal.audit_id) {
                    None => note(check, format!("{at} is missing")),
                    Some(row) if chain_hash(&row, &last.1) != seal.chain_hash => {
                        note(check, format!("{at} was changed"));
                    }
                    Some(_) => {}
                }
            }
            // Goes on from the stored hash, so that one altered row is one difference.
            last = (seal.sealed_position, seal.chain_hash);
            if known.as_ref().is_some_and(|end| end.position == last.0) {
                compare_known(check, known.take(), &last);
            }
        }
    }
    compare_known(check, known, &last);
    Ok(last)
}

async fn rows_of(
    conn: &DatabaseTransaction,
    seals: &[audit_seal::Model],
) -> Result<HashMap<Uuid, audit::Model>> {
    let ids = seals.iter().map(|seal| seal.audit_id);
    let among = rows::among(conn.get_database_backend(), audit::Column::Id, ids);
    let found = rows::all(conn, audit::Entity::find().filter(among)).await?;
    Ok(found.into_iter().map(|row| (row.id, row)).collect())
}

/// A chain that somebody made anew from its rows is sound in itself, and does not lead through what
/// was kept elsewhere.
fn compare_known(check: &mut Check, known: Option<ChainEnd>, at: &End) {
    let Some(known) = known else { return };
    if known != told(at) {
        let position = known.position;
        note(check, format!("the chain does not lead through the end that is known, {position}"));
    }
}

/// The head says where the chain ends: seals taken off its end are missed by it.
async fn compare_head(conn: &DatabaseTransaction, check: &mut Check, last: &End) -> Result<()> {
    let head = rows::one(conn, seal::Entity::find_by_id("audit")).await?;
    let end = head.map_or((0, Vec::new()), |head| (head.sealed_position, head.chain_hash));
    if end != *last {
        note(check, format!("the chain ends at row {}, its head at {}", last.0, end.0));
    }
    Ok(())
}

/// Rows that are neither sealed nor to be sealed came past the service, and one that is to be sealed
/// must be there.
async fn look_beside(conn: &DatabaseTransaction, check: &mut Check) -> Result<()> {
    let known = "EXISTS (SELECT 1 FROM audit_seal s WHERE s.audit_id = b.id AND s.sealed_position > 0) \
         OR EXISTS (SELECT 1 FROM audit_pending p WHERE p.audit_id = b.id)";
    each_without(conn, "audit", "id", known, |id| note(check, format!("row {id} was added")))
        .await?;
    let there = "EXISTS (SELECT 1 FROM audit a WHERE a.id = b.id)";
    each_without(conn, "audit_pending", "audit_id", there, |id| {
        note(check, format!("row {id}, not sealed yet, is missing"));
    })
    .await
}

/// Each row of a table, by its id `b.id`, of which something does not hold: a batch of them at a time, so
/// that no statement and no memory grows with the table.
async fn each_without(
    conn: &DatabaseTransaction,
    table: &str,
    column: &str,
    holds: &str,
    mut take: impl FnMut(String),
) -> Result<()> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        holds: bool,
    }
    let text = format!(
        "SELECT b.id, ({holds}) AS holds FROM (SELECT {column} AS id FROM {table} \
           WHERE {column} > $1 ORDER BY {column} LIMIT $2) AS b ORDER BY b.id"
    );
    let mut last = Uuid::nil();
    loop {
        let values = vec![last.into(), (BATCH as i64).into()];
        let rows: Vec<Row> = sql::all(conn, text.clone(), values).await?;
        let Some(end) = rows.last() else { return Ok(()) };
        last = end.id;
        for row in rows.iter().filter(|row| !row.holds) {
            take(row.id.simple().to_string());
        }
    }
}

fn note(check: &mut Check, example: String) {
    check.differences += 1;
    if (check.examples.len() as i64) < EXAMPLES_MAX {
        check.examples.push(example);
    }
}
