//! What other systems hear of the rules of credit: names, no amounts and no text that people
//! wrote.

use serde_json::json;

use crate::domain::credit::hold::Hold;
use crate::domain::credit::limit::Limit;
use crate::domain::credit::security::Security;
use crate::domain::event::{Event, EventType};
use crate::domain::names::{
    CREDIT_HOLDS, CREDIT_LIMITS, CREDIT_SECURITIES, child_name, policy_name,
};
use crate::domain::timeline::fact;

pub(super) fn limit_set(limit: &Limit, principal: &str) -> Event {
    let event = Event::new(
        EventType::LimitSet,
        &limit.account_id,
        child_name(&limit.account_id, CREDIT_LIMITS, limit.id),
        json!({ "segment": limit.terms.segment }),
    );
    event.telling([fact::limit(limit, principal)])
}

pub(super) fn hold_placed(hold: &Hold) -> Event {
    self::hold(EventType::HoldPlaced, hold).telling([fact::hold_placed(hold)])
}

pub(super) fn hold_released(hold: &Hold) -> Event {
    self::hold(EventType::HoldReleased, hold).telling(fact::hold_released(hold))
}

fn hold(event_type: EventType, hold: &Hold) -> Event {
    Event::new(
        event_type,
        &hold.account_id,
        child_name(&hold.account_id, CREDIT_HOLDS, hold.id),
        json!({ "scope": hold.scope }),
    )
}

pub(super) fn security_created(security: &Security) -> Event {
    self::security(EventType::SecurityCreated, security)
}

pub(super) fn security_ended(security: &Security) -> Event {
    self::security(EventType::SecurityEnded, security)
}

fn security(event_type: EventType, security: &Security) -> Event {
    Event::new(
        event_type,
        &security.account_id,
        child_name(&security.account_id, CREDIT_SECURITIES, security.id),
        json!({ "kind": security.terms.kind }),
    )
}

pub(super) fn policy_activated(id: &str, before: &str) -> Event {
    Event::new(
        EventType::PolicyActivated,
        "",
        policy_name(id),
        json!({ "policy": policy_name(id), "before": policy_name(before) }),
    )
}
