//! What other systems are told about policies: names and days.

use serde_json::json;
use uuid::Uuid;

use crate::domain::dated::ChangePoint;
use crate::domain::event::{Event, EventType};
use crate::domain::names::{TIER_RUNS, named};
use crate::domain::policy::{Activation, PolicyKind, Terms};
use crate::domain::tier::assignment::Assignment;
use crate::domain::tier::overrides::TierOverride;
use crate::domain::tier::policy::TierPolicy;
use crate::domain::tier::run::TierRun;
use crate::domain::tier::values::ValueSet;
use crate::domain::timeline::fact;

/// That a version is in force from a day on.
pub(super) fn activated<T: Terms>(point: &ChangePoint<Activation>) -> Event {
    let event_type = match T::KIND {
        PolicyKind::Tier => EventType::TierPolicyActivated,
        PolicyKind::WorkCalendar => EventType::WorkCalendarActivated,
    };
    let name = named(T::COLLECTION, &point.value.id);
    let data = json!({ "name": name, "effective_date": point.from_date });
    Event::new(event_type, "", name, data)
}

/// That the book was classified; `replaced` is the run that this one took the place of.
pub(super) fn applied(run: &TierRun, replaced: Option<Uuid>) -> Event {
    let run_name = |id: Uuid| named(TIER_RUNS, &id.to_string());
    let data = json!({
        "name": run_name(run.id),
        "as_of": run.as_of,
        "policy": named(TierPolicy::COLLECTION, &run.policy_id),
        "changes": run.summary.changes,
        "proposals": run.summary.proposals,
        "replaced": replaced.map(run_name),
    });
    Event::new(EventType::TierRunApplied, "", run_name(run.id), data)
}

/// That another system said what accounts are worth.
pub(super) fn uploaded(set: &ValueSet) -> Event {
    let data = json!({ "name": set.name(), "as_of": set.as_of, "accounts": set.accounts });
    Event::new(EventType::TierValuesUploaded, "", set.name(), data)
}

/// That a person decided about a proposal.
pub(super) fn decided(assignment: &Assignment) -> Event {
    let data = json!({
        "name": assignment.name(),
        "class_before": assignment.before,
        "class": assignment.standing.class,
        "from_date": assignment.from_date,
    });
    Event::new(EventType::TierChangeDecided, &assignment.account_id, assignment.name(), data)
        .telling(fact::class(assignment))
}

/// That a person gave an account a class for some days, or ended that.
pub(super) fn overridden(event_type: EventType, given: &TierOverride) -> Event {
    let data = json!({
        "name": given.name(),
        "class": given.class,
        "first_day": given.days.first_day,
        "last_day": given.last_day(),
    });
    Event::new(event_type, &given.account_id, given.name(), data)
}
