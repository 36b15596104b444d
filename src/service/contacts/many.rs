//! What the coverage of many accounts is told from, read as sets.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::power_map::active;
use super::seats::{Seated, seated};
use crate::ctx::RowScope;
use crate::domain::coverage::{Facts, Seat, Tie};
use crate::domain::error::Result;
use crate::store::ReadTx;

/// An account with who sits at it, and what its coverage is told from; scores are left out.
#[derive(Debug)]
pub(in crate::service) struct Peopled {
    pub seats: Vec<Seated>,
    pub facts: Facts,
}

/// Accounts with what their coverage on a day is told from, by id. A handful of statements, however
/// many they are.
pub(in crate::service) async fn peopled(
    tx: &ReadTx,
    ids: &[&str],
    on: NaiveDate,
    scope: RowScope,
) -> Result<BTreeMap<String, Peopled>> {
    let accounts = tx.accounts(ids).await?;
    let seatings = tx.seatings_of_accounts(ids).await?;
    let somebody = seatings.iter().filter(|one| one.contact_id.is_some());
    let with_people: BTreeSet<String> = somebody.map(|one| one.account_id.clone()).collect();
    let mut seats: BTreeMap<String, Vec<Seated>> = BTreeMap::new();
    for seat in seated(tx.positions_of_accounts(ids).await?, seatings, on) {
        seats.entry(seat.0.account_id.clone()).or_default().push(seat);
    }
    let edges = tx.edges_of_accounts(ids).await?;
    let members: BTreeSet<&str> = edges.iter().map(|(pair, _)| pair.member_id.as_str()).collect();
    let active = active(tx, members, scope).await?;
    let mut ties: BTreeMap<String, Vec<Tie>> = BTreeMap::new();
    for (pair, edge) in edges.into_iter().filter(|(pair, _)| active.contains(&pair.member_id)) {
        let tie = Tie { member_id: pair.member_id, contact_id: pair.contact_id, edge };
        ties.entry(pair.account_id).or_default().push(tie);
    }
    let peopled = |(id, account): (String, crate::domain::account::Account)| {
        let seats = seats.remove(&id).unwrap_or_default();
        let facts = Facts {
            on,
            sites: account.sites.into_iter().map(|site| site.id).collect(),
            seats: seats.iter().map(seat).collect(),
            ties: ties.remove(&id).unwrap_or_default(),
            scores: Vec::new(),
            has_people: with_people.contains(&id),
        };
        (id, Peopled { seats, facts })
    };
    Ok(accounts.into_iter().map(peopled).collect())
}

fn seat((position, contact_id): &Seated) -> Seat {
    Seat {
        position_id: position.id,
        site: position.terms.site.clone(),
        function: position.terms.function,
        level: position.terms.level,
        contact_id: contact_id.clone(),
    }
}
