//! What other systems are told about interactions: names and days, nothing that was said.

use serde_json::json;

use crate::domain::event::{Event, EventType};
use crate::domain::interaction::Interaction;
use crate::domain::names::{contact_name, member_name};

/// That an interaction was recorded.
pub(super) fn recorded(interaction: &Interaction) -> Event {
    let ours: Vec<String> = interaction.ours.iter().map(|id| member_name(id)).collect();
    let theirs: Vec<String> =
        interaction.theirs.iter().map(|one| contact_name(&one.contact_id)).collect();
    let data = json!({
        "interaction": interaction.name(),
        "channel": interaction.channel,
        "direction": interaction.direction,
        "two_way": interaction.two_way,
        "day": interaction.day,
        "ours": ours,
        "theirs": theirs,
    });
    let account_id = &interaction.account_id;
    Event::new(EventType::InteractionRecorded, account_id, interaction.name(), data)
}
