//! The ties between our people and those of accounts: made anew from the interactions, and compared.

use std::collections::BTreeMap;

use sea_orm::EntityTrait;

use super::{Check, EXAMPLES_MAX};
use crate::domain::dates::NO_DATE;
use crate::domain::edge::{Edge, Pair, TouchDay};
use crate::domain::error::Result;
use crate::store::entity::{edge, edge_day};
use crate::store::people::{Days, days_made_anew};
use crate::store::{ReadTx, rows};

pub(super) async fn check(tx: &ReadTx) -> Result<Check> {
    let expected = days_made_anew(&tx.conn, None, NO_DATE, i64::MAX).await?;
    let mut kept: Days = BTreeMap::new();
    for row in rows::all(&tx.conn, edge_day::Entity::find()).await? {
        let (pair, day) = row.into_parts();
        kept.entry(pair).or_default().insert(day.day, day);
    }
    let edges = rows::all(&tx.conn, edge::Entity::find()).await?;
    let edges: BTreeMap<Pair, Edge> = edges.into_iter().map(edge::Model::into_parts).collect();
    let name = "each tie is that of the interactions between the two";
    let mut check = Check { name, checked: 0, differences: 0, examples: Vec::new() };
    let pairs = expected.keys().chain(kept.keys()).chain(edges.keys());
    for pair in pairs.collect::<std::collections::BTreeSet<_>>() {
        check.checked += 1;
        let days: Vec<TouchDay> =
            expected.get(pair).into_iter().flat_map(BTreeMap::values).copied().collect();
        let same_days = expected.get(pair) == kept.get(pair);
        if !same_days || Edge::of(&days) != edges.get(pair).copied() {
            check.differences += 1;
            if (check.examples.len() as i64) < EXAMPLES_MAX {
                let Pair { account_id, member_id, contact_id } = pair;
                check.examples.push(format!("{member_id} and {contact_id} at {account_id}"));
            }
        }
    }
    Ok(check)
}
