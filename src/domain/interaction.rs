//! What our people and those of customers said to each other. What it makes of the ties between them is
//! in [`super::edge`].

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::external_ref::ExternalRef;
use super::names::{AccountRef, ChildName, ContactRef, INTERACTIONS, MemberRef, child_name};
use super::page::PageOf;
use super::personal::Personal;
use super::stored::stored_enum;

pub const PEOPLE_MAX: usize = 50;
pub const NOTES_CHARS_MAX: usize = 4_000;
pub const SATISFACTION_MAX: i32 = 10;

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
}

/// An interaction that was held. Instants are microseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    pub id: Uuid,
    pub account_id: String,
    pub channel: Channel,
    pub direction: Direction,
    pub two_way: bool,
    pub start_us: i64,
    pub end_us: Option<i64>,
    /// The business date it began on.
    pub day: NaiveDate,
    /// Ids of members.
    pub ours: Vec<String>,
    pub theirs: Vec<Attendee>,
    pub notes: Personal,
    pub source_key: Option<ExternalRef>,
    pub recorded_by: String,
    pub recorded_us: i64,
    /// 1 as it was recorded first.
    pub version: i64,
    /// `None` of the first version.
    pub amended: Option<Amended>,
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

    /// What it counts on its day: nothing if only one side spoke.
    pub fn weight_milli(&self) -> i32 {
        if self.two_way { self.channel.weight_milli() } else { 0 }
    }
}

/// Where a page of interactions begins: behind this start and id, the latest first.
pub type InteractionKey = (i64, Uuid);

/// One of theirs as a caller says it.
#[derive(Debug, Clone, Serialize)]
pub struct AttendeeTerms {
    pub contact: ContactRef,
    pub satisfaction: Option<i32>,
}

/// An interaction as a caller says it.
#[derive(Debug, Clone, Serialize)]
pub struct InteractionTerms {
    pub channel: Channel,
    pub direction: Direction,
    pub two_way: bool,
    pub start_us: i64,
    pub end_us: Option<i64>,
    pub ours: Vec<MemberRef>,
    pub theirs: Vec<AttendeeTerms>,
    pub notes: String,
    pub source_key: Option<ExternalRef>,
}

#[derive(Debug, Clone, Serialize)]
pub struct RecordInteraction {
    pub account: AccountRef,
    pub terms: InteractionTerms,
}

#[derive(Debug, Clone, Serialize)]
pub struct AmendInteraction {
    pub interaction: ChildName,
    /// All of it, as it should have been recorded.
    pub terms: InteractionTerms,
    /// The version that was read; `None`: whichever is the last.
    pub version: Option<i64>,
    pub reason: String,
}

/// An interaction as it is, or as an earlier version of it was.
#[derive(Debug, Clone)]
pub struct GetInteraction {
    pub interaction: ChildName,
    /// `None`: the last.
    pub version: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct ListInteractions {
    /// `None`: of all accounts.
    pub account: Option<AccountRef>,
    pub contact: Option<ContactRef>,
    pub member: Option<MemberRef>,
    pub page: PageOf<InteractionKey>,
}
