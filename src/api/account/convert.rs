//! Accounts to and from the wire. All faults of a request are named at once.

mod change;
mod fields;
mod list;
#[cfg(test)]
mod tests;
mod update;
mod verbs;

pub use list::{account_state, list, page, parent_filter, prefix};
pub use update::{record_change, update};
pub use verbs::{block, delete, unblock, undelete};

use self::change::{Asked, write_party, write_size};
use self::fields::FIELDS;
use crate::api::convert::request::account_names;
use crate::api::convert::{parts, read, write};
use crate::api::etag;
use crate::api::mask::Mask;
use crate::domain::account::command::{CreateAccount, SizeChange};
use crate::domain::account::profile::{SizeClass, SizePoint};
use crate::domain::account::{Account, AccountState};
use crate::domain::dated;
use crate::domain::error::{Result, Violations};
use crate::domain::names::{AccountRef, account_name, check_id};
use crate::pb;

/// The command, and the request id (empty if there is none).
pub fn create(request: pb::CreateAccountRequest) -> Result<(CreateAccount, String)> {
    let pb::CreateAccountRequest {
        account,
        account_id,
        canonical_form,
        request_id,
        parent_effective_date,
        size_class_effective_date,
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
    let account = account.unwrap_or_default();
    let parent_from = parts::parent_from(parent_effective_date, !account.parent.is_empty());
    let parent_from = violations.keep(parent_from).flatten();
    let size_from = parts::size_from(size_class_effective_date, account.size_class != 0);
    let size_from = violations.keep(size_from).flatten();
    let Asked { change, parent, size } =
        change::asked(account, &Mask::all(FIELDS), &mut violations);
    let size = size.flatten().map(|class| SizeChange { class: Some(class), from: size_from });
    let command = CreateAccount {
        id: (!account_id.is_empty()).then_some(account_id),
        change,
        parent: parent.flatten(),
        parent_from,
        size,
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
    let names = account_names("names", names, &mut violations);
    violations.finish()?;
    Ok(names)
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
        industry_code,
        sales_region,
        party_kind,
        size_class,
        size_classes,
        sites,
        former_names,
        // Told by the state.
        blocked: _,
        block_reason,
        create_us,
        update_us,
        delete_us,
        version,
        merged_into,
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
        industry_code,
        sales_region,
        party_kind: party_kind.map_or(0, |kind| write_party(kind).into()),
        size_class: size(size_class),
        size_classes: sizes(&size_classes),
        sites: sites.into_iter().map(parts::write_site).collect(),
        former_names,
        state: state.into(),
        block_reason: block_reason.into_exposed(),
        create_time: Some(write::recorded(create_us)),
        update_time: Some(write::recorded(update_us)),
        delete_time: delete_us.map(write::timestamp),
        etag: etag::encode(version),
        merged_into: merged_into.as_deref().map(account_name).unwrap_or_default(),
    }
}

fn size(class: Option<SizeClass>) -> i32 {
    class.map_or(0, |class| write_size(class).into())
}

fn sizes(points: &[SizePoint]) -> Vec<pb::DatedSizeClass> {
    let dated = |days: dated::Stretch<'_, Option<SizeClass>>| pb::DatedSizeClass {
        size_class: size(*days.value),
        valid_from: Some(write::date(days.first_day)),
        valid_to: days.last_day.map(write::date),
    };
    dated::stretches(points, i64::MAX).into_iter().map(dated).collect()
}

fn state(state: AccountState) -> pb::AccountState {
    match state {
        AccountState::Active => pb::AccountState::Active,
        AccountState::Blocked => pb::AccountState::Blocked,
        AccountState::Deleted => pb::AccountState::Deleted,
    }
}
