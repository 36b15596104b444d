//! What credit tells other systems and auditors. Names of resources, no amounts, no personal
//! data.

use serde_json::json;

use super::run::Command;
use crate::domain::credit::decide::{self, Event as Became, Told};
use crate::domain::credit::decision::Decision;
use crate::domain::names::{CREDIT_DECISIONS, CREDIT_RESERVATIONS, account_name, child_name};
use crate::store::Event;

fn event_type(became: Became) -> &'static str {
    match became {
        Became::Reserved => "ballast.credit.reservation_approved.v1",
        Became::Referred => "ballast.credit.reservation_referred.v1",
        Became::Declined => "ballast.credit.order_declined.v1",
        Became::Amended => "ballast.credit.reservation_amended.v1",
        Became::Delivered => "ballast.credit.reservation_delivered.v1",
        Became::Committed => "ballast.credit.reservation_committed.v1",
        Became::Canceled => "ballast.credit.reservation_canceled.v1",
        Became::Rejected => "ballast.credit.referral_rejected.v1",
        Became::Expired => "ballast.credit.reservation_expired.v1",
    }
}

pub(super) fn events(told: &[Told]) -> Vec<Event> {
    told.iter()
        .map(|Told { account_id, event, reservation }| {
            let subject = if reservation.is_nil() {
                account_name(account_id)
            } else {
                child_name(account_id, CREDIT_RESERVATIONS, *reservation)
            };
            Event {
                account_id: account_id.clone(),
                event_type: event_type(*event),
                data: json!({ "account": account_name(account_id), "subject": subject }),
                subject,
            }
        })
        .collect()
}

/// The resource and the detail of a decision's audit row: who let what pass, and why.
pub(super) fn audited(decision: &Decision) -> (String, String) {
    let resource = match &decision.reservation {
        Some(reservation) => decide::name(reservation),
        None => child_name(&decision.account_id, CREDIT_DECISIONS, decision.id),
    };
    let detail = match decision.overridden {
        true => format!("{} OVERRIDE: {}", decision.verdict, decision.override_reason),
        false => decision.verdict.to_string(),
    };
    (resource, detail)
}

/// The reason a command gives.
pub(super) fn why(command: &Command) -> String {
    match command {
        Command::Cancel(c) => c.reason.clone(),
        Command::Reserve(_)
        | Command::Amend(_)
        | Command::Deliver(_)
        | Command::Commit(_)
        | Command::Decide(_) => String::new(),
    }
}
