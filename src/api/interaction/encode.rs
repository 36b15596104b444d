//! Interactions, to the wire.

use super::parse::{write_channel, write_direction};
use crate::api::convert::write;
use crate::api::list::PageRequest;
use crate::domain::external_ref::ExternalRef;
use crate::domain::interaction::{Attendee, Interaction, InteractionKey};
use crate::domain::names::{POSITIONS, child_name, contact_name, member_name};
use crate::domain::page::Page;
use crate::pb;

pub fn interaction(interaction: Interaction) -> pb::Interaction {
    let name = interaction.name();
    let Interaction {
        id: _,
        account_id,
        channel,
        direction,
        two_way,
        start_us,
        end_us,
        day: _,
        ours,
        theirs,
        notes,
        source_key,
        recorded_by,
        recorded_us,
        version,
        amended,
    } = interaction;
    let attendee = |Attendee { contact_id, position_id, satisfaction }| {
        let position = position_id.map(|id| child_name(&account_id, POSITIONS, id));
        pb::InteractionContact {
            contact: contact_name(&contact_id),
            position: position.unwrap_or_default(),
            satisfaction,
        }
    };
    pb::Interaction {
        name,
        channel: write_channel(channel).into(),
        direction: write_direction(direction).into(),
        two_way: Some(two_way),
        start_time: Some(write::timestamp(start_us)),
        end_time: end_us.map(write::timestamp),
        ours: ours.iter().map(|id| member_name(id)).collect(),
        theirs: theirs.into_iter().map(attendee).collect(),
        notes: notes.into_exposed(),
        source_key: source_key.map(|ExternalRef { system, id }| pb::ExternalRef { system, id }),
        masked: false,
        recorded_by,
        create_time: Some(write::recorded(recorded_us)),
        version,
        amended_by: amended.as_ref().map(|amended| amended.by.clone()).unwrap_or_default(),
        amend_time: amended.as_ref().map(|amended| write::recorded(amended.us)),
        amend_reason: amended.map(|amended| amended.reason.into_exposed()).unwrap_or_default(),
    }
}

pub fn page(
    answer: Page<Interaction, InteractionKey>,
    request: &PageRequest,
) -> pb::ListInteractionsResponse {
    let (interactions, next_page_token) = request.answer(answer, interaction);
    pb::ListInteractionsResponse { interactions, next_page_token }
}
