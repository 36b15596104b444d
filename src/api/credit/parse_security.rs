//! Requests about securities, to commands.

use crate::api::convert::read::{self, missing, within};
use crate::api::convert::request::{Identified, all, check_order, check_reason, child};
use crate::domain::credit::command::{CreateSecurity, EndSecurity};
use crate::domain::credit::policy::WHOLE_BP;
use crate::domain::credit::security::SecurityTerms;
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::money::Money;
use crate::domain::names::CREDIT_SECURITIES;
use crate::domain::text;
use crate::pb;

use super::enums;
use super::parse_limit::not_negative;

const MAX_ISSUER_CHARS: usize = 200;
const MAX_REFERENCE_CHARS: usize = 100;

pub fn create(request: pb::CreateCreditSecurityRequest) -> Result<Identified<CreateSecurity>> {
    let pb::CreateCreditSecurityRequest { account, security, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    if security.is_none() {
        violations.push(missing("security"));
    }
    let pb::CreditSecurity {
        name: _,
        kind,
        issuer,
        reference,
        cover_limit,
        insured_bp,
        deductible,
        terms_days_max,
        overdue_days_max,
        covers_disputed,
        notification_days,
        valid_from,
        valid_to,
        create_time: _,
        end_time: _,
        end_reason: _,
    } = security.unwrap_or_default();
    let at = |part: &str| within("security", part);
    let kind = read::required_enum(&at("kind"), kind, enums::read_security_kind);
    let kind = violations.keep(kind);
    violations.keep(text::check(&at("issuer"), &issuer, 1, MAX_ISSUER_CHARS));
    violations.keep(text::check_key(&at("reference"), &reference, 0, MAX_REFERENCE_CHARS));
    let cover_limit = violations.keep(read::positive(&at("cover_limit"), cover_limit.as_ref()));
    if !(1..=WHOLE_BP).contains(&insured_bp) {
        let what = format!("must be 1 to {WHOLE_BP} basis points");
        violations.add(at("insured_bp"), Reason::FieldInvalid, what);
    }
    let deductible = self::deductible(cover_limit, deductible.as_ref(), &mut violations);
    violations.keep(not_negative(&at("terms_days_max"), terms_days_max));
    violations.keep(not_negative(&at("overdue_days_max"), overdue_days_max));
    violations.keep(not_negative(&at("notification_days"), notification_days));
    let valid_from = violations.keep(read::optional_date(&at("valid_from"), valid_from)).flatten();
    let valid_to = violations.keep(read::optional_date(&at("valid_to"), valid_to)).flatten();
    check_order(&at("valid_to"), valid_from, valid_to, &mut violations);
    let ((account, kind), cover_limit) = all(violations, account.zip(kind).zip(cover_limit))?;
    let terms = SecurityTerms {
        kind,
        issuer,
        reference,
        cover_limit,
        insured_bp,
        deductible,
        terms_days_max,
        overdue_days_max,
        covers_disputed,
        notification_days,
    };
    Ok((request_id, CreateSecurity { account, terms, valid_from, valid_to }))
}

/// Minor units of the cover limit's currency.
fn deductible(
    cover_limit: Option<Money>,
    deductible: Option<&pb::Money>,
    violations: &mut Violations,
) -> i64 {
    let field = "security.deductible";
    let deductible = violations.keep(read::optional_not_negative(field, deductible)).flatten();
    if let (Some(limit), Some(deductible)) = (cover_limit, deductible)
        && limit.currency != deductible.currency
    {
        let what = format!("must be {}, as the cover limit is", limit.currency);
        violations.add(within(field, "currency_code"), Reason::CurrencyMismatch, what);
    }
    deductible.map_or(0, |deductible| deductible.minor)
}

pub fn end(request: pb::EndCreditSecurityRequest) -> Result<Identified<EndSecurity>> {
    let pb::EndCreditSecurityRequest { name, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let security = violations.keep(child("name", &name, CREDIT_SECURITIES));
    check_reason(&reason, &mut violations);
    let security = all(violations, security)?;
    Ok((request_id, EndSecurity { security, reason }))
}
