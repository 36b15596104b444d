//! What other systems are told about members: names and states, nothing personal.

use serde_json::json;

use crate::domain::event::{Event, EventType};
use crate::domain::member::Member;
use crate::domain::names::member_name;

/// That something became of a member, who now looks like this. `changed` names the fields an
/// update changed.
pub(super) fn of(event_type: EventType, member: &Member, changed: &[&'static str]) -> Event {
    let manager = member.manager_id.as_deref().map(member_name).unwrap_or_default();
    Event::new(
        event_type,
        "",
        member.name(),
        json!({
            "member": member.name(),
            "manager": manager,
            "state": member.state,
            "version": member.version,
            "changed": changed,
        }),
    )
}
