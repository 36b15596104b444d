//! What the ledger tells other systems. Names of resources, no amounts, no personal data.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;

use crate::domain::event::{Event, EventType};
use crate::domain::names::{self, account_name, child_name};

/// One event for each account, with the documents of it that changed.
pub fn documents(event_type: EventType, documents: &[(String, Uuid)]) -> Vec<Event> {
    of_account(event_type, names::DOCUMENTS, documents)
}

/// One event for each account, with the clearings of it that changed.
pub fn clearings(event_type: EventType, clearings: &[(String, Uuid)]) -> Vec<Event> {
    of_account(event_type, names::CLEARINGS, clearings)
}

fn of_account(
    event_type: EventType,
    collection: &'static str,
    changed: &[(String, Uuid)],
) -> Vec<Event> {
    let mut by_account: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (account, id) in changed {
        by_account.entry(account).or_default().push(child_name(account, collection, *id));
    }
    by_account
        .into_iter()
        .map(|(account, changed)| {
            Event::new(event_type, account, account_name(account), json!({ collection: changed }))
        })
        .collect()
}
