//! Requests about interactions, to commands. All faults of a request are named at once.

use super::narrow::{Asked, Narrow};
use super::{commitment, gift};
use crate::api::convert::closed_set::both_ways;
use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{Identified, all, at_most, check_reason, child, optional_child};
use crate::api::list::PageRequest;
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::external_ref::{self, ExternalRef};
use crate::domain::interaction::{
    AmendInteraction, AttendeeTerms, CAMPAIGN_CHARS_MAX, CHECKLIST_MAX, CancelInteraction, Channel,
    ChecklistItem, Direction, EFFORT_MINUTES_MAX, EffortTerms, Fulfilled, GetInteraction,
    HookTerms, ITEM_CHARS_MAX, InteractionState, InteractionTerms, ListInteractions,
    NOTES_CHARS_MAX, PARTS_MAX, PEOPLE_MAX, PURPOSE_CHARS_MAX, PlanInteraction, RecordInteraction,
    Response, SATISFACTION_MAX, TOPIC_CHARS_MAX,
};
use crate::domain::names::{INTERACTIONS, MemberRef};
use crate::domain::record::history::Said;
use crate::domain::text;
use crate::pb;

both_ways! {
    read_channel, write_channel: Channel = InteractionChannel {
        Visit, Service, SiteTour, Meal, Event, Video, Call, Message
    }
    read_direction, write_direction: Direction = InteractionDirection { Ours, Theirs }
    read_response, write_response: Response = InteractionResponse { Interested, Ordered, Declined }
    read_state, write_state: InteractionState = InteractionState { Planned, Missed, Held, Canceled }
}

