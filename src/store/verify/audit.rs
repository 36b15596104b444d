//! The chain of audit rows: recomputed from the first row to the last.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::{Check, EXAMPLES_MAX};
use crate::domain::error::Result;
use crate::store::entity::{audit, seal};
use crate::store::rows;
use crate::store::seal::chain as chain_hash;

/// Rows looked at together.
const BATCH: u64 = 2_000;

pub(super) async fn chain(conn: &DatabaseTransaction) -> Result<Check> {
    let mut check = Check {
        name: "chain of audit rows is unbroken",
        checked: 0,
        differences: 0,
        examples: Vec::new(),
    };
    let mut last = (0_i64, Vec::new());
    loop {
        let sealed = audit::Entity::find()
            .filter(audit::Column::SealedPosition.gt(last.0))
            // As a constant, for the index of sealed rows is a partial one.
            .filter(Expr::col(audit::Column::SealedPosition).gt(Expr::Constant(0_i64.into())))
            .order_by_asc(audit::Column::SealedPosition)
            .limit(BATCH);
        let rows = rows::all(conn, sealed).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            check.checked += 1;
            let follows = row.sealed_position == last.0 + 1;
            if !follows || chain_hash(&row, &last.1) != row.chain_hash {
                note(&mut check, format!("row {}", row.sealed_position));
            }
            // Goes on from the stored hash, so that one altered row is one difference.
            last = (row.sealed_position, row.chain_hash);
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
    let seal = rows::one(conn, seal::Entity::find_by_id("audit")).await?;
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
