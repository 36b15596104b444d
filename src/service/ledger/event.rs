//! What the ledger tells other systems. Names of resources, no amounts, no personal data.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;

use crate::domain::names::{self, account_name, child_name};
use crate::store::Event;

pub const DOCUMENTS_POSTED: &str = "ballast.receivables.documents_posted.v1";
pub const DOCUMENT_REVERSED: &str = "ballast.receivables.document_reversed.v1";
pub const ITEMS_CLEARED: &str = "ballast.receivables.items_cleared.v1";
pub const CLEARING_RESET: &str = "ballast.receivables.clearing_reset.v1";

/// One event for each account, with the documents of it that changed.
pub fn documents(event_type: &'static str, documents: &[(String, Uuid)]) -> Vec<Event> {
    of_account(event_type, names::DOCUMENTS, documents)
}

/// One event for each account, with the clearings of it that changed.
pub fn clearings(event_type: &'static str, clearings: &[(String, Uuid)]) -> Vec<Event> {
    of_account(event_type, names::CLEARINGS, clearings)
}

fn of_account(
    event_type: &'static str,
    collection: &'static str,
    changed: &[(String, Uuid)],
) -> Vec<Event> {
    let mut by_account: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (account, id) in changed {
        by_account.entry(account).or_default().push(child_name(account, collection, *id));
    }
    by_account
        .into_iter()
        .map(|(account, changed)| Event {
            account_id: account.to_owned(),
            event_type,
            subject: account_name(account),
            data: json!({ collection: changed }),
        })
        .collect()
}
