//! What other systems are told about people at customers: names, days and states, nothing personal.

use chrono::NaiveDate;
use serde_json::json;

use crate::domain::contact::Contact;
use crate::domain::event::{Event, EventType};
use crate::domain::names::contact_name;
use crate::domain::position::Position;
use crate::domain::tie::Tie;
use crate::domain::timeline::Entry;

/// That something became of a contact, who now looks like this. `changed` names the fields an update
/// changed.
pub(super) fn contact(event_type: EventType, contact: &Contact, changed: &[&'static str]) -> Event {
    let data = json!({
        "contact": contact.name(),
        "state": contact.state,
        "version": contact.version,
        "changed": changed,
    });
    Event::new(event_type, "", contact.name(), data)
}

/// That something became of a position, which now looks like this.
pub(super) fn position(
    event_type: EventType,
    position: &Position,
    changed: &[&'static str],
) -> Event {
    let data = json!({
        "position": position.name(),
        "function": position.terms.function,
        "level": position.terms.level,
        "valid_from": position.first_day,
        "valid_to": position.last_day,
        "version": position.version,
        "changed": changed,
    });
    Event::new(event_type, &position.account_id, position.name(), data)
}

/// That from a day on a contact left a position, or took one, or both. It is told of each account
/// that it is about, with what it leaves on timelines there.
pub(super) fn moved(
    contact_id: &str,
    day: NaiveDate,
    from: Option<&Position>,
    to: Option<&Position>,
    told: Vec<Entry>,
) -> Vec<Event> {
    let mut accounts: Vec<&str> =
        from.iter().chain(&to).map(|position| position.account_id.as_str()).collect();
    accounts.dedup();
    let event = |account_id: &str| {
        let data = json!({
            "contact": contact_name(contact_id),
            "effective_date": day,
            "from_position": from.map(Position::name),
            "to_position": to.map(Position::name),
        });
        let of_it = |entry: &&Entry| entry.account_id.as_deref() == Some(account_id);
        let event = Event::new(EventType::ContactMoved, account_id, contact_name(contact_id), data);
        event.telling(told.iter().filter(of_it).cloned())
    };
    accounts.into_iter().map(event).collect()
}

/// That something became of a tie, which now looks like this. What kind of tie it is, is between the
/// two.
pub(super) fn tie(event_type: EventType, tie: &Tie) -> Event {
    let data = json!({
        "tie": tie.name(),
        "from": tie.from.name(),
        "to": tie.to.name(),
        "review": tie.review,
        "valid_from": tie.days.first_day,
        "valid_to": tie.days.last_day_known(i64::MAX),
    });
    Event::new(event_type, "", tie.name(), data)
}
