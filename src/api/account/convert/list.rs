//! ListAccounts: what is asked for, and the page that answers it.

use crate::api::convert::read;
use crate::api::list::{Order, PageRequest, foreign_token, order_by};
use crate::domain::account::{
    Account, AccountFilter, AccountKey, AccountList, AccountOrder, AccountState,
    DISPLAY_NAME_CHARS_MAX,
};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::names::{AccountRef, parse_account};
use crate::domain::page::{Page, PageOf};
use crate::domain::text;
use crate::pb;

const ORDERS: &[(&str, AccountOrder)] = &[
    ("account_id", AccountOrder::Id),
    ("display_name", AccountOrder::DisplayName),
    ("create_time", AccountOrder::CreateTime),
];
const DEFAULT_ORDER: Order<AccountOrder> = Order { by: AccountOrder::Id, descending: false };

/// The list asked for, and the page it has to be answered as.
pub fn list(request: pb::ListAccountsRequest) -> Result<(AccountList, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(&request, &mut violations);
    let pb::ListAccountsRequest {
        page_size: _,
        page_token: _,
        parent,
        state,
        display_name_prefix,
        show_deleted,
        order_by: order,
    } = request;
    let Order { by: order, descending } =
        violations.keep(order_by(&order, ORDERS)).unwrap_or(DEFAULT_ORDER);
    violations.keep(prefix(&display_name_prefix));
    let filter = AccountFilter {
        parent: violations.keep(parent_filter(&parent)).flatten(),
        state: violations.keep(read::optional_enum("state", state, account_state)).flatten(),
        display_name_prefix,
        show_deleted,
    };
    let after = violations.keep(after(page.key(), order)).flatten();
    violations.finish()?;
    let of = PageOf { size: page.size, after };
    Ok((AccountList { filter, order, descending, page: of }, page))
}

fn parent_filter(parent: &str) -> Result<Option<AccountRef>, Violation> {
    if parent.is_empty() { Ok(None) } else { parse_account("parent", parent).map(Some) }
}

fn account_state(state: pb::AccountState) -> Option<AccountState> {
    match state {
        pb::AccountState::Unspecified => None,
        pb::AccountState::Active => Some(AccountState::Active),
        pb::AccountState::Blocked => Some(AccountState::Blocked),
        pb::AccountState::Deleted => Some(AccountState::Deleted),
    }
}

/// The beginning of a name: unlike a whole one it may end with a blank.
fn prefix(prefix: &str) -> Result<(), Violation> {
    let field = "display_name_prefix";
    text::check(field, prefix.trim_end_matches(' '), 0, DISPLAY_NAME_CHARS_MAX)?;
    match prefix.chars().nth(DISPLAY_NAME_CHARS_MAX) {
        None => Ok(()),
        Some(_) => {
            let description = format!("must be at most {DISPLAY_NAME_CHARS_MAX} characters");
            Err(Violation::new(field, Reason::FieldTooLong, description))
        }
    }
}

/// Where the page begins, as [`key`] wrote it.
fn after(key: &[String], order: AccountOrder) -> Result<Option<AccountKey>, Violation> {
    let key = match (order, key) {
        (_, []) => return Ok(None),
        (AccountOrder::Id, [id]) => Some(AccountKey::Id(id.clone())),
        (AccountOrder::DisplayName, [name, id]) => {
            Some(AccountKey::DisplayName(name.clone(), id.clone()))
        }
        (AccountOrder::CreateTime, [micros, id]) => {
            micros.parse().ok().map(|micros| AccountKey::CreateTime(micros, id.clone()))
        }
        _ => None,
    };
    key.map(Some).ok_or_else(foreign_token)
}

fn key(key: AccountKey) -> Vec<String> {
    match key {
        AccountKey::Id(id) => vec![id],
        AccountKey::DisplayName(name, id) => vec![name, id],
        AccountKey::CreateTime(micros, id) => vec![micros.to_string(), id],
    }
}

pub fn page(answer: Page<Account, AccountKey>, request: &PageRequest) -> pb::ListAccountsResponse {
    let Page { items, next } = answer;
    pb::ListAccountsResponse {
        accounts: items.into_iter().map(super::account).collect(),
        next_page_token: next.map(|next| request.next(None, None, key(next))).unwrap_or_default(),
    }
}
