//! Who of ours looks after a position from which somebody left, until his successor is met.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::power_map::active;
use crate::domain::dated::day_before;
use crate::domain::error::Result;
use crate::domain::tie::{Side, Tie, TieKind};
use crate::store::ReadTx;

/// That a contact left a position, and the first day without him.
#[derive(Debug, Clone)]
pub(in crate::service) struct Left {
    pub contact_id: String,
    pub since: NaiveDate,
}

/// Who of ours was there for each of them on his last day, of those who are active; of several the
/// one that was named last. `None`: nobody was.
pub(in crate::service) async fn counterparts(
    tx: &ReadTx,
    left: &[&Left],
) -> Result<Vec<Option<String>>> {
    let contacts: BTreeSet<&str> = left.iter().map(|one| one.contact_id.as_str()).collect();
    let contacts: Vec<&str> = contacts.into_iter().collect();
    let mut ties = tx.ties_of(Side::Contact, &contacts).await?;
    ties.retain(|tie| tie.kind == TieKind::Counterpart);
    let members: BTreeSet<&str> = ties.iter().map(|tie| tie.from.id.as_str()).collect();
    let active = match members.is_empty() {
        true => BTreeSet::new(),
        false => active(tx, members).await?,
    };
    ties.retain(|tie| active.contains(&tie.from.id));
    let was_there = |one: &&Left| {
        let last_day = day_before(one.since);
        let his = ties.iter().filter(|tie| tie.to.id == one.contact_id);
        let named = his.filter(|tie| tie.days.holds(last_day, i64::MAX));
        let last = named.max_by_key(|tie: &&Tie| (tie.days.first_day, tie.id));
        last.map(|tie| tie.from.id.clone())
    };
    Ok(left.iter().map(was_there).collect())
}
