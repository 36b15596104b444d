//! Requests about interactions, to commands. All faults of a request are named at once.

use crate::api::convert::closed_set::both_ways;
use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{Identified, all, at_most, check_reason, child};
use crate::api::list::PageRequest;
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::external_ref::{self, ExternalRef};
use crate::domain::interaction::{
    AmendInteraction, AttendeeTerms, Channel, Direction, GetInteraction, InteractionTerms,
    ListInteractions, NOTES_CHARS_MAX, PEOPLE_MAX, RecordInteraction, SATISFACTION_MAX,
};
use crate::domain::names::{INTERACTIONS, MemberRef, parse_account_or_all};
use crate::domain::text;
use crate::pb;

both_ways! {
    read_channel, write_channel: Channel = InteractionChannel {
        Visit, Service, SiteTour, Meal, Event, Video, Call, Message
    }
    read_direction, write_direction: Direction = InteractionDirection { Ours, Theirs }
}

pub fn record(request: pb::RecordInteractionRequest) -> Result<Identified<RecordInteraction>> {
    let pb::RecordInteractionRequest { account, interaction, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    let terms = terms(interaction, &mut violations);
    let (account, terms) = all(violations, account.zip(terms))?;
    Ok((request_id, RecordInteraction { account, terms }))
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
    let terms = terms(interaction, &mut violations);
    let (interaction, terms) = all(violations, name.zip(terms))?;
    Ok((request_id, AmendInteraction { interaction, terms, version, reason }))
}

/// What was held, unless there is something wrong with it.
fn terms(
    interaction: Option<pb::Interaction>,
    violations: &mut Violations,
) -> Option<InteractionTerms> {
    if interaction.is_none() {
        violations.push(missing("interaction"));
    }
    let pb::Interaction {
        channel,
        direction,
        two_way,
        start_time,
        end_time,
        ours,
        theirs,
        notes,
        source_key,
        ..
    } = interaction.unwrap_or_default();
    let channel =
        violations.keep(read::required_enum("interaction.channel", channel, read_channel));
    let direction =
        violations.keep(read::required_enum("interaction.direction", direction, read_direction));
    let start = read::micros("interaction.start_time", start_time);
    let start = start.and_then(|start| start.ok_or_else(|| missing("interaction.start_time")));
    let start_us = violations.keep(start);
    let end_us = violations.keep(read::micros("interaction.end_time", end_time)).flatten();
    if let (Some(start), Some(end)) = (start_us, end_us)
        && end < start
    {
        let what = "lies before the start";
        violations.add("interaction.end_time", Reason::DateInvalid, what);
    }
    let ours = self::ours(&ours, violations);
    let theirs = self::theirs(&theirs, violations);
    let field = "interaction.notes";
    violations.keep(text::check_multiline(field, &notes, 0, NOTES_CHARS_MAX));
    let source_key = source_key.map(|key| self::source_key(key, violations));
    let ((channel, direction), start_us) = channel.zip(direction).zip(start_us)?;
    let two_way = two_way.unwrap_or_else(|| channel.is_two_way());
    Some(InteractionTerms {
        channel,
        direction,
        two_way,
        start_us,
        end_us,
        ours,
        theirs,
        notes,
        source_key,
    })
}

fn ours(names: &[String], violations: &mut Violations) -> Vec<MemberRef> {
    let field = "interaction.ours";
    if names.is_empty() {
        violations.push(missing(field));
    }
    if !at_most(PEOPLE_MAX, names.len(), field, violations) {
        return Vec::new();
    }
    let mut member = |(at, name): (usize, &String)| {
        violations.keep(read::member(&format!("{field}[{at}]"), name))
    };
    names.iter().enumerate().filter_map(&mut member).collect()
}

fn theirs(given: &[pb::InteractionContact], violations: &mut Violations) -> Vec<AttendeeTerms> {
    let field = "interaction.theirs";
    if given.is_empty() {
        violations.push(missing(field));
    }
    if !at_most(PEOPLE_MAX, given.len(), field, violations) {
        return Vec::new();
    }
    let mut kept = Vec::new();
    for (at, pb::InteractionContact { contact, position: _, satisfaction }) in
        given.iter().enumerate()
    {
        let satisfaction = *satisfaction;
        if satisfaction.is_some_and(|score| !(0..=SATISFACTION_MAX).contains(&score)) {
            let what = format!("must be 0 to {SATISFACTION_MAX}");
            violations.add(format!("{field}[{at}].satisfaction"), Reason::FieldInvalid, what);
        }
        let contact = violations.keep(read::contact(&format!("{field}[{at}].contact"), contact));
        kept.extend(contact.map(|contact| AttendeeTerms { contact, satisfaction }));
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
    if *version < 0 {
        violations.add("version", Reason::FieldInvalid, "must be 1 or more, or 0 for the last");
    }
    let version = Some(*version).filter(|version| *version > 0);
    Ok(GetInteraction { interaction: all(violations, interaction)?, version })
}

pub fn list(request: &pb::ListInteractionsRequest) -> Result<(ListInteractions, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListInteractionsRequest { parent, page_size: _, page_token: _, contact, member } =
        request;
    let account = violations.keep(parent_or_all(parent)).flatten();
    let contact = match contact.as_str() {
        "" => None,
        name => violations.keep(read::contact("contact", name)),
    };
    let member = violations.keep(read::optional_member("member", member)).flatten();
    let of = page.of(&mut violations);
    violations.finish()?;
    Ok((ListInteractions { account, contact, member, page: of }, page))
}

/// The account of a list, or all of them.
pub fn parent_or_all(parent: &str) -> Result<Option<crate::domain::names::AccountRef>, Violation> {
    if parent.is_empty() { Err(missing("parent")) } else { parse_account_or_all("parent", parent) }
}
