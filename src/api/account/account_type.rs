//! The log of what type an account is, to and from the wire.

use chrono::NaiveDate;

use crate::api::convert::closed_set::one_way;
use crate::api::convert::coverage::write_account_type;
use crate::api::convert::{read, write};
use crate::api::list::PageRequest;
use crate::domain::bond::{ChangeReason, ListTypeChanges, TypeChangeTold};
use crate::domain::error::{Result, Violations};
use crate::domain::page::Page;
use crate::pb;

one_way! {
    write_reason: ChangeReason = AccountTypeChangeReason {
        TradeBegan, TradeLapsed, TrustGained, TrustLost
    }
}

pub fn list(request: &pb::ListAccountTypeChangesRequest) -> Result<(ListTypeChanges, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListAccountTypeChangesRequest { parent, from_date, to_date, .. } = request;
    let account = violations.keep(read::account("parent", parent));
    let from = violations.keep(read::optional_date("from_date", *from_date)).flatten();
    let to = violations.keep(read::optional_date("to_date", *to_date)).flatten();
    let of = page.of(&mut violations);
    violations.finish()?;
    let account = account.ok_or_else(|| read::missing("parent"))?;
    Ok((ListTypeChanges { account, from, to, page: of }, page))
}

fn change(told: TypeChangeTold) -> pb::AccountTypeChange {
    let account = told.account();
    let TypeChangeTold { account_id: _, change, evidence } = told;
    let reasons = change.reasons().into_iter().map(|reason| write_reason(reason).into());
    pb::AccountTypeChange {
        account,
        date: Some(write::date(change.day)),
        before: write_account_type(change.before).into(),
        after: write_account_type(change.after).into(),
        reasons: reasons.collect(),
        evidence,
    }
}

pub fn page(
    answer: Page<TypeChangeTold, NaiveDate>,
    request: &PageRequest,
) -> pb::ListAccountTypeChangesResponse {
    let (changes, next_page_token) = request.answer(answer, change);
    pb::ListAccountTypeChangesResponse { changes, next_page_token }
}
