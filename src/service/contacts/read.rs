//! Steps that several reads of people at customers take.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::domain::contact::{Contact, Placed};
use crate::domain::error::Result;
use crate::domain::names::AccountRef;
use crate::domain::position::incumbency;
use crate::service::resolve;
use crate::store::ReadTx;

/// The id of an account, a deleted one too.
pub(super) async fn account(tx: &ReadTx, name: &AccountRef) -> Result<String> {
    let found = tx.find_accounts(std::slice::from_ref(name)).await?;
    Ok(resolve::only(name, found)?.id)
}

/// Contacts with the positions that they have on a day.
pub(super) async fn placed(
    tx: &ReadTx,
    contacts: Vec<Contact>,
    day: NaiveDate,
) -> Result<Vec<Placed>> {
    let ids: Vec<&str> = contacts.iter().map(|contact| contact.id.as_str()).collect();
    let told = incumbency::told(tx.seatings_of_contacts(&ids).await?);
    let seen = tx.seen(told.iter().map(|one| &*one.account_id)).await?;
    let told = told.into_iter().filter(|one| seen.has(&one.account_id));
    let mut seats: HashMap<String, Vec<String>> = HashMap::new();
    for one in told.filter(|one| one.holds(day)) {
        seats.entry(one.contact_id.clone()).or_default().push(one.position_name());
    }
    let mut merged = tx.merged_contacts(&ids).await?;
    let placed = |contact: Contact| {
        let positions = seats.remove(&contact.id).unwrap_or_default();
        let merged = merged.remove(&contact.id).unwrap_or_default();
        Placed { contact, positions, merged }
    };
    Ok(contacts.into_iter().map(placed).collect())
}
