//! What other systems are told about interactions, commitments, gifts and advice: names and days,
//! nothing that was said.

use serde_json::json;

use crate::domain::advice::Advice;
use crate::domain::commitment::Commitment;
use crate::domain::event::{Event, EventType};
use crate::domain::gift::Gift;
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
    let mut data = json!({
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
    // History, which nobody has to act on.
    if interaction.imported {
        data["imported"] = true.into();
    }
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

/// What became of a gift; not what it is worth, nor what for.
pub(super) fn of_gift(event_type: EventType, gift: &Gift) -> Event {
    let data = json!({
        "gift": gift.name(),
        "kind": gift.kind,
        "member": member_name(&gift.member_id),
        "contact": contact_name(&gift.contact_id),
        "date": gift.day,
        "state": gift.state,
        "approval_reasons": gift.approval_reasons,
    });
    Event::new(event_type, &gift.account_id, gift.name(), data)
}

pub(super) fn advice_recorded(advice: &Advice) -> Event {
    of_advice(EventType::AdviceRecorded, advice, &[])
}

pub(super) fn advice_updated(advice: &Advice, changed: &[&str]) -> Event {
    of_advice(EventType::AdviceUpdated, advice, changed)
}

pub(super) fn advice_verified(advice: &Advice) -> Event {
    of_advice(EventType::AdviceVerified, advice, &[])
}

fn of_advice(event_type: EventType, advice: &Advice, changed: &[&str]) -> Event {
    let mut data = json!({
        "advice": advice.name(),
        "member": member_name(&advice.member_id),
        "contact": contact_name(&advice.contact_id),
        "date": advice.day,
        "state": advice.state(),
    });
    if !changed.is_empty() {
        data["changed"] = json!(changed);
    }
    Event::new(event_type, &advice.account_id, advice.name(), data)
}
