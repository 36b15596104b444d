//! Decisions, with their reasons and what they rest on.

use chrono::NaiveDate;

use crate::api::convert::write;
use crate::api::credit::enums;
use crate::api::list::PageRequest;
use crate::domain::credit::decision::{Decision, LimitUse, Part, Reason, Remedy};
use crate::domain::credit::limit::{Limit, LimitState, StandingLimit};
use crate::domain::credit::reservation::Now;
use crate::domain::money::Money;
use crate::domain::names::{CREDIT_DECISIONS, account_name, child_name, policy_name};
use crate::domain::page::Page;
use crate::pb;

use super::reservation::{key, reservation};
use super::{money, used_rates};

pub fn decision(decision: Decision) -> pb::CreditDecision {
    let Decision {
        id,
        account_id,
        kind,
        verdict,
        reasons,
        order,
        company_code,
        amount: asked,
        counted,
        limits,
        available,
        rates,
        policy,
        evaluate_us,
        business_date,
        reservation: left,
        overridden,
        override_reason,
        decided_by,
    } = decision;
    let Money { minor: amount, currency } = asked;
    let then = Now { us: evaluate_us, today: business_date };
    // A check is not stored and has no name.
    let name =
        if id.is_nil() { String::new() } else { child_name(&account_id, CREDIT_DECISIONS, id) };
    pb::CreditDecision {
        name,
        account: account_name(&account_id),
        kind: enums::write_decision_kind(kind).into(),
        verdict: enums::write_verdict(verdict).into(),
        reasons: reasons.into_iter().map(reason).collect(),
        order: order.map(key),
        company_code,
        amount: Some(write::money(amount, currency)),
        counted_amount: Some(write::money(counted, currency)),
        limits: limits.into_iter().map(|l| limit_use(l, business_date)).collect(),
        available: available.map(|minor| write::money(minor, currency)),
        rates: used_rates(rates),
        policy: policy_name(&policy),
        evaluate_time: Some(write::recorded(evaluate_us)),
        business_date: Some(write::date(business_date)),
        reservation: left.map(|left| reservation(left, then)),
        overridden,
        override_reason: override_reason.into_exposed(),
        decided_by,
    }
}

pub fn decisions(page: Page<Decision>, request: &PageRequest) -> pb::ListCreditDecisionsResponse {
    let (decisions, next_page_token) = request.answer(page, decision);
    pb::ListCreditDecisionsResponse { decisions, next_page_token }
}

pub(super) fn reason(reason: Reason) -> pb::CreditReason {
    let Reason {
        code,
        disposition,
        subject,
        summary,
        hold_reason,
        segment,
        limit,
        exposure,
        shortfall,
        overdue_days,
        overdue_days_max,
        terms_source,
        documents,
        evidence,
        since,
        remedies,
    } = reason;
    pb::CreditReason {
        code: enums::write_code(code).into(),
        disposition: enums::write_disposition(disposition).into(),
        subject,
        summary,
        hold_reason: hold_reason.into_exposed(),
        segment,
        limit: limit.map(money),
        exposure: exposure.map(money),
        shortfall: shortfall.map(money),
        overdue_days,
        overdue_days_max,
        terms_source,
        documents,
        evidence,
        since_date: since.map(write::date),
        remedies: remedies.into_iter().map(remedy).collect(),
    }
}

fn remedy(Remedy { action, amount, subject }: Remedy) -> pb::CreditRemedy {
    pb::CreditRemedy {
        action: enums::write_action(action).into(),
        amount: amount.map(money),
        subject,
    }
}

pub(super) fn limit_use(limit_use: LimitUse, business_date: NaiveDate) -> pb::CreditLimitUse {
    let LimitUse {
        account_id,
        limit,
        version,
        segment,
        currency,
        exposure,
        parts,
        available,
        utilization_bp,
    } = limit_use;
    let part = |Part { component, amount, counted }| pb::CreditExposurePart {
        component: enums::write_component(component).into(),
        amount: Some(write::money(amount, currency)),
        counted,
    };
    pb::CreditLimitUse {
        account: account_name(&account_id),
        limit: limit.map(|limit| super::limit(governing(limit, version, business_date))),
        segment,
        exposure: exposure.map(|minor| write::money(minor, currency)),
        parts: parts.into_iter().map(part).collect(),
        available: available.map(|minor| write::money(minor, currency)),
        utilization_bp,
    }
}

/// A limit that was applied governs, or would if it had not expired.
fn governing(limit: Limit, version: i64, day: NaiveDate) -> StandingLimit {
    let expired = limit.has_expired(day);
    let state = if expired { LimitState::Expired } else { LimitState::Active };
    StandingLimit { version, limit, state }
}
