//! What our people and those of customers said to each other, and when they are to meet. What it makes
//! of the ties between them is in [`super::edge`].

mod command;
pub mod stats;

pub use command::{
    AmendInteraction, AttendeeTerms, CancelInteraction, EffortTerms, Fulfilled, GetInteraction,
    HookTerms, InteractionTerms, ListInteractions, PlanInteraction, RecordInteraction,
};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::commitment::{Commitment, Created};
use super::error::{Reason, Result, Violation, Violations};
use super::external_ref::ExternalRef;
use super::gift::RegisteredGift;
use super::machine::{Transition, advance};
use super::money::Money;
use super::names::{INTERACTIONS, child_name};
use super::personal::Personal;
use super::stored::stored_enum;
use super::tier::ruling::Service;
use crate::domain::naming::NamesContacts;

pub const PEOPLE_MAX: usize = 50;
pub const NOTES_CHARS_MAX: usize = 4_000;
pub const PURPOSE_CHARS_MAX: usize = 500;
pub const TOPIC_CHARS_MAX: usize = 200;
pub const CHECKLIST_MAX: usize = 50;
pub const ITEM_CHARS_MAX: usize = 200;
pub const CAMPAIGN_CHARS_MAX: usize = 64;
pub const SATISFACTION_MAX: i32 = 10;
/// Of one of ours on one interaction.
pub const EFFORT_MINUTES_MAX: i32 = 6_000;
/// Of each kind of what is recorded with an interaction.
pub const PARTS_MAX: usize = 20;

stored_enum! {
    /// What was last said of an interaction.
    pub enum Stage {
        Planned => "PLANNED",
        Held => "HELD",
        Canceled => "CANCELED",
    }
}

stored_enum! {
    /// Where an interaction stands on a day.
    pub enum InteractionState {
        Planned => "PLANNED",
        /// Planned, and its day is over.
        Missed => "MISSED",
        Held => "HELD",
        Canceled => "CANCELED",
    }
}

stored_enum! {
    pub enum InteractionVerb {
        Record => "RECORD",
        Amend => "AMEND",
        Cancel => "CANCEL",
        /// Tell what to know before it.
        Brief => "BRIEF",
        /// Take it as what shows something, or as what was said when something was promised.
        Cite => "CITE",
    }
}

/// What may become of an interaction. What was missed is not planned anew: that is another plan.
const STATES: &[Transition<InteractionState, InteractionVerb>] = &[
    Transition {
        verb: InteractionVerb::Record,
        from: &[InteractionState::Planned, InteractionState::Missed],
        to: InteractionState::Held,
    },
    // Another version of the same state.
    Transition {
        verb: InteractionVerb::Amend,
        from: &[InteractionState::Planned, InteractionState::Held],
        to: InteractionState::Held,
    },
    Transition {
        verb: InteractionVerb::Cancel,
        from: &[InteractionState::Planned, InteractionState::Missed],
        to: InteractionState::Canceled,
    },
    Transition {
        verb: InteractionVerb::Brief,
        from: &[InteractionState::Planned, InteractionState::Missed],
        to: InteractionState::Planned,
    },
    Transition {
        verb: InteractionVerb::Cite,
        from: &[InteractionState::Held],
        to: InteractionState::Held,
    },
];

stored_enum! {
    /// What has become of a hook.
    pub enum HookState {
        Open => "OPEN",
        Used => "USED",
        Expired => "EXPIRED",
    }
}

stored_enum! {
    pub enum HookVerb {
        /// Meet for it.
        Use => "USE",
        /// Say that there is none.
        Drop => "DROP",
    }
}

const HOOK_STATES: &[Transition<HookState, HookVerb>] = &[
    Transition { verb: HookVerb::Use, from: &[HookState::Open], to: HookState::Used },
    Transition {
        verb: HookVerb::Drop,
        from: &[HookState::Open, HookState::Expired],
        to: HookState::Expired,
    },
];

/// An occasion for the next interaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextHook {
    pub topic: Personal,
    /// The last day on which it is one.
    pub by: NaiveDate,
    pub contact_id: Option<String>,
    /// The interaction that was held for it, as it is read.
    pub used_by: Option<Uuid>,
}

impl NextHook {
    pub fn state_on(&self, day: NaiveDate) -> HookState {
        match self.used_by {
            Some(_) => HookState::Used,
            None if self.by < day => HookState::Expired,
            None => HookState::Open,
        }
    }
}

