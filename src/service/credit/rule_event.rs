//! What other systems hear of the rules of credit: names, no amounts and no text that people
//! wrote.

use serde_json::json;

use crate::domain::credit::hold::Hold;
use crate::domain::credit::limit::Limit;
use crate::domain::credit::security::Security;
use crate::domain::names::{
    CREDIT_HOLDS, CREDIT_LIMITS, CREDIT_SECURITIES, account_name, child_name, policy_name,
};
use crate::store::Event;

pub(super) fn limit_set(limit: &Limit) -> Event {
    Event {
        account_id: limit.account_id.clone(),
        event_type: "ballast.credit.limit_set.v1",
        subject: child_name(&limit.account_id, CREDIT_LIMITS, limit.id),
        data: json!({ "account": account_name(&limit.account_id), "segment": limit.segment }),
    }
}

pub(super) fn hold_placed(hold: &Hold) -> Event {
    self::hold("ballast.credit.hold_placed.v1", hold)
}

pub(super) fn hold_released(hold: &Hold) -> Event {
    self::hold("ballast.credit.hold_released.v1", hold)
}

fn hold(event_type: &'static str, hold: &Hold) -> Event {
    Event {
        account_id: hold.account_id.clone(),
        event_type,
        subject: child_name(&hold.account_id, CREDIT_HOLDS, hold.id),
        data: json!({ "account": account_name(&hold.account_id), "scope": hold.scope }),
    }
}

pub(super) fn security_created(security: &Security) -> Event {
    self::security("ballast.credit.security_created.v1", security)
}

pub(super) fn security_ended(security: &Security) -> Event {
    self::security("ballast.credit.security_ended.v1", security)
}

fn security(event_type: &'static str, security: &Security) -> Event {
    Event {
        account_id: security.account_id.clone(),
        event_type,
        subject: child_name(&security.account_id, CREDIT_SECURITIES, security.id),
        data: json!({ "account": account_name(&security.account_id), "kind": security.terms.kind }),
    }
}

pub(super) fn policy_activated(id: &str, before: &str) -> Event {
    Event {
        account_id: String::new(),
        event_type: "ballast.credit.policy_activated.v1",
        subject: policy_name(id),
        data: json!({ "policy": policy_name(id), "before": policy_name(before) }),
    }
}
