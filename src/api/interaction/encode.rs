//! Interactions, to the wire.

use chrono::NaiveDate;

use super::parse::{write_channel, write_direction, write_response, write_state};
use super::{commitment, gift};
use crate::api::convert::closed_set::one_way;
use crate::api::convert::write;
use crate::api::list::PageRequest;
use crate::ctx::{Ctx, INTERACTIONS_PRIVATE};
use crate::domain::error::Result;
use crate::domain::external_ref::ExternalRef;
use crate::domain::interaction::{
    Attendee, ChecklistItem, Effort, HookState, Interaction, InteractionKey, NextHook,
    ReadinessGap, Recorded,
};
use crate::domain::names::{INTERACTIONS, POSITIONS, child_name, contact_name, member_name};
use crate::domain::page::Page;
use crate::pb;

one_way! {
    write_hook_state: HookState = HookState { Open, Used, Expired }
}

/// What is not ready for what is planned, and whether anything is; nothing of any other.
fn readiness(
    interaction: &Interaction,
    today: NaiveDate,
) -> (pb::InteractionReadiness, Vec<pb::ReadinessGap>) {
    let Some(gaps) = interaction.readiness_gaps(today) else {
        return (pb::InteractionReadiness::Unspecified, Vec::new());
    };
    let state = match gaps.is_empty() {
        true => pb::InteractionReadiness::Ready,
        false => pb::InteractionReadiness::NotReady,
    };
    let gap = |gap| {
        let (code, subject) = match gap {
            ReadinessGap::Item(text) => (pb::ReadinessGapCode::ChecklistItemOpen, text.to_owned()),
            ReadinessGap::Attendee(id) => {
                (pb::ReadinessGapCode::AttendeeUnconfirmed, contact_name(id))
            }
        };
        pb::ReadinessGap { code: code.into(), subject }
    };
    (state, gaps.into_iter().map(gap).collect())
}

fn next_hook(hook: NextHook, account_id: &str, today: NaiveDate) -> pb::NextHook {
    let state = write_hook_state(hook.state_on(today)).into();
    let NextHook { topic, by, contact_id, used_by } = hook;
    pb::NextHook {
        topic: topic.into_exposed(),
        by: Some(write::date(by)),
        contact: contact_id.map(|id| contact_name(&id)).unwrap_or_default(),
        state,
        used_by: used_by.map(|id| child_name(account_id, INTERACTIONS, id)).unwrap_or_default(),
    }
}

/// As it is today, for whoever calls.
pub fn interaction(interaction: Interaction, ctx: &Ctx) -> pb::Interaction {
    let today = ctx.business_date();
    let reads_private = ctx.scopes.allows(INTERACTIONS_PRIVATE);
    let hidden = interaction.hides_notes_from(&ctx.principal, reads_private);
    let name = interaction.name();
    let state = write_state(interaction.state_on(today));
    let (readiness, readiness_gaps) = readiness(&interaction, today);
    let Interaction {
        id: _,
        account_id,
        stage: _,
        channel,
        direction,
        two_way,
        start_us,
        end_us,
        day: _,
        ours,
        efforts,
        theirs,
        purpose,
        notes,
        private_to,
        campaign,
        response,
        cost,
        next_hook,
        uses_hook,
        checklist,
        source_key,
        recorded_by,
        recorded_us,
        version,
        amended,
        imported,
    } = interaction;
    let of_account = |id| child_name(&account_id, INTERACTIONS, id);
    let attendee = |Attendee { contact_id, position_id, satisfaction, confirmed }| {
        let position = position_id.map(|id| child_name(&account_id, POSITIONS, id));
        pb::InteractionContact {
            contact: contact_name(&contact_id),
            position: position.unwrap_or_default(),
            satisfaction,
            confirmed,
        }
    };
    let item = |ChecklistItem { text, done }| pb::ChecklistItem { text, done };
    pb::Interaction {
        name,
        channel: write_channel(channel).into(),
        direction: write_direction(direction).into(),
        two_way: Some(two_way),
        start_time: Some(write::timestamp(start_us)),
        end_time: end_us.map(write::timestamp),
        ours: ours.iter().map(|id| member_name(id)).collect(),
        theirs: theirs.into_iter().map(attendee).collect(),
        notes: if hidden { String::new() } else { notes.into_exposed() },
        source_key: source_key.map(|ExternalRef { system, id }| pb::ExternalRef { system, id }),
        masked: hidden,
        recorded_by,
        imported,
        create_time: Some(write::recorded(recorded_us)),
        version,
        amended_by: amended.as_ref().map(|amended| amended.by.clone()).unwrap_or_default(),
        amend_time: amended.as_ref().map(|amended| write::recorded(amended.us)),
        amend_reason: amended.map(|amended| amended.reason.into_exposed()).unwrap_or_default(),
        state: state.into(),
        purpose: purpose.into_exposed(),
        next_hook: next_hook.map(|hook| self::next_hook(hook, &account_id, today)),
        uses_hook: uses_hook.map(of_account).unwrap_or_default(),
        checklist: checklist.into_iter().map(item).collect(),
        readiness: readiness.into(),
        readiness_gaps,
        private: private_to.is_some(),
        campaign: campaign.unwrap_or_default(),
        response: response.map(write_response).unwrap_or_default().into(),
        cost: cost.map(|of| write::money(of.minor, of.currency)),
        efforts: efforts.into_iter().map(effort).collect(),
    }
}

fn effort(effort: Effort) -> pb::InteractionEffort {
    let Effort { member_id, minutes } = effort;
    pb::InteractionEffort { member: member_name(&member_id), minutes }
}

pub fn recorded(answer: Recorded, ctx: &Ctx) -> Result<pb::RecordInteractionResponse> {
    let Recorded { interaction, made, settled, gifts, next_plan } = answer;
    let today = ctx.business_date();
    let made = made.into_iter().map(|one| commitment::created(one, today));
    Ok(pb::RecordInteractionResponse {
        interaction: Some(self::interaction(interaction, ctx)),
        commitments_made: made.collect::<Result<_>>()?,
        commitments_settled: settled
            .into_iter()
            .map(|one| commitment::commitment(one, today))
            .collect(),
        next_plan: next_plan.map(|plan| self::interaction(plan, ctx)),
        gifts: gifts.into_iter().map(gift::registered).collect(),
    })
}

pub fn page(
    answer: Page<Interaction, InteractionKey>,
    request: &PageRequest,
    ctx: &Ctx,
) -> pb::ListInteractionsResponse {
    let (interactions, next_page_token) = request.answer(answer, |one| interaction(one, ctx));
    let time_zone = ctx.clock.zone().name().to_owned();
    pb::ListInteractionsResponse { interactions, next_page_token, time_zone }
}