/// Something to be ready before an interaction is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistItem {
    pub text: String,
    pub done: bool,
}

/// What is not ready for what is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadinessGap<'a> {
    Item(&'a str),
    /// A contact who has not confirmed.
    Attendee(&'a str),
}

stored_enum! {
    /// How an interaction is held.
    pub enum Channel {
        Visit => "VISIT",
        Service => "SERVICE",
        SiteTour => "SITE_TOUR",
        Meal => "MEAL",
        Event => "EVENT",
        Video => "VIDEO",
        Call => "CALL",
        Message => "MESSAGE",
    }
}

stored_enum! {
    /// How somebody answered what an interaction was about.
    pub enum Response {
        Interested => "INTERESTED",
        Ordered => "ORDERED",
        Declined => "DECLINED",
    }
}

stored_enum! {
    /// Who begins an interaction.
    pub enum Direction {
        Ours => "OURS",
        Theirs => "THEIRS",
    }
}

impl Channel {
    /// What one touch counts in the strength of a tie, in thousandths.
    pub const fn weight_milli(self) -> i32 {
        match self {
            Self::Visit | Self::Service | Self::SiteTour => 1_000,
            Self::Meal | Self::Event => 800,
            Self::Video => 700,
            Self::Call => 500,
            Self::Message => 200,
        }
    }

    /// Whether both sides speak, if nobody says otherwise.
    pub const fn is_two_way(self) -> bool {
        !matches!(self, Self::Message)
    }
}

/// One of theirs in an interaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    pub contact_id: String,
    /// The position that he had at the account on that day.
    pub position_id: Option<Uuid>,
    /// From 0 to [`SATISFACTION_MAX`].
    pub satisfaction: Option<i32>,
    /// He said before that he comes.
    pub confirmed: bool,
}

/// How long one of ours worked on an interaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effort {
    pub member_id: String,
    pub minutes: i32,
}

/// An interaction that was held or is planned. Instants are microseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    pub id: Uuid,
    pub account_id: String,
    pub stage: Stage,
    pub channel: Channel,
    pub direction: Direction,
    pub two_way: bool,
    pub start_us: i64,
    pub end_us: Option<i64>,
    /// The business date it begins on.
    pub day: NaiveDate,
    /// Ids of members.
    pub ours: Vec<String>,
    /// Of some of them, in their order.
    #[serde(default)]
    pub efforts: Vec<Effort>,
    pub theirs: Vec<Attendee>,
    pub purpose: Personal,
    pub notes: Personal,
    /// The principal who wrote the notes, if they are for him alone.
    pub private_to: Option<String>,
    pub campaign: Option<String>,
    pub response: Option<Response>,
    pub cost: Option<Money>,
    pub next_hook: Option<NextHook>,
    /// The interaction whose hook is the occasion for this one.
    pub uses_hook: Option<Uuid>,
    pub checklist: Vec<ChecklistItem>,
    pub source_key: Option<ExternalRef>,
    /// Who recorded it, or planned it if it was not held.
    pub recorded_by: String,
    pub recorded_us: i64,
    /// 1 as it was planned or recorded first.
    pub version: i64,
    /// `None` if it was not since it was planned or recorded.
    pub amended: Option<Amended>,
    /// An import brought it: its hook is neither work nor a finding.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
}

/// Who had a version take the place of the one before, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amended {
    pub by: String,
    /// Microseconds since the epoch.
    pub us: i64,
    pub reason: Personal,
}

impl Interaction {
    pub fn name(&self) -> String {
        child_name(&self.account_id, INTERACTIONS, self.id)
    }

    /// When what is known of it was said, in microseconds since the epoch.
    pub fn last_us(&self) -> i64 {
        self.amended.as_ref().map_or(self.recorded_us, |last| last.us)
    }

    /// Whether two say the same of what was held.
    pub fn is_same(&self, other: &Self) -> bool {
        let said = |one: &Self| Self {
            recorded_by: String::new(),
            recorded_us: 0,
            version: 0,
            amended: None,
            ..one.clone()
        };
        said(self) == said(other)
    }

    /// Whether its notes are for somebody else alone.
    pub fn hides_notes_from(&self, principal: &str, reads_private: bool) -> bool {
        !reads_private && self.private_to.as_deref().is_some_and(|author| author != principal)
    }

