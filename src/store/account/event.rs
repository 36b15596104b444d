//! What other systems are told about accounts: names and states, no personal data.

use serde_json::json;

use crate::domain::account::Account;
use crate::domain::event::{Event, EventType};
use crate::domain::names::account_name;

/// That something became of an account, which now looks like this. `changed` names the fields
/// an update changed.
pub fn event(event_type: EventType, account: &Account, changed: &[&'static str]) -> Event {
    let name = account_name(&account.id);
    let parent = account.parent_id.as_deref().map(account_name).unwrap_or_default();
    Event::new(
        event_type,
        &account.id,
        name.clone(),
        json!({
            "account": name,
            "parent": parent,
            "state": account.state(),
            "version": account.version,
            "changed": changed,
        }),
    )
}
