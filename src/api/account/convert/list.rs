//! ListAccounts: what is asked for, and the page that answers it.

use crate::api::account::team;
use crate::api::convert::{parts, read};
use crate::api::list::{KeyPart, Order, PageKey, PageRequest, order_by};
use crate::domain::account::{
    AccountFilter, AccountKey, AccountList, AccountOrder, AccountPage, AccountState,
    DISPLAY_NAME_CHARS_MAX, validate,
};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::names::{AccountRef, MemberRef, parse_account, parse_member};
use crate::domain::text;
use crate::pb;

const ORDERS: &[(&str, AccountOrder)] = &[
    ("account_id", AccountOrder::Id),
    ("display_name", AccountOrder::DisplayName),
    ("create_time", AccountOrder::CreateTime),
    ("owner", AccountOrder::Owner),
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
        region_code,
        sales_region,
        labels,
        owner,
    } = request;
    let Order { by: order, descending } =
        violations.keep(order_by(&order, ORDERS)).unwrap_or(DEFAULT_ORDER);
    violations.keep(prefix("display_name_prefix", &display_name_prefix));
    let filter = AccountFilter {
        parent: violations.keep(parent_filter("parent", &parent)).flatten(),
        owner: violations.keep(owner_filter(&owner)).flatten(),
        state: violations.keep(read::optional_enum("state", state, account_state)).flatten(),
        display_name_prefix,
        region_code,
        sales_region,
        labels: parts::label_filters("labels", labels, &mut violations),
        show_deleted,
    };
    violations.keep(validate::region_code("region_code", &filter.region_code));
    violations.keep(validate::sales_region("sales_region", &filter.sales_region));
    let of = page.of_order(order, &mut violations);
    violations.finish()?;
    Ok((AccountList { filter, order, descending, page: of }, page))
}

/// The account whose direct members are asked for; an empty one is none.
pub fn parent_filter(field: &str, parent: &str) -> Result<Option<AccountRef>, Violation> {
    if parent.is_empty() { Ok(None) } else { parse_account(field, parent).map(Some) }
}

fn owner_filter(owner: &str) -> Result<Option<MemberRef>, Violation> {
    if owner.is_empty() { Ok(None) } else { parse_member("owner", owner).map(Some) }
}

pub fn account_state(state: pb::AccountState) -> Option<AccountState> {
    match state {
        pb::AccountState::Unspecified => None,
        pb::AccountState::Active => Some(AccountState::Active),
        pb::AccountState::Blocked => Some(AccountState::Blocked),
        pb::AccountState::Deleted => Some(AccountState::Deleted),
    }
}

/// The beginning of a name: unlike a whole one it may end with a blank.
pub fn prefix(field: &str, prefix: &str) -> Result<(), Violation> {
    text::check(field, prefix.trim_end_matches(' '), 0, DISPLAY_NAME_CHARS_MAX)?;
    match prefix.chars().nth(DISPLAY_NAME_CHARS_MAX) {
        None => Ok(()),
        Some(_) => {
            let description = format!("must be at most {DISPLAY_NAME_CHARS_MAX} characters");
            Err(Violation::new(field, Reason::FieldTooLong, description))
        }
    }
}

impl PageKey for AccountKey {
    type Order = AccountOrder;

    fn write(self) -> Vec<String> {
        match self {
            Self::Id(id) => vec![id],
            Self::DisplayName(name, id) => vec![name, id],
            Self::CreateTime(micros, id) => vec![micros.to_part(), id],
            Self::Owner(owner, id) => vec![owner, id],
        }
    }

    fn read(key: &[String], order: AccountOrder) -> Option<Self> {
        match (order, key) {
            (AccountOrder::Id, [id]) => Some(Self::Id(id.clone())),
            (AccountOrder::DisplayName, [name, id]) => {
                Some(Self::DisplayName(name.clone(), id.clone()))
            }
            (AccountOrder::CreateTime, [micros, id]) => {
                Some(Self::CreateTime(i64::of_part(micros)?, id.clone()))
            }
            (AccountOrder::Owner, [owner, id]) => Some(Self::Owner(owner.clone(), id.clone())),
            (
                AccountOrder::Id
                | AccountOrder::DisplayName
                | AccountOrder::CreateTime
                | AccountOrder::Owner,
                _,
            ) => None,
        }
    }
}

pub fn page(answer: AccountPage, request: &PageRequest) -> pb::ListAccountsResponse {
    let AccountPage { page, accountable } = answer;
    let whose = page.items.iter().zip(accountable);
    let mut accountability: Vec<_> =
        whose.map(|(one, by)| team::accountability(&one.id, by)).collect();
    let (accounts, next_page_token) = request.answer(page, super::account);
    accountability.truncate(accounts.len());
    pb::ListAccountsResponse { accounts, next_page_token, accountability }
}