    /// This version, whose notes are as private as the same text is by now.
    #[must_use]
    pub fn as_kept_back_by(self, now: &Self) -> Self {
        match self.notes == now.notes {
            true => Self { private_to: now.private_to.clone(), ..self },
            false => self,
        }
    }

    /// What it counts on its day: nothing if only one side spoke.
    pub fn weight_milli(&self) -> i32 {
        if self.two_way { self.channel.weight_milli() } else { 0 }
    }

    /// Where it stands on a day.
    pub fn state_on(&self, day: NaiveDate) -> InteractionState {
        match self.stage {
            Stage::Planned if self.day < day => InteractionState::Missed,
            Stage::Planned => InteractionState::Planned,
            Stage::Held => InteractionState::Held,
            Stage::Canceled => InteractionState::Canceled,
        }
    }

    /// Refuses what its state on a day does not allow.
    ///
    /// # Errors
    /// STATE_WRONG.
    pub fn check(&self, verb: InteractionVerb, today: NaiveDate) -> Result<()> {
        advance(STATES, &self.name(), self.state_on(today), verb).map(drop)
    }

    /// What its hook is on a day and whether that may be done with it; `None` without a hook.
    ///
    /// # Errors
    /// STATE_WRONG.
    pub fn check_hook(&self, verb: HookVerb, day: NaiveDate) -> Result<Option<HookState>> {
        let state = self.next_hook.as_ref().map(|hook| hook.state_on(day));
        state.map(|state| advance(HOOK_STATES, &self.name(), state, verb)).transpose()
    }

    /// What is not ready for it, while it is planned (definition 4.38); `None` of any other.
    pub fn readiness_gaps(&self, day: NaiveDate) -> Option<Vec<ReadinessGap<'_>>> {
        if self.state_on(day) != InteractionState::Planned {
            return None;
        }
        let items = self.checklist.iter().filter(|item| !item.done);
        let items = items.map(|item| ReadinessGap::Item(&item.text));
        let people = self.theirs.iter().filter(|one| !one.confirmed);
        let people = people.map(|one| ReadinessGap::Attendee(&one.contact_id));
        Some(items.chain(people).collect())
    }

    /// Refuses a real touch, or a plan of one, that does not say what the service of the account's
    /// class asks it to.
    ///
    /// # Errors
    /// FIELD_REQUIRED with the class.
    pub fn check_served(&self, service: Option<Service<'_>>) -> Result<()> {
        let Some(service) = service.filter(|_| self.two_way) else { return Ok(()) };
        let mut violations = Violations::new();
        let asked = |field: &str| {
            let what = format!("is asked for by the service policy of class {}", service.class);
            Violation::new(field, Reason::FieldRequired, what)
        };
        if service.policy.purpose_required && self.purpose.is_empty() {
            violations.push(asked("interaction.purpose"));
        }
        let is_left = self.stage != Stage::Held || self.next_hook.is_some();
        if service.policy.hook_required && !is_left {
            violations.push(asked("interaction.next_hook"));
        }
        violations.finish()
    }
}

/// Where a page of interactions begins: behind this start and id, the latest first.
pub type InteractionKey = (i64, Uuid);

/// What was recorded in one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    pub interaction: Interaction,
    pub made: Vec<Created>,
    pub settled: Vec<Commitment>,
    pub gifts: Vec<RegisteredGift>,
    pub next_plan: Option<Interaction>,
}

impl NamesContacts for Interaction {
    fn each_contact(&mut self, take: &mut dyn FnMut(&mut String)) {
        self.theirs.iter_mut().for_each(|one| take(&mut one.contact_id));
        if let Some(hook) = &mut self.next_hook {
            hook.contact_id.iter_mut().for_each(take);
        }
    }

    /// Who took part as two took part once.
    fn settle(&mut self) {
        let mut once: Vec<Attendee> = Vec::with_capacity(self.theirs.len());
        for one in std::mem::take(&mut self.theirs) {
            match once.iter_mut().find(|other| other.contact_id == one.contact_id) {
                Some(other) => {
                    other.position_id = other.position_id.or(one.position_id);
                    other.satisfaction = other.satisfaction.or(one.satisfaction);
                    other.confirmed |= one.confirmed;
                }
                None => once.push(one),
            }
        }
        self.theirs = once;
    }
}

#[cfg(test)]
mod tests;
