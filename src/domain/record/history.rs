//! What was said, promised and given, as records say it. It is recorded with the day and the people
//! of the record, and is never edited but for interactions, which are amended.

use chrono::{NaiveDate, NaiveTime};

use super::differs;
use crate::domain::commitment::{Commitment, CommitmentTerms, EvidenceTerms, Settlement};
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::external_ref::ExternalRef;
use crate::domain::gift::{Gift, GiftTerms};
use crate::domain::interaction::{
    AttendeeTerms, Channel, ChecklistItem, Direction, EffortTerms, HookTerms, Interaction,
    InteractionTerms, Response,
};
use crate::domain::money::Money;
use crate::domain::names::{AccountRef, ChildName, ContactRef, MemberRef};
use crate::domain::tie::{CreateTie, PersonRef, Tie};

/// An interaction that was held. What is empty is not carried.
#[derive(Debug, Clone)]
pub struct InteractionRecord {
    pub account: AccountRef,
    pub source_key: ExternalRef,
    pub said: Said,
}

/// What is said of an interaction.
#[derive(Debug, Clone, Default)]
pub struct Said {
    pub channel: Option<Channel>,
    pub direction: Option<Direction>,
    pub two_way: Option<bool>,
    pub start_us: Option<i64>,
    /// Instead of it, the day by the business's time zone, and the time of that day if it is known.
    pub local_start: Option<(NaiveDate, Option<NaiveTime>)>,
    pub end_us: Option<i64>,
    pub ours: Vec<MemberRef>,
    pub efforts: Vec<EffortTerms>,
    pub theirs: Vec<AttendeeTerms>,
    pub purpose: String,
    pub notes: String,
    pub private: bool,
    pub campaign: Option<String>,
    pub response: Option<Response>,
    pub cost: Option<Money>,
    pub next_hook: Option<HookTerms>,
    pub uses_hook: Option<ChildName>,
    pub checklist: Vec<ChecklistItem>,
}

impl InteractionRecord {
    /// What a new interaction is made of.
    ///
    /// # Errors
    /// FIELD_REQUIRED.
    pub fn of_new(&self) -> Result<InteractionTerms> {
        let said = self.said.clone();
        let mut violations = Violations::new();
        let mut need = |field: &str, is_there: bool| {
            if !is_there {
                let what = "is required of an interaction that is not there yet";
                violations.add(format!("interaction.{field}"), Reason::FieldRequired, what);
            }
        };
        need("channel", said.channel.is_some());
        need("start_time", said.start_us.is_some());
        need("ours", !said.ours.is_empty());
        need("theirs", !said.theirs.is_empty());
        let topic = said.next_hook.as_ref().is_none_or(|hook| !hook.topic.is_empty());
        need("next_hook.topic", topic);
        violations.finish()?;
        let channel = said.channel.unwrap_or(Channel::Visit);
        Ok(InteractionTerms {
            channel,
            direction: said.direction.unwrap_or(Direction::Ours),
            two_way: said.two_way.unwrap_or_else(|| channel.is_two_way()),
            start_us: said.start_us.unwrap_or_default(),
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
            source_key: Some(self.source_key.clone()),
        })
    }

    /// What it makes of an interaction that is there; texts that are empty stay as they were.
    pub fn over(&self, was: &Interaction) -> InteractionTerms {
        let said = self.said.clone();
        let ours = || was.ours.iter().cloned().map(MemberRef::Id).collect();
        let theirs = || {
            let of = |one: &crate::domain::interaction::Attendee| AttendeeTerms {
                contact: ContactRef::Id(one.contact_id.clone()),
                satisfaction: one.satisfaction,
                confirmed: one.confirmed,
            };
            was.theirs.iter().map(of).collect()
        };
        let hook = || {
            was.next_hook.as_ref().map(|hook| HookTerms {
                topic: String::new(),
                by: hook.by,
                contact: hook.contact_id.clone().map(ContactRef::Id),
            })
        };
        let account = AccountRef::Id(was.account_id.clone());
        let used = || was.uses_hook.map(|id| ChildName { account, id });
        InteractionTerms {
            channel: said.channel.unwrap_or(was.channel),
            direction: said.direction.unwrap_or(was.direction),
            two_way: said.two_way.unwrap_or(was.two_way),
            start_us: said.start_us.unwrap_or(was.start_us),
            end_us: said.end_us.or(was.end_us),
            ours: if said.ours.is_empty() { ours() } else { said.ours },
            efforts: said.efforts,
            theirs: if said.theirs.is_empty() { theirs() } else { said.theirs },
            purpose: said.purpose,
            notes: said.notes,
            private: said.private || was.private_to.is_some(),
            campaign: said.campaign.or_else(|| was.campaign.clone()),
            response: said.response.or(was.response),
            cost: said.cost.or(was.cost),
            next_hook: match (said.next_hook, hook()) {
                (Some(said), Some(was)) => {
                    Some(HookTerms { contact: said.contact.or(was.contact), ..said })
                }
                (said, was) => said.or(was),
            },
            uses_hook: said.uses_hook.or_else(used),
            checklist: match said.checklist.is_empty() {
                true => was.checklist.clone(),
                false => said.checklist,
            },
            // By it, or by its id, it is known.
            source_key: was.source_key.clone(),
        }
    }

