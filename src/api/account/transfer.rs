//! TransferAccounts to and from the wire.

use chrono::NaiveDate;

use crate::api::account::convert;
use crate::api::convert::request::{account_names, all, check_reason};
use crate::api::convert::{parts, read};
use crate::api::list::PageRequest;
use crate::domain::account::{AccountState, validate};
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::names::account_name;
use crate::domain::page::Page;
use crate::domain::team::command::{TransferAccounts, TransferFilter, Transferred, Which};
use crate::pb;

/// What is asked for, whether it is only looked at, and how it is answered.
pub struct Asked {
    pub command: TransferAccounts,
    pub validate_only: bool,
    pub request_id: String,
    pub page: PageRequest,
}

pub fn parse(request: pb::TransferAccountsRequest, today: NaiveDate) -> Result<Asked> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(&request, &mut violations);
    let after = page.of(&mut violations).after;
    let pb::TransferAccountsRequest {
        from,
        to,
        effective_date,
        accounts,
        filter,
        reason,
        validate_only,
        resume_token: _,
        request_id,
        with_handover,
    } = request;
    violations.keep(read::optional_request_id(&request_id));
    let from = violations.keep(read::member("from", &from));
    let to = violations.keep(read::member("to", &to));
    let asked_date = match (with_handover, effective_date) {
        (false, day) => violations.keep(read::date("effective_date", day)),
        (true, None) => None,
        (true, Some(_)) => {
            let what = "does not go with handovers: his acceptance says from when on";
            violations.add("effective_date", Reason::FieldInvalid, what);
            None
        }
    };
    let effective_date = asked_date.or(with_handover.then_some(today));
    check_reason(&reason, &mut violations);
    let which = which(accounts, filter, after, &mut violations);
    let kept = from.zip(to).zip(effective_date).zip(which);
    let (((from, to), effective_date), which) = all(violations, kept)?;
    let command =
        TransferAccounts { from, to, asked_date, effective_date, which, reason, with_handover };
    Ok(Asked { command, validate_only, request_id, page })
}

fn which(
    accounts: Vec<String>,
    filter: Option<pb::TransferFilter>,
    after: Option<String>,
    violations: &mut Violations,
) -> Option<Which> {
    match filter {
        Some(_) if !accounts.is_empty() => {
            let what = "does not go with `accounts`: which ones is said in one way";
            violations.add("filter", Reason::FieldInvalid, what);
            None
        }
        None => Some(Which::Named(account_names("accounts", &accounts, violations))),
        Some(filter) => Some(Which::Filtered { filter: self::filter(filter, violations), after }),
    }
}

/// As a list of accounts filters, but for those that are deleted.
fn filter(filter: pb::TransferFilter, violations: &mut Violations) -> TransferFilter {
    let pb::TransferFilter {
        parent,
        display_name_prefix,
        state,
        region_code,
        sales_region,
        labels,
    } = filter;
    violations.keep(convert::prefix("filter.display_name_prefix", &display_name_prefix));
    violations.keep(validate::region_code("filter.region_code", &region_code));
    violations.keep(validate::sales_region("filter.sales_region", &sales_region));
    let state = read::optional_enum("filter.state", state, convert::account_state);
    let blocked = violations.keep(state).flatten().map(|state| match state {
        AccountState::Active => false,
        AccountState::Blocked => true,
        AccountState::Deleted => {
            let what = "must be ACTIVE or BLOCKED: deleted accounts are not transferred";
            violations.add("filter.state", Reason::FieldInvalid, what);
            false
        }
    });
    let parent = convert::parent_filter("filter.parent", &parent);
    TransferFilter {
        parent: violations.keep(parent).flatten(),
        blocked,
        display_name_prefix,
        region_code,
        sales_region,
        labels: parts::label_filters("filter.labels", labels, violations),
    }
}

pub fn answer(moved: Transferred, page: &PageRequest) -> pb::TransferAccountsResponse {
    let Transferred { account_ids, next } = moved;
    // They have moved: all of them are told.
    let moved = Page::whole(account_ids, next);
    let (accounts, next_resume_token) = page.answer(moved, |id| account_name(&id));
    pb::TransferAccountsResponse { accounts, next_resume_token }
}
