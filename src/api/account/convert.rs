//! Accounts to and from the wire. All faults of a request are named at once.

mod fields;
mod list;
pub mod parts;
#[cfg(test)]
mod tests;
mod update;
mod verbs;

pub use list::{list, page};
pub use update::update;
pub use verbs::{block, delete, unblock, undelete};

use crate::api::convert::{read, write};
use crate::api::etag;
use crate::domain::account::command::CreateAccount;
use crate::domain::account::{Account, AccountState, BATCH_MAX, validate};
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::names::{AccountRef, account_name, check_id, parse_account};
use crate::pb;

const EXTERNAL_REFS: &str = "account.external_refs";

/// The command, and the request id (empty if there is none).
pub fn create(request: pb::CreateAccountRequest) -> Result<(CreateAccount, String)> {
    let pb::CreateAccountRequest {
        account,
        account_id,
        canonical_form,
        request_id,
        parent_effective_date,
    } = request;
    let mut violations = Violations::new();
    violations.keep(parts::request_id(&request_id));
    let form = violations.keep(parts::form(canonical_form)).flatten();
    if !account_id.is_empty() {
        violations.keep(check_id("account_id", &account_id));
    }
    if account.is_none() {
        violations.push(read::missing("account"));
    }
    let pb::Account {
        name: _,
        display_name,
        legal_name,
        region_code,
        tax_id,
        external_refs,
        parent,
        related_party,
        labels,
        state: _,
        block_reason: _,
        create_time: _,
        update_time: _,
        delete_time: _,
        etag: _,
    } = account.unwrap_or_default();
    violations.keep(validate::display_name("account.display_name", &display_name));
    violations.keep(validate::legal_name("account.legal_name", &legal_name));
    violations.keep(validate::region_code("account.region_code", &region_code));
    violations.keep(validate::tax_id("account.tax_id", &tax_id));
    let parent_from = parts::parent_from(parent_effective_date, !parent.is_empty());
    let command = CreateAccount {
        id: (!account_id.is_empty()).then_some(account_id),
        display_name,
        legal_name,
        region_code,
        tax_id,
        external_refs: parts::external_refs(EXTERNAL_REFS, external_refs, &mut violations),
        parent: violations.keep(parts::parent(&parent)).flatten(),
        parent_from: violations.keep(parent_from).flatten(),
        related_party,
        labels: parts::labels(labels, &mut violations),
        form,
    };
    violations.finish()?;
    Ok((command, request_id))
}

pub fn get(request: &pb::GetAccountRequest) -> Result<AccountRef> {
    let pb::GetAccountRequest { name } = request;
    Ok(read::account("name", name)?)
}

pub fn batch_get(request: &pb::BatchGetAccountsRequest) -> Result<Vec<AccountRef>> {
    let pb::BatchGetAccountsRequest { names } = request;
    let mut violations = Violations::new();
    let names = batch_names(names, &mut violations);
    violations.finish()?;
    Ok(names)
}

/// The accounts of a batch; faults go to `violations`.
pub fn batch_names(names: &[String], violations: &mut Violations) -> Vec<AccountRef> {
    if names.is_empty() {
        violations.push(read::missing("names"));
    }
    if names.len() > BATCH_MAX {
        let description = format!("must be at most {BATCH_MAX}");
        violations.add("names", Reason::TooManyElements, description);
        return Vec::new();
    }
    let names = names.iter().enumerate();
    names.filter_map(|(i, n)| violations.keep(parse_account(&format!("names[{i}]"), n))).collect()
}

pub fn account(account: Account) -> pb::Account {
    let state = state(account.state());
    let Account {
        id,
        display_name,
        legal_name,
        region_code,
        tax_id,
        external_refs,
        parent_id,
        related_party,
        labels,
        // Told by the state.
        blocked: _,
        block_reason,
        create_us,
        update_us,
        delete_us,
        version,
    } = account;
    pb::Account {
        name: account_name(&id),
        display_name,
        legal_name,
        region_code,
        tax_id,
        external_refs: parts::write_external_refs(external_refs),
        parent: parent_id.as_deref().map(account_name).unwrap_or_default(),
        related_party,
        labels: labels.into_iter().collect(),
        state: state.into(),
        block_reason: block_reason.into_exposed(),
        create_time: Some(write::recorded(create_us)),
        update_time: Some(write::recorded(update_us)),
        delete_time: delete_us.map(write::timestamp),
        etag: etag::encode(version),
    }
}

fn state(state: AccountState) -> pb::AccountState {
    match state {
        AccountState::Active => pb::AccountState::Active,
        AccountState::Blocked => pb::AccountState::Blocked,
        AccountState::Deleted => pb::AccountState::Deleted,
    }
}
