//! What other systems are told about accounts: names and states, no personal data.

use serde_json::json;

use crate::domain::account::Account;
use crate::domain::names::account_name;
use crate::store::Event;

pub const CREATED: &str = "ballast.accounts.account_created.v1";
pub const UPDATED: &str = "ballast.accounts.account_updated.v1";
pub const DELETED: &str = "ballast.accounts.account_deleted.v1";
pub const UNDELETED: &str = "ballast.accounts.account_undeleted.v1";
pub const BLOCKED: &str = "ballast.accounts.account_blocked.v1";
pub const UNBLOCKED: &str = "ballast.accounts.account_unblocked.v1";

/// That something became of an account, which now looks like this. `changed` names the fields
/// an update changed.
pub fn event(event_type: &'static str, account: &Account, changed: &[&'static str]) -> Event {
    let name = account_name(&account.id);
    let parent = account.parent_id.as_deref().map(account_name).unwrap_or_default();
    Event {
        account_id: account.id.clone(),
        event_type,
        subject: name.clone(),
        data: json!({
            "account": name,
            "parent": parent,
            "state": account.state(),
            "version": account.version,
            "changed": changed,
        }),
    }
}
