//! What other systems hear of these facts: names and figures, no text that people wrote.

use chrono::NaiveDate;
use serde_json::json;

use crate::domain::event::{Event, EventType};
use crate::domain::money::Money;
use crate::domain::names::{DISPUTES, ITEMS, PROMISES, child_name};
use crate::domain::receivables::{Dispute, Promise};

pub(super) fn period_closed(company_code: &str, through_date: NaiveDate) -> Event {
    Event::new(
        EventType::PeriodClosed,
        "",
        company(company_code),
        json!({ "company_code": company_code, "closed_through_date": through_date }),
    )
}

pub(super) fn dispute_opened(dispute: &Dispute) -> Event {
    Event::new(
        EventType::DisputeOpened,
        &dispute.account_id,
        child_name(&dispute.account_id, DISPUTES, dispute.id),
        json!({
            "item": child_name(&dispute.account_id, ITEMS, dispute.item_id),
            "amount_minor": dispute.amount,
            "currency_code": dispute.currency,
            "reason_code": dispute.reason_code,
            "open_date": dispute.open_date,
        }),
    )
}

pub(super) fn dispute_resolved(dispute: &Dispute) -> Event {
    let (date, outcome) = dispute.resolved.unzip();
    Event::new(
        EventType::DisputeResolved,
        &dispute.account_id,
        child_name(&dispute.account_id, DISPUTES, dispute.id),
        json!({
            "item": child_name(&dispute.account_id, ITEMS, dispute.item_id),
            "outcome": outcome,
            "resolve_date": date,
        }),
    )
}

pub(super) fn promise_recorded(promise: &Promise) -> Event {
    let item = |&id| child_name(&promise.account_id, ITEMS, id);
    Event::new(
        EventType::PromiseRecorded,
        &promise.account_id,
        child_name(&promise.account_id, PROMISES, promise.id),
        json!({
            "items": promise.items.iter().map(item).collect::<Vec<_>>(),
            "amount_minor": promise.amount,
            "currency_code": promise.currency,
            "pay_by_date": promise.pay_by_date,
        }),
    )
}

pub(super) fn promise_withdrawn(promise: &Promise, withdraw_date: NaiveDate) -> Event {
    Event::new(
        EventType::PromiseWithdrawn,
        &promise.account_id,
        child_name(&promise.account_id, PROMISES, promise.id),
        json!({ "withdraw_date": withdraw_date }),
    )
}

pub(super) fn rates_set(recorded: usize) -> Event {
    Event::new(EventType::ExchangeRatesSet, "", "exchangeRates", json!({ "recorded": recorded }))
}

pub(super) fn control_total_set(company_code: &str, date: NaiveDate, amount: Money) -> Event {
    Event::new(
        EventType::ControlTotalSet,
        "",
        company(company_code),
        json!({
            "company_code": company_code,
            "date": date,
            "amount_minor": amount.minor,
            "currency_code": amount.currency,
        }),
    )
}

/// How audit rows and errors name one of our legal entities.
pub(super) fn company(code: &str) -> String {
    format!("companies/{code}")
}