pub fn plan(request: pb::PlanInteractionRequest) -> Result<Identified<PlanInteraction>> {
    let pb::PlanInteractionRequest { account, interaction, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    let terms = terms(interaction, TOPIC_OF_FIRST, &mut violations);
    if let Some(terms) = &terms {
        terms.check_plan(&mut violations);
    }
    let (account, terms) = all(violations, account.zip(terms))?;
    Ok((request_id, PlanInteraction { account, terms }))
}

pub fn cancel(request: pb::CancelInteractionRequest) -> Result<Identified<CancelInteraction>> {
    let pb::CancelInteractionRequest { name, reason, version, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let interaction = violations.keep(child("name", &name, INTERACTIONS));
    check_reason(&reason, &mut violations);
    let version = self::version("version", version, &mut violations);
    let interaction = all(violations, interaction)?;
    Ok((request_id, CancelInteraction { interaction, reason, version }))
}

/// The version that was read; `None` for whichever is the last.
fn version(field: &str, version: i64, violations: &mut Violations) -> Option<i64> {
    if version < 0 {
        violations.add(field, Reason::FieldInvalid, "must be 1 or more, or 0 for the last");
    }
    Some(version).filter(|version| *version > 0)
}

/// Fewest characters of the topic of a hook: what is amended may leave it as it was.
const TOPIC_OF_FIRST: usize = 1;
const TOPIC_OF_AMENDED: usize = 0;

pub fn record(request: pb::RecordInteractionRequest) -> Result<Identified<RecordInteraction>> {
    let pb::RecordInteractionRequest {
        account,
        interaction,
        request_id,
        plan,
        commitments_made,
        commitments_settled,
        next_plan,
        gifts,
    } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    let plan = violations.keep(optional_child("plan", &plan, INTERACTIONS)).flatten();
    let plan = plan.map(|plan| {
        let read = interaction.as_ref().map_or(0, |interaction| interaction.version);
        let version = version("interaction.version", read, &mut violations);
        Fulfilled { plan, version }
    });
    let terms = terms(interaction, TOPIC_OF_FIRST, &mut violations);
    let (field, part) = ("commitments_made", "commitment");
    let made = parts(field, part, commitments_made, &mut violations, commitment::said_in_it);
    let field = "commitments_settled";
    let settled = parts(field, "", commitments_settled, &mut violations, commitment::settled_by_it);
    let gifts = parts("gifts", "gift", gifts, &mut violations, gift::given_in_it);
    let next_plan = next_plan.and_then(|next| {
        violations.within("interaction", "next_plan", |inner| {
            let terms = self::terms(Some(next), TOPIC_OF_FIRST, inner)?;
            terms.check_plan(inner);
            Some(terms)
        })
    });
    let (account, terms) = all(violations, account.zip(terms))?;
    let command = RecordInteraction { account, terms, plan, made, settled, gifts, next_plan };
    Ok((request_id, command))
}

/// What is recorded with an interaction, each part read by its own field.
fn parts<T, U>(
    field: &str,
    part: &str,
    given: Vec<T>,
    violations: &mut Violations,
    read: impl Fn(T, &mut Violations) -> Option<U>,
) -> Vec<U> {
    if !at_most(PARTS_MAX, given.len(), field, violations) {
        return Vec::new();
    }
    let mut read_one =
        |(at, one)| violations.within(part, &format!("{field}[{at}]"), |inner| read(one, inner));
    given.into_iter().enumerate().filter_map(&mut read_one).collect()
}

pub fn amend(request: pb::AmendInteractionRequest) -> Result<Identified<AmendInteraction>> {
    let pb::AmendInteractionRequest { interaction, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let name = interaction.as_ref().map(|interaction| interaction.name.clone());
    let name = name.map(|name| child("interaction.name", &name, INTERACTIONS));
    let name = name.and_then(|name| violations.keep(name));
    check_reason(&reason, &mut violations);
    let version = interaction.as_ref().map(|interaction| interaction.version);
    let version = version.filter(|version| *version != 0);
    let terms = terms(interaction, TOPIC_OF_AMENDED, &mut violations);
    let (interaction, terms) = all(violations, name.zip(terms))?;
    Ok((request_id, AmendInteraction { interaction, terms, version, reason }))
}

/// What was held or is planned, unless there is something wrong with it.
fn terms(
    interaction: Option<pb::Interaction>,
    topic_min: usize,
    violations: &mut Violations,
) -> Option<InteractionTerms> {
    if interaction.is_none() {
        violations.push(missing("interaction"));
    }
    let mut interaction = interaction.unwrap_or_default();
    let source_key = interaction.source_key.take();
    let start_is_missing = interaction.start_time.is_none();
    let (channel, direction) = (interaction.channel, interaction.direction);
    let channel =
        violations.keep(read::required_enum("interaction.channel", channel, read_channel));
    let direction =
        violations.keep(read::required_enum("interaction.direction", direction, read_direction));
    if start_is_missing {
        violations.push(missing("interaction.start_time"));
    }
    for (field, is_empty) in
        [("ours", interaction.ours.is_empty()), ("theirs", interaction.theirs.is_empty())]
    {
        if is_empty {
            violations.push(missing(&format!("interaction.{field}")));
        }
    }
    // What is not given is told already.
    (interaction.channel, interaction.direction) = (0, 0);
    let said = said_with(interaction, topic_min, violations);
    let source_key = source_key.map(|key| self::source_key(key, violations));
    let said = said?;
    let ((channel, direction), start_us) = channel.zip(direction).zip(said.start_us)?;
    Some(InteractionTerms {
        channel,
        direction,
        two_way: said.two_way.unwrap_or_else(|| channel.is_two_way()),
        start_us,
        end_us: said.end_us,
        ours: said.ours,
        efforts: said.efforts,
        theirs: said.theirs,
        purpose: said.purpose,
        notes: said.notes,
        private: said.private,
        campaign: said.campaign,
        response: said.response,
        cost: said.cost,
        next_hook: said.next_hook,
        uses_hook: said.uses_hook,
        checklist: said.checklist,
        source_key,
    })
}

/// What a record says of an interaction; what is empty is not said.
pub fn said(interaction: pb::Interaction, violations: &mut Violations) -> Option<Said> {
    said_with(interaction, TOPIC_OF_AMENDED, violations)
}

fn said_with(
    interaction: pb::Interaction,
    topic_min: usize,
    violations: &mut Violations,
) -> Option<Said> {
    let pb::Interaction {
        channel,
        direction,
        two_way,
        start_time,
        end_time,
        ours,
        theirs,
        notes,
        purpose,
        next_hook,
        uses_hook,
        checklist,
        efforts,
        private,
        campaign,
        response,
        cost,
        ..
    } = interaction;
    let channel =
        violations.keep(read::optional_enum("interaction.channel", channel, read_channel));
    let direction =
        violations.keep(read::optional_enum("interaction.direction", direction, read_direction));
    let start_us = violations.keep(read::micros("interaction.start_time", start_time)).flatten();
    let end_us = violations.keep(read::micros("interaction.end_time", end_time)).flatten();
    if let (Some(start), Some(end)) = (start_us, end_us)
        && end < start
    {
        let what = "lies before the start";
        violations.add("interaction.end_time", Reason::DateInvalid, what);
    }
    let ours = self::ours(&ours, violations);
    let efforts = self::efforts(&efforts, violations);
    let theirs = self::theirs(&theirs, violations);
    let field = "interaction.notes";
    violations.keep(text::check_multiline(field, &notes, 0, NOTES_CHARS_MAX));
    let field = "interaction.purpose";
    violations.keep(text::check_multiline(field, &purpose, 0, PURPOSE_CHARS_MAX));
    let field = "interaction.campaign";
    violations.keep(text::check(field, &campaign, 0, CAMPAIGN_CHARS_MAX));
    let response = read::optional_enum("interaction.response", response, read_response);
    let response = violations.keep(response).flatten();
    let cost = read::optional_positive("interaction.cost", cost.as_ref());
    let cost = violations.keep(cost).flatten();
    let is_left = next_hook.is_some();
    let next_hook = next_hook.and_then(|hook| self::next_hook(hook, topic_min, violations));
    let uses_hook = optional_child("interaction.uses_hook", &uses_hook, INTERACTIONS);
    let uses_hook = violations.keep(uses_hook).flatten();
    let checklist = self::checklist(checklist, violations);
    if is_left != next_hook.is_some() {
        return None;
    }
    Some(Said {
        channel: channel?,
        direction: direction?,
        two_way,
        start_us,
        local_start: None,
        end_us,
        ours,
        efforts,
        theirs,
        purpose,
        notes,
        private,
        campaign: Some(campaign).filter(|code| !code.is_empty()),
        response,
        cost,
        next_hook,
        uses_hook,
        checklist,
    })
}

fn next_hook(
    hook: pb::NextHook,
    topic_min: usize,
    violations: &mut Violations,
) -> Option<HookTerms> {
    let pb::NextHook { topic, by, contact, state: _, used_by: _ } = hook;
    let field = "interaction.next_hook.topic";
    violations.keep(text::check(field, &topic, topic_min, TOPIC_CHARS_MAX));
    let by = violations.keep(read::date("interaction.next_hook.by", by));
    let contact = match contact.as_str() {
        "" => None,
        name => Some(violations.keep(read::contact("interaction.next_hook.contact", name))?),
    };
    Some(HookTerms { topic, by: by?, contact })
}

fn checklist(given: Vec<pb::ChecklistItem>, violations: &mut Violations) -> Vec<ChecklistItem> {
    let field = "interaction.checklist";
    if !at_most(CHECKLIST_MAX, given.len(), field, violations) {
        return Vec::new();
    }
    let mut items: Vec<ChecklistItem> = Vec::new();
    for (at, pb::ChecklistItem { text, done }) in given.into_iter().enumerate() {
        let field = format!("{field}[{at}].text");
        violations.keep(text::check(&field, &text, 1, ITEM_CHARS_MAX));
        if items.iter().any(|item| item.text == text) {
            violations.add(field, Reason::DuplicateElement, "is the same as one before it");
        }
        items.push(ChecklistItem { text, done });
    }
    items
}

fn ours(names: &[String], violations: &mut Violations) -> Vec<MemberRef> {
    let field = "interaction.ours";
    if !at_most(PEOPLE_MAX, names.len(), field, violations) {
        return Vec::new();
    }
    let mut member = |(at, name): (usize, &String)| {
        violations.keep(read::member(&format!("{field}[{at}]"), name))
    };
    names.iter().enumerate().filter_map(&mut member).collect()
}

fn efforts(given: &[pb::InteractionEffort], violations: &mut Violations) -> Vec<EffortTerms> {
    let field = "interaction.efforts";
    if !at_most(PEOPLE_MAX, given.len(), field, violations) {
        return Vec::new();
    }
    let mut kept = Vec::new();
    for (at, pb::InteractionEffort { member, minutes }) in given.iter().enumerate() {
        let minutes = *minutes;
        if !(1..=EFFORT_MINUTES_MAX).contains(&minutes) {
            let what = format!("must be 1 to {EFFORT_MINUTES_MAX}");
            violations.add(format!("{field}[{at}].minutes"), Reason::FieldInvalid, what);
        }
        let member = violations.keep(read::member(&format!("{field}[{at}].member"), member));
        kept.extend(member.map(|member| EffortTerms { member, minutes }));
    }
    kept
}

fn theirs(given: &[pb::InteractionContact], violations: &mut Violations) -> Vec<AttendeeTerms> {
    let field = "interaction.theirs";
    if !at_most(PEOPLE_MAX, given.len(), field, violations) {
        return Vec::new();
    }
    let mut kept = Vec::new();
    for (at, pb::InteractionContact { contact, position: _, satisfaction, confirmed }) in
        given.iter().enumerate()
    {
        let (satisfaction, confirmed) = (*satisfaction, *confirmed);
        if satisfaction.is_some_and(|score| !(0..=SATISFACTION_MAX).contains(&score)) {
            let what = format!("must be 0 to {SATISFACTION_MAX}");
            violations.add(format!("{field}[{at}].satisfaction"), Reason::FieldInvalid, what);
        }
        let contact = violations.keep(read::contact(&format!("{field}[{at}].contact"), contact));
        kept.extend(contact.map(|contact| AttendeeTerms { contact, satisfaction, confirmed }));
    }
    kept
}

fn source_key(key: pb::ExternalRef, violations: &mut Violations) -> ExternalRef {
    let pb::ExternalRef { system, id } = key;
    let key = ExternalRef { system, id };
    external_ref::check_one("interaction.source_key", &key, violations);
    key
}

pub fn get(request: &pb::GetInteractionRequest) -> Result<GetInteraction> {
    let pb::GetInteractionRequest { name, version } = request;
    let mut violations = Violations::new();
    let interaction = violations.keep(child("name", name, INTERACTIONS));
    let version = self::version("version", *version, &mut violations);
    Ok(GetInteraction { interaction: all(violations, interaction)?, version })
}

pub fn brief(request: &pb::GetVisitBriefRequest) -> Result<GetInteraction> {
    let mut violations = Violations::new();
    let interaction = violations.keep(child("name", &request.name, INTERACTIONS));
    Ok(GetInteraction { interaction: all(violations, interaction)?, version: None })
}

pub fn list(request: &pb::ListInteractionsRequest) -> Result<(ListInteractions, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListInteractionsRequest {
        parent,
        page_size: _,
        page_token: _,
        contact,
        member,
        state,
        from_date,
        to_date,
    } = request;
    let (state, from_date, to_date) = (*state, *from_date, *to_date);
    let asked = Asked { parent, contact, member, state, from_date, to_date };
    let narrow = asked.read(read_state, &mut violations);
    let of = page.of(&mut violations);
    violations.finish()?;
    let Narrow { account, contact, member, state, from, to } = narrow;
    Ok((ListInteractions { account, contact, member, state, from, to, page: of }, page))
}