    /// What people are said to have been, and what was known of them where nothing is said now: how
    /// satisfied they were, that they confirmed, and how long ours worked on it.
    pub fn keep_of(&self, was: &Interaction, now: &mut Interaction) {
        for one in &mut now.theirs {
            let before = was.theirs.iter().find(|other| other.contact_id == one.contact_id);
            if let Some(before) = before {
                one.satisfaction = one.satisfaction.or(before.satisfaction);
                one.confirmed |= before.confirmed;
            }
        }
        let silent = |id: &String| now.efforts.iter().all(|one| one.member_id != *id);
        let kept: Vec<_> = now
            .ours
            .iter()
            .filter(|id| silent(id))
            .filter_map(|id| was.efforts.iter().find(|one| one.member_id == *id).cloned())
            .collect();
        now.efforts.extend(kept);
        let place = |id: &str| now.ours.iter().position(|one| one == id);
        now.efforts.sort_by_key(|one| place(&one.member_id));
    }
}

/// That two people have to do with each other.
#[derive(Debug, Clone)]
pub struct TieRecord {
    pub tie: CreateTie,
}

impl TieRecord {
    /// The field that names somebody of a kind, where one of the two may be.
    pub fn field_of(&self, kind: &str) -> &'static str {
        let is_from = match &self.tie.from {
            PersonRef::Member(_) => kind == "member",
            PersonRef::Contact(_) => kind == "contact",
        };
        if is_from { "tie.from" } else { "tie.to" }
    }

    /// Whether a tie of both and of its kind is the one that it is of: they share a day.
    pub fn is_of(&self, tie: &Tie, today: NaiveDate) -> bool {
        let first = self.tie.valid_from.unwrap_or(today);
        let first = self.tie.valid_to.map_or(first, |last| first.min(last));
        let last = tie.days.last_day_known(i64::MAX);
        last.is_none_or(|last| first <= last)
            && self.tie.valid_to.is_none_or(|last| tie.days.first_day <= last)
    }
}

/// What one side promised.
#[derive(Debug, Clone)]
pub struct CommitmentRecord {
    pub source_key: ExternalRef,
    pub account: Option<AccountRef>,
    /// `None`: it is known already.
    pub terms: Option<CommitmentTerms>,
    /// Of the interaction in which it was promised.
    pub interaction_key: Option<ExternalRef>,
    pub settling: Option<SettlingTerms>,
}

/// How it was settled.
#[derive(Debug, Clone)]
pub struct SettlingTerms {
    pub settlement: Settlement,
    pub evidence: Vec<EvidenceTerms>,
    /// `None` is the business date.
    pub withdraw_date: Option<NaiveDate>,
    pub reason: String,
}

/// Refuses terms that are others than those of a commitment that is known.
///
/// # Errors
/// FIELD_INVALID at the first that differs.
pub fn check_commitment(
    known: &Commitment,
    said: &CommitmentTerms,
    member_id: &str,
    contact_id: &str,
) -> Result<()> {
    let same = [
        ("side", known.side == said.side),
        ("member", known.member_id == member_id),
        ("contact", known.contact_id == contact_id),
        ("text", known.text.expose() == said.text),
        ("amount", said.amount.is_none() || said.amount == known.amount),
        ("made_date", said.made_date.is_none_or(|day| day == known.made_date)),
        ("due_date", known.due_date == said.due_date),
    ];
    first_that_differs("commitment", &known.name(), &same)
}

/// Something that was given.
#[derive(Debug, Clone)]
pub struct GiftRecord {
    pub source_key: ExternalRef,
    pub account: AccountRef,
    pub terms: GiftTerms,
    /// Of the interaction in which it was given.
    pub interaction_key: Option<ExternalRef>,
}

/// Refuses terms that are others than those of a gift that is known.
///
/// # Errors
/// FIELD_INVALID at the first that differs.
pub fn check_gift(known: &Gift, said: &GiftTerms, member_id: &str, contact_id: &str) -> Result<()> {
    let same = [
        ("kind", known.kind == said.kind),
        ("value", known.value == said.value),
        ("heads", known.heads == said.heads),
        ("date", said.day.is_none_or(|day| day == known.day)),
        ("member", known.member_id == member_id),
        ("contact", known.contact_id == contact_id),
        ("occasion", known.occasion.expose() == said.occasion),
    ];
    first_that_differs("gift", &known.name(), &same)
}

fn first_that_differs(resource: &str, name: &str, same: &[(&str, bool)]) -> Result<()> {
    match same.iter().find(|(_, same)| !same) {
        Some((field, _)) => Err(differs(&format!("{resource}.{field}"), name)),
        None => Ok(()),
    }
}
