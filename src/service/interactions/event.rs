//! What other systems are told about interactions and commitments: names and days, nothing that was
//! said.

use serde_json::json;

use crate::domain::commitment::Commitment;
use crate::domain::event::{Event, EventType};
use crate::domain::interaction::Interaction;
use crate::domain::names::{contact_name, member_name};
use crate::domain::timeline::fact;

/// That an interaction was recorded.
pub(super) fn recorded(interaction: &Interaction) -> Event {
    of_interaction(EventType::InteractionRecorded, interaction)
        .telling(fact::interaction(interaction))
}

/// That one was planned.
pub(super) fn planned(interaction: &Interaction) -> Event {
    of_interaction(EventType::InteractionPlanned, interaction)
}

/// That a planned one is not to be held.
pub(super) fn canceled(interaction: &Interaction) -> Event {
    of_interaction(EventType::InteractionCanceled, interaction)
        .telling(fact::interaction(interaction))
}

/// That what was recorded of it was amended: all of it as it is now, in place of what it was.
pub(super) fn amended(was: &Interaction, now: &Interaction) -> Event {
    of_interaction(EventType::InteractionAmended, now)
        .instead_of(fact::interaction(was))
        .telling(fact::interaction(now))
}

fn of_interaction(event_type: EventType, interaction: &Interaction) -> Event {
    let ours: Vec<String> = interaction.ours.iter().map(|id| member_name(id)).collect();
    let theirs: Vec<String> =
        interaction.theirs.iter().map(|one| contact_name(&one.contact_id)).collect();
    let data = json!({
        "interaction": interaction.name(),
        "stage": interaction.stage,
        "channel": interaction.channel,
        "direction": interaction.direction,
        "two_way": interaction.two_way,
        "day": interaction.day,
        "ours": ours,
        "theirs": theirs,
        "version": interaction.version,
    });
    Event::new(event_type, &interaction.account_id, interaction.name(), data)
}

/// What became of a commitment; not what was promised.
pub(in crate::service) fn of_commitment(event_type: EventType, commitment: &Commitment) -> Event {
    let data = json!({
        "commitment": commitment.name(),
        "side": commitment.side,
        "member": member_name(&commitment.member_id),
        "contact": contact_name(&commitment.contact_id),
        "due_date": commitment.due_date,
        "delegated_to": commitment.delegated_to.as_deref().map(member_name),
        "settlement": commitment.settled.as_ref().map(|settled| settled.settlement),
        "settle_date": commitment.settled.as_ref().map(|settled| settled.day),
    });
    Event::new(event_type, &commitment.account_id, commitment.name(), data)
}
