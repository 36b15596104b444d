//! The chain of audit rows: recomputed from the first row to the last.

use sea_orm::{DatabaseTransaction, FromQueryResult};

use super::{Check, EXAMPLES_MAX};
use crate::domain::error::Result;
use crate::store::journal::AuditRow;
use crate::store::sql;

/// Rows looked at together.
const BATCH: i64 = 2_000;

#[derive(FromQueryResult)]
struct Sealed {
    sealed_position: i64,
    chain_hash: Vec<u8>,
    #[sea_orm(nested)]
    row: AuditRow,
}

pub(super) async fn chain(conn: &DatabaseTransaction) -> Result<Check> {
    let mut check = Check {
        name: "chain of audit rows is unbroken",
        checked: 0,
        differences: 0,
        examples: Vec::new(),
    };
    let mut last = (0_i64, Vec::new());
    loop {
        let rows: Vec<Sealed> = sql::all(
            conn,
            "SELECT sealed_position, chain_hash, id, recorded_us, principal, method, resource, \
               request_id, trace, detail FROM audit \
             WHERE sealed_position > $1 ORDER BY sealed_position LIMIT $2",
            vec![last.0.into(), BATCH.into()],
        )
        .await?;
        if rows.is_empty() {
            break;
        }
        for sealed in rows {
            check.checked += 1;
            let follows = sealed.sealed_position == last.0 + 1;
            if !follows || sealed.row.chain(&last.1) != sealed.chain_hash {
                note(&mut check, format!("row {}", sealed.sealed_position));
            }
            // Goes on from the stored hash, so that one altered row is one difference.
            last = (sealed.sealed_position, sealed.chain_hash);
        }
    }
    compare_seal(conn, &mut check, &last).await?;
    Ok(check)
}

/// The seal says where the chain ends: rows taken off its end are missed by it.
async fn compare_seal(
    conn: &DatabaseTransaction,
    check: &mut Check,
    last: &(i64, Vec<u8>),
) -> Result<()> {
    #[derive(FromQueryResult)]
    struct Seal {
        sealed_position: i64,
        chain_hash: Vec<u8>,
    }
    let seal: Option<Seal> =
        sql::one(conn, "SELECT sealed_position, chain_hash FROM seal WHERE name = 'audit'", vec![])
            .await?;
    let end = seal.map_or((0, Vec::new()), |s| (s.sealed_position, s.chain_hash));
    if end != *last {
        note(check, format!("the chain ends at row {}, the seal at {}", last.0, end.0));
    }
    Ok(())
}

fn note(check: &mut Check, example: String) {
    check.differences += 1;
    if (check.examples.len() as i64) < EXAMPLES_MAX {
        check.examples.push(example);
    }
}
