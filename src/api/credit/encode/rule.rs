//! What credit is ruled by: limits, holds, securities and policies.

use crate::api::convert::write;
use crate::api::credit::enums;
use crate::api::etag;
use crate::api::list::PageRequest;
use crate::domain::credit::hold::Hold;
use crate::domain::credit::limit::{Limit, LimitTerms, StandingLimit};
use crate::domain::credit::policy::{Policy, PolicyKey, StandingPolicy};
use crate::domain::credit::security::{Security, SecurityTerms};
use crate::domain::names::{
    CREDIT_HOLDS, CREDIT_LIMITS, CREDIT_SECURITIES, child_name, policy_name,
};
use crate::domain::page::Page;
use crate::pb;

use super::money;

pub fn limit(limit: StandingLimit) -> pb::CreditLimit {
    let StandingLimit { limit, state, version } = limit;
    let Limit {
        id,
        account_id,
        terms,
        valid_from,
        valid_to,
        cut: _,
        approver,
        reason,
        recorded_us,
    } = limit;
    let LimitTerms { segment, kind, amount, temporary, overdue_amount_max, overdue_days_max } =
        terms;
    pb::CreditLimit {
        name: child_name(&account_id, CREDIT_LIMITS, id),
        segment,
        kind: enums::write_limit_kind(kind).into(),
        amount: amount.map(money),
        valid_from: Some(write::date(valid_from)),
        valid_to: write::known_date(valid_to),
        temporary,
        approver: approver.into_exposed(),
        reason: reason.into_exposed(),
        overdue_amount_max: overdue_amount_max.map(money),
        overdue_days_max,
        state: enums::write_limit_state(state).into(),
        create_time: Some(write::recorded(recorded_us)),
        etag: etag::encode(version),
    }
}

pub fn limits(page: Page<StandingLimit>, request: &PageRequest) -> pb::ListCreditLimitsResponse {
    let (limits, next_page_token) = request.answer(page, limit);
    pb::ListCreditLimitsResponse { limits, next_page_token }
}

pub fn hold(hold: Hold) -> pb::CreditHold {
    let Hold { id, account_id, scope, reason, placed_by, recorded_us, release } = hold;
    let release_time = release.as_ref().map(|release| write::recorded(release.us));
    let (released_by, release_reason) =
        release.map(|release| (release.by, release.reason)).unwrap_or_default();
    pb::CreditHold {
        name: child_name(&account_id, CREDIT_HOLDS, id),
        scope: enums::write_scope(scope).into(),
        reason: reason.into_exposed(),
        placed_by,
        create_time: Some(write::recorded(recorded_us)),
        release_time,
        released_by,
        release_reason: release_reason.into_exposed(),
    }
}

pub fn holds(page: Page<Hold>, request: &PageRequest) -> pb::ListCreditHoldsResponse {
    let (holds, next_page_token) = request.answer(page, hold);
    pb::ListCreditHoldsResponse { holds, next_page_token }
}

pub fn security(security: Security) -> pb::CreditSecurity {
    let Security { id, account_id, terms, valid_from, valid_to, recorded_us, end } = security;
    let SecurityTerms {
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
    } = terms;
    pb::CreditSecurity {
        name: child_name(&account_id, CREDIT_SECURITIES, id),
        kind: enums::write_security_kind(kind).into(),
        issuer,
        reference,
        cover_limit: Some(money(cover_limit)),
        insured_bp,
        deductible: Some(write::money(deductible, cover_limit.currency)),
        terms_days_max,
        overdue_days_max,
        covers_disputed,
        notification_days,
        valid_from: Some(write::date(valid_from)),
        valid_to: write::known_date(valid_to),
        create_time: Some(write::recorded(recorded_us)),
        end_time: end.as_ref().map(|end| write::recorded(end.us)),
        end_reason: end.map(|end| end.reason.into_exposed()).unwrap_or_default(),
    }
}

pub fn securities(page: Page<Security>, request: &PageRequest) -> pb::ListCreditSecuritiesResponse {
    let (securities, next_page_token) = request.answer(page, security);
    pb::ListCreditSecuritiesResponse { securities, next_page_token }
}

pub fn policy(policy: StandingPolicy) -> pb::CreditPolicy {
    let StandingPolicy { policy, active, version } = policy;
    let Policy {
        id,
        description,
        segments,
        deduct_unapplied_cash,
        deduct_open_credits,
        overdue_days_max,
        overdue_amount_max,
        overdue_grace_days,
        utilization_bp_max,
        rules,
        reservation_days,
        created_by,
        recorded_us,
    } = policy;
    let segment = |(segment, companies): (String, std::collections::BTreeSet<String>)| {
        pb::CreditSegment { segment, company_codes: companies.into_iter().collect() }
    };
    let rule = |(code, disposition)| pb::CreditReasonRule {
        code: enums::write_code(code).into(),
        disposition: enums::write_disposition(disposition).into(),
    };
    pb::CreditPolicy {
        name: policy_name(&id),
        description,
        segments: segments.into_iter().map(segment).collect(),
        deduct_unapplied_cash,
        deduct_open_credits,
        overdue_days_max,
        overdue_amount_max: overdue_amount_max.map(money),
        overdue_grace_days,
        utilization_bp_max,
        rules: rules.into_iter().map(rule).collect(),
        reservation_days,
        created_by,
        // The built-in one was never created.
        create_time: (recorded_us != 0).then(|| write::recorded(recorded_us)),
        active,
        etag: etag::encode(version),
    }
}

pub fn policies(
    page: Page<StandingPolicy, PolicyKey>,
    request: &PageRequest,
) -> pb::ListCreditPoliciesResponse {
    let (policies, next_page_token) = request.answer(page, policy);
    pb::ListCreditPoliciesResponse { policies, next_page_token }
}
