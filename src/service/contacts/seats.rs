//! Who sits where on a day, of whole accounts and sets of people.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::error::Result;
use crate::domain::position::Position;
use crate::domain::position::incumbency::{self, Seating};
use crate::store::ReadTx;

/// A position that is there on a day, and who sits in it.
pub(in crate::service) type Seated = (Position, Option<String>);

/// The positions that are there on a day, in their order, with who sits in each.
pub(in crate::service) fn seated(
    positions: Vec<Position>,
    seatings: Vec<Seating>,
    on: NaiveDate,
) -> Vec<Seated> {
    let mut of_position: HashMap<Uuid, Vec<Seating>> = HashMap::new();
    for one in seatings {
        of_position.entry(one.position_id).or_default().push(one);
    }
    let seat = |position: Position| {
        let here = of_position.get(&position.id).map_or(&[][..], Vec::as_slice);
        let incumbent = incumbency::incumbent(here, on).map(str::to_owned);
        (position, incumbent)
    };
    positions.into_iter().filter(|position| position.holds(on)).map(seat).collect()
}

/// The positions of each of these contacts on a day, the highest first.
pub(super) async fn of_contacts(
    tx: &ReadTx,
    ids: &[&str],
    on: NaiveDate,
) -> Result<BTreeMap<String, Vec<Position>>> {
    let asked: BTreeSet<&str> = ids.iter().copied().collect();
    let told = incumbency::told(tx.seatings_of_contacts(ids).await?);
    let now: Vec<(Uuid, String)> = told
        .into_iter()
        .filter(|one| one.holds(on) && asked.contains(one.contact_id.as_str()))
        .map(|one| (one.position_id, one.contact_id))
        .collect();
    let positions: Vec<Uuid> = now.iter().map(|(position, _)| *position).collect();
    let positions = tx.positions_among(&positions).await?;
    let mut by_id: HashMap<Uuid, Position> =
        positions.into_iter().map(|position| (position.id, position)).collect();
    let seats =
        now.into_iter().filter_map(|(id, contact)| Some((by_id.remove(&id)?, Some(contact))));
    Ok(by_contact(seats))
}

/// The positions of each who sits in one, the highest first.
pub(super) fn by_contact(
    seats: impl IntoIterator<Item = Seated>,
) -> BTreeMap<String, Vec<Position>> {
    let mut of_contact: BTreeMap<String, Vec<Position>> = BTreeMap::new();
    for (position, contact_id) in seats {
        if let Some(contact_id) = contact_id {
            of_contact.entry(contact_id).or_default().push(position);
        }
    }
    for positions in of_contact.values_mut() {
        positions.sort_by_key(|position| (std::cmp::Reverse(position.terms.level), position.id));
    }
    of_contact
}
