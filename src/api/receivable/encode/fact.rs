//! The facts beside the ledger: closed periods, disputes, promises, rates, control totals.

use chrono::NaiveDate;

use crate::api::convert::write;
use crate::api::receivable::enums;
use crate::domain::error::Result;
use crate::domain::names::{DISPUTES, ITEMS, PROMISES, child_name, contact_name};
use crate::domain::receivables::{ControlTotalCheck, Dispute, Promise};
use crate::pb;

pub fn closed_period(company_code: String, through: NaiveDate) -> pb::ClosePeriodResponse {
    pb::ClosePeriodResponse { company_code, closed_through_date: Some(write::date(through)) }
}

/// # Errors
/// INTERNAL beyond 32 bits.
pub fn rates_recorded(recorded: usize) -> Result<pb::SetExchangeRatesResponse> {
    Ok(pb::SetExchangeRatesResponse { recorded: write::count(recorded)? })
}

pub fn dispute(dispute: Dispute) -> pb::Dispute {
    let Dispute {
        id,
        account_id,
        item_id,
        currency,
        amount,
        reason_code,
        note,
        open_date,
        resolved,
        recorded_us,
    } = dispute;
    pb::Dispute {
        name: child_name(&account_id, DISPUTES, id),
        item: child_name(&account_id, ITEMS, item_id),
        amount: Some(write::money(amount, currency)),
        reason_code,
        note: note.into_exposed(),
        open_date: Some(write::date(open_date)),
        resolve_date: resolved.map(|(date, _)| write::date(date)),
        outcome: resolved
            .map(|(_, outcome)| enums::write_outcome(outcome))
            .unwrap_or_default()
            .into(),
        record_time: Some(write::recorded(recorded_us)),
    }
}

pub fn promise(promise: Promise) -> pb::PromiseToPay {
    let Promise {
        id,
        account_id,
        items,
        currency,
        amount,
        promise_date,
        pay_by_date,
        grace_days,
        contact_id,
        promised_by,
        received,
        lapsed,
        state,
        recorded_us,
    } = promise;
    pb::PromiseToPay {
        name: child_name(&account_id, PROMISES, id),
        items: items.into_iter().map(|item| child_name(&account_id, ITEMS, item)).collect(),
        amount: Some(write::money(amount, currency)),
        promise_date: Some(write::date(promise_date)),
        pay_by_date: Some(write::date(pay_by_date)),
        grace_days,
        contact: contact_id.as_deref().map(contact_name).unwrap_or_default(),
        promised_by: promised_by.into_exposed(),
        received: Some(write::money(received, currency)),
        lapsed: Some(write::money(lapsed, currency)),
        state: enums::write_promise_state(state).into(),
        record_time: Some(write::recorded(recorded_us)),
    }
}

/// # Errors
/// INTERNAL if the difference exceeds 64 bits.
pub fn control_total(check: ControlTotalCheck) -> Result<pb::ControlTotalCheck> {
    let ControlTotalCheck { company_code, date, currency, control_total, ledger_balance, point } =
        check;
    let difference = i128::from(ledger_balance) - i128::from(control_total);
    Ok(pb::ControlTotalCheck {
        company_code,
        date: Some(write::date(date)),
        control_total: Some(write::money(control_total, currency)),
        ledger_balance: Some(write::money(ledger_balance, currency)),
        difference: Some(write::total(difference, currency)?),
        point: Some(write::point(point)),
    })
}
