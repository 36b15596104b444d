//! Requests about limits and holds, to commands.

use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{
    Identified, MAX_REASON_CHARS, all, check_order, check_reason, child,
};
use crate::api::etag;
use crate::domain::credit::command::{PlaceHold, ReleaseHold, SetCreditLimit};
use crate::domain::credit::limit::{LimitKind, LimitTerms};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::money::Money;
use crate::domain::names::{self, CREDIT_HOLDS};
use crate::domain::text;
use crate::pb;

use super::enums;

pub const MAX_APPROVER_CHARS: usize = 200;

pub fn set(request: pb::SetCreditLimitRequest) -> Result<Identified<SetCreditLimit>> {
    let pb::SetCreditLimitRequest { account, limit, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    if limit.is_none() {
        violations.push(missing("limit"));
    }
    let pb::CreditLimit {
        name: _,
        segment,
        kind,
        amount,
        valid_from,
        valid_to,
        temporary,
        approver,
        reason,
        overdue_amount_max,
        overdue_days_max,
        state: _,
        create_time: _,
        etag,
    } = limit.unwrap_or_default();
    violations.keep(check_segment("limit.segment", &segment));
    let kind = read::required_enum("limit.kind", kind, enums::read_limit_kind);
    let kind = violations.keep(kind);
    let amount = self::amount(kind, amount.as_ref(), &mut violations);
    let valid_from = violations.keep(read::optional_date("limit.valid_from", valid_from)).flatten();
    let valid_to = violations.keep(read::optional_date("limit.valid_to", valid_to)).flatten();
    check_order("limit.valid_to", valid_from, valid_to, &mut violations);
    if temporary && valid_to.is_none() && kind.is_some_and(|kind| kind != LimitKind::Inherit) {
        let what = "is required: a temporary limit has a last day";
        violations.add("limit.valid_to", Reason::FieldRequired, what);
    }
    violations.keep(text::check("limit.approver", &approver, 1, MAX_APPROVER_CHARS));
    violations.keep(text::check_multiline("limit.reason", &reason, 1, MAX_REASON_CHARS));
    let field = "limit.overdue_amount_max";
    let overdue = read::optional_limit(field, overdue_amount_max.as_ref());
    let overdue_amount_max = violations.keep(overdue).flatten();
    let field = "limit.overdue_days_max";
    violations.keep(not_negative(field, overdue_days_max.unwrap_or_default()));
    let version = violations.keep(etag::optional("limit.etag", &etag)).flatten();
    let (account, kind) = all(violations, account.zip(kind))?;
    let terms =
        LimitTerms { segment, kind, amount, temporary, overdue_amount_max, overdue_days_max };
    let command =
        SetCreditLimit { account, terms, valid_from, valid_to, approver, reason, version };
    Ok((request_id, command))
}

fn amount(
    kind: Option<LimitKind>,
    amount: Option<&pb::Money>,
    violations: &mut Violations,
) -> Option<Money> {
    let field = "limit.amount";
    let amount = violations.keep(read::optional_limit(field, amount))?;
    match (kind, amount) {
        (Some(LimitKind::Amount), None) => violations.push(missing(field)),
        (Some(LimitKind::Unlimited | LimitKind::Inherit), Some(_)) => {
            violations.add(field, Reason::FieldInvalid, "goes with the kind AMOUNT only");
        }
        (Some(LimitKind::Amount), Some(_)) | (Some(_) | None, None) | (None, Some(_)) => {}
    }
    amount
}

/// Empty is all companies.
fn check_segment(field: &str, segment: &str) -> Result<(), Violation> {
    if segment.is_empty() { Ok(()) } else { names::check_segment(field, segment) }
}

/// A number of days, or of something else, that must not be negative.
pub fn not_negative(field: &str, number: i32) -> Result<(), Violation> {
    if number >= 0 {
        Ok(())
    } else {
        Err(Violation::new(field, Reason::FieldInvalid, "must not be negative"))
    }
}

pub fn place_hold(request: pb::PlaceCreditHoldRequest) -> Result<Identified<PlaceHold>> {
    let pb::PlaceCreditHoldRequest { account, scope, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    let scope = violations.keep(read::required_enum("scope", scope, enums::read_scope));
    check_reason(&reason, &mut violations);
    let (account, scope) = all(violations, account.zip(scope))?;
    Ok((request_id, PlaceHold { account, scope, reason }))
}

pub fn release_hold(request: pb::ReleaseCreditHoldRequest) -> Result<Identified<ReleaseHold>> {
    let pb::ReleaseCreditHoldRequest { name, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let hold = violations.keep(child("name", &name, CREDIT_HOLDS));
    check_reason(&reason, &mut violations);
    let hold = all(violations, hold)?;
    Ok((request_id, ReleaseHold { hold, reason }))
}
