//! What other systems are told about policies: names and days.

use serde_json::json;

use crate::domain::dated::ChangePoint;
use crate::domain::event::{Event, EventType};
use crate::domain::names::named;
use crate::domain::policy::{Activation, PolicyKind, Terms};

/// That a version is in force from a day on.
pub(super) fn activated<T: Terms>(point: &ChangePoint<Activation>) -> Event {
    let event_type = match T::KIND {
        PolicyKind::WorkCalendar => EventType::WorkCalendarActivated,
    };
    let name = named(T::COLLECTION, &point.value.id);
    let data = json!({ "name": name, "effective_date": point.from_date });
    Event::new(event_type, "", name, data)
}
