//! What other systems hear of these facts: names and figures, no text that people wrote.

use chrono::NaiveDate;
use serde_json::json;

use crate::domain::money::Money;
use crate::domain::names::{DISPUTES, ITEMS, PROMISES, child_name};
use crate::domain::receivables::{Dispute, Promise};
use crate::store::Event;

pub(super) fn period_closed(company_code: &str, through_date: NaiveDate) -> Event {
    Event {
        account_id: String::new(),
        event_type: "ballast.receivables.period_closed.v1",
        subject: company(company_code),
        data: json!({ "company_code": company_code, "closed_through_date": through_date }),
    }
}

pub(super) fn dispute_opened(dispute: &Dispute) -> Event {
    Event {
        account_id: dispute.account_id.clone(),
        event_type: "ballast.receivables.dispute_opened.v1",
        subject: child_name(&dispute.account_id, DISPUTES, dispute.id),
        data: json!({
            "item": child_name(&dispute.account_id, ITEMS, dispute.item_id),
            "amount_minor": dispute.amount,
            "currency_code": dispute.currency,
            "reason_code": dispute.reason_code,
            "open_date": dispute.open_date,
        }),
    }
}

pub(super) fn dispute_resolved(dispute: &Dispute) -> Event {
    let (date, outcome) = dispute.resolved.unzip();
    Event {
        account_id: dispute.account_id.clone(),
        event_type: "ballast.receivables.dispute_resolved.v1",
        subject: child_name(&dispute.account_id, DISPUTES, dispute.id),
        data: json!({
            "item": child_name(&dispute.account_id, ITEMS, dispute.item_id),
            "outcome": outcome,
            "resolve_date": date,
        }),
    }
}

pub(super) fn promise_recorded(promise: &Promise) -> Event {
    let item = |&id| child_name(&promise.account_id, ITEMS, id);
    Event {
        account_id: promise.account_id.clone(),
        event_type: "ballast.receivables.promise_recorded.v1",
        subject: child_name(&promise.account_id, PROMISES, promise.id),
        data: json!({
            "items": promise.items.iter().map(item).collect::<Vec<_>>(),
            "amount_minor": promise.amount,
            "currency_code": promise.currency,
            "pay_by_date": promise.pay_by_date,
        }),
    }
}

pub(super) fn promise_withdrawn(promise: &Promise, withdraw_date: NaiveDate) -> Event {
    Event {
        account_id: promise.account_id.clone(),
        event_type: "ballast.receivables.promise_withdrawn.v1",
        subject: child_name(&promise.account_id, PROMISES, promise.id),
        data: json!({ "withdraw_date": withdraw_date }),
    }
}

pub(super) fn rates_set(recorded: usize) -> Event {
    Event {
        account_id: String::new(),
        event_type: "ballast.receivables.exchange_rates_set.v1",
        subject: "exchangeRates".into(),
        data: json!({ "recorded": recorded }),
    }
}

pub(super) fn control_total_set(company_code: &str, date: NaiveDate, amount: Money) -> Event {
    Event {
        account_id: String::new(),
        event_type: "ballast.receivables.control_total_set.v1",
        subject: company(company_code),
        data: json!({
            "company_code": company_code,
            "date": date,
            "amount_minor": amount.minor,
            "currency_code": amount.currency,
        }),
    }
}

/// How audit rows and errors name one of our legal entities.
pub(super) fn company(code: &str) -> String {
    format!("companies/{code}")
}
