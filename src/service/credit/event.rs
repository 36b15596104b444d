//! What credit tells other systems and auditors. Names of resources, no amounts, no personal
//! data.

use serde_json::json;

use crate::domain::credit::decide::{self, Event as Became, Told};
use crate::domain::credit::decision::Decision;
use crate::domain::event::{Event, EventType};
use crate::domain::names::{CREDIT_DECISIONS, CREDIT_RESERVATIONS, account_name, child_name};

fn event_type(became: Became) -> EventType {
    match became {
        Became::Reserved => EventType::ReservationApproved,
        Became::Referred => EventType::ReservationReferred,
        Became::Declined => EventType::OrderDeclined,
        Became::Amended => EventType::ReservationAmended,
        Became::Delivered => EventType::ReservationDelivered,
        Became::Committed => EventType::ReservationCommitted,
        Became::Canceled => EventType::ReservationCanceled,
        Became::Rejected => EventType::ReferralRejected,
        Became::Expired => EventType::ReservationExpired,
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
            Event::new(
                event_type(*event),
                account_id,
                subject.clone(),
                json!({ "subject": subject }),
            )
        })
        .collect()
}

/// The resource and the detail of a decision's audit row. What was let pass names the decision,
/// whose row tells why: an audit row is sealed, and no text could be taken out of it again.
pub(super) fn audited(decision: &Decision) -> (String, String) {
    let made = child_name(&decision.account_id, CREDIT_DECISIONS, decision.id);
    let detail = match decision.overridden {
        true => format!("{} OVERRIDE: {made}", decision.verdict),
        false => decision.verdict.to_string(),
    };
    let resource = decision.reservation.as_ref().map_or(made, decide::name);
    (resource, detail)
}
