//! What other systems are told about teams: names and days, nothing personal.

use serde_json::json;

use crate::domain::event::{Event, EventType};
use crate::domain::names::{account_name, member_name};
use crate::domain::team::membership::Membership;

/// That something became of a membership, which now looks like this.
pub(super) fn of(event_type: EventType, membership: &Membership) -> Event {
    let member = membership.member_id.as_deref().map(member_name);
    Event::new(
        event_type,
        &membership.account_id,
        membership.name(),
        json!({
            "account": account_name(&membership.account_id),
            "team_member": membership.name(),
            "member": member,
            "role": membership.role,
            "valid_from": membership.days.first_day,
            "valid_to": membership.days.last_day_known(i64::MAX),
            "version": membership.version,
        }),
    )
}
