//! What happened with an account, one of theirs or one of ours, in one order of time. An entry stands for
//! a fact and leads to its resource: it holds names, figures and words of closed sets, nothing that people
//! wrote. Ledger documents are no part of it; who broke his word is told by the days and by no entry.

pub mod fact;

use chrono::NaiveDate;
use uuid::Uuid;

use super::dates::NO_DATE;
use super::money::Money;
use super::names::{
    AccountRef, COMMITMENTS, CREDIT_HOLDS, CREDIT_LIMITS, DISPUTES, INTERACTIONS, POSITIONS,
    PROMISES, TEAM_MEMBERS, TIER_ASSIGNMENTS, TIER_OVERRIDES, account_name, child_name,
    contact_name, member_name,
};
use super::naming::NamesContacts;
use super::page::PageOf;
use super::stored::stored_enum;
use super::tie::{Person, PersonRef, Side, tie_name};

/// Entries of one type that are counted; of more it is told that there are.
pub const COUNT_MAX: i64 = 10_000;

const DAY_MICROS: i64 = 86_400_000_000;
const NOON_MICROS: i64 = DAY_MICROS / 2;
/// What ends something stands so far behind what begins it on the same day.
const END_MICROS: i64 = 1_000_000;

stored_enum! {
    pub enum TimelineType {
        InteractionHeld => "INTERACTION_HELD",
        InteractionCanceled => "INTERACTION_CANCELED",
        CommitmentMade => "COMMITMENT_MADE",
        CommitmentDelegated => "COMMITMENT_DELEGATED",
        CommitmentKept => "COMMITMENT_KEPT",
        /// Behind its due date.
        CommitmentKeptLate => "COMMITMENT_KEPT_LATE",
        CommitmentWithdrawn => "COMMITMENT_WITHDRAWN",
        /// To pay.
        PromiseMade => "PROMISE_MADE",
        PromiseWithdrawn => "PROMISE_WITHDRAWN",
        DisputeOpened => "DISPUTE_OPENED",
        DisputeResolved => "DISPUTE_RESOLVED",
        HoldPlaced => "HOLD_PLACED",
        HoldReleased => "HOLD_RELEASED",
        LimitSet => "LIMIT_SET",
        /// By a run, or by a person who decided about what a run proposed.
        TierChanged => "TIER_CHANGED",
        TierOverridden => "TIER_OVERRIDDEN",
        TierOverrideEnded => "TIER_OVERRIDE_ENDED",
        OwnerChanged => "OWNER_CHANGED",
        TeamMemberAssigned => "TEAM_MEMBER_ASSIGNED",
        TeamMembershipEnded => "TEAM_MEMBERSHIP_ENDED",
        PositionTaken => "POSITION_TAKEN",
        PositionLeft => "POSITION_LEFT",
        TieOpened => "TIE_OPENED",
        TieEnded => "TIE_ENDED",
        TieReviewCleared => "TIE_REVIEW_CLEARED",
        /// Records of one person count as one.
        ContactsMerged => "CONTACTS_MERGED",
        MergeUndone => "MERGE_UNDONE",
    }
}

impl TimelineType {
    /// Whether it happens on a day and at no time of it.
    pub const fn is_dated(self) -> bool {
        !matches!(
            self,
            Self::InteractionHeld
                | Self::InteractionCanceled
                | Self::CommitmentDelegated
                | Self::HoldPlaced
                | Self::HoldReleased
                | Self::TieReviewCleared
                | Self::ContactsMerged
                | Self::MergeUndone
        )
    }

    /// The scope by which its resource is read.
    pub const fn scope(self) -> &'static str {
        match self {
            Self::InteractionHeld
            | Self::InteractionCanceled
            | Self::CommitmentMade
            | Self::CommitmentDelegated
            | Self::CommitmentKept
            | Self::CommitmentKeptLate
            | Self::CommitmentWithdrawn => "interactions.read",
            Self::PromiseMade
            | Self::PromiseWithdrawn
            | Self::DisputeOpened
            | Self::DisputeResolved => "receivables.read",
            Self::HoldPlaced | Self::HoldReleased | Self::LimitSet => "credit.read",
            Self::TierChanged | Self::TierOverridden | Self::TierOverrideEnded => "tiers.read",
            Self::OwnerChanged | Self::TeamMemberAssigned | Self::TeamMembershipEnded => {
                "people.read"
            }
            Self::PositionTaken
            | Self::PositionLeft
            | Self::TieOpened
            | Self::TieEnded
            | Self::TieReviewCleared
            | Self::ContactsMerged
            | Self::MergeUndone => "contacts.read",
        }
    }

    /// The collection of an account that its resource is in; `None` of ties and contacts, which are of no
    /// account.
    const fn collection(self) -> Option<&'static str> {
        Some(match self {
            Self::InteractionHeld | Self::InteractionCanceled => INTERACTIONS,
            Self::CommitmentMade
            | Self::CommitmentDelegated
            | Self::CommitmentKept
            | Self::CommitmentKeptLate
            | Self::CommitmentWithdrawn => COMMITMENTS,
            Self::PromiseMade | Self::PromiseWithdrawn => PROMISES,
            Self::DisputeOpened | Self::DisputeResolved => DISPUTES,
            Self::HoldPlaced | Self::HoldReleased => CREDIT_HOLDS,
            Self::LimitSet => CREDIT_LIMITS,
            Self::TierChanged => TIER_ASSIGNMENTS,
            Self::TierOverridden | Self::TierOverrideEnded => TIER_OVERRIDES,
            Self::OwnerChanged | Self::TeamMemberAssigned | Self::TeamMembershipEnded => {
                TEAM_MEMBERS
            }
            Self::PositionTaken | Self::PositionLeft => POSITIONS,
            Self::TieOpened
            | Self::TieEnded
            | Self::TieReviewCleared
            | Self::ContactsMerged
            | Self::MergeUndone => return None,
        })
    }
}

/// Where a day stands among instants, in microseconds since the epoch: at noon in UTC, which is on that
/// day nearly wherever the business is.
pub fn begins(day: NaiveDate) -> i64 {
    let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc();
    midnight.timestamp_micros() + NOON_MICROS
}

/// As [`begins`], of what ends something on that day.
pub fn ends(day: NaiveDate) -> i64 {
    begins(day) + END_MICROS
}

/// Whose timeline it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Parent {
    Account(String),
    Member(String),
    Contact(String),
}

/// Whose timeline it is, as a caller names it.
#[derive(Debug, Clone)]
pub enum ParentRef {
    Account(AccountRef),
    Person(PersonRef),
}

impl Parent {
    pub fn name(&self) -> String {
        match self {
            Self::Account(id) => account_name(id),
            Self::Member(id) => member_name(id),
            Self::Contact(id) => contact_name(id),
        }
    }
}

impl From<&Person> for Parent {
    fn from(person: &Person) -> Self {
        match person.side {
            Side::Member => Self::Member(person.id.clone()),
            Side::Contact => Self::Contact(person.id.clone()),
        }
    }
}

/// What a fact leaves on timelines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub of_type: TimelineType,
    /// Microseconds since the epoch.
    pub occur_us: i64,
    /// Of the fact.
    pub id: Uuid,
    pub account_id: Option<String>,
    /// One word more about it, of a closed set or a code.
    pub detail: Option<String>,
    /// Who recorded it.
    pub actor: Option<String>,
    pub amount: Option<Money>,
    /// The timelines on which it stands, each once.
    pub on: Vec<On>,
}

/// An entry on one timeline, and whom it names there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct On {
    pub parent: Parent,
    pub member_id: Option<String>,
    pub contact_id: Option<String>,
    pub position_id: Option<Uuid>,
}

impl On {
    fn bare(parent: Parent) -> Self {
        Self { parent, member_id: None, contact_id: None, position_id: None }
    }
}

/// An entry as it is read on one timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub of_type: TimelineType,
    pub occur_us: i64,
    pub id: Uuid,
    pub account_id: Option<String>,
    pub member_id: Option<String>,
    pub contact_id: Option<String>,
    pub position_id: Option<Uuid>,
    pub detail: Option<String>,
    pub actor: Option<String>,
    pub amount: Option<Money>,
}

impl Told {
    /// Name of the resource that tells all of it.
    pub fn subject(&self) -> String {
        if self.tells_merge() {
            return contact_name(self.contact_id.as_deref().unwrap_or_default());
        }
        let id = match self.of_type {
            TimelineType::PositionTaken | TimelineType::PositionLeft => {
                self.position_id.unwrap_or(self.id)
            }
            _ => self.id,
        };
        match (self.of_type.collection(), &self.account_id) {
            (Some(collection), Some(account_id)) => child_name(account_id, collection, id),
            (None, _) | (_, None) => tie_name(id),
        }
    }

    /// Whether it is that records became one, or are no more.
    fn tells_merge(&self) -> bool {
        matches!(self.of_type, TimelineType::ContactsMerged | TimelineType::MergeUndone)
    }

    /// The day of what happens on one; of anything else the clock tells it.
    pub fn day(&self) -> Option<NaiveDate> {
        let day = self.occur_us.div_euclid(DAY_MICROS);
        let epoch = chrono::DateTime::UNIX_EPOCH.date_naive();
        let day = epoch.checked_add_signed(chrono::TimeDelta::days(day)).unwrap_or(NO_DATE);
        self.of_type.is_dated().then_some(day)
    }

    pub fn key(&self) -> TimelineKey {
        TimelineKey { occur_us: self.occur_us, id: self.id, of_type: self.of_type }
    }
}

/// Who came to count as another is named as he was.
impl NamesContacts for Told {
    fn each_contact(&mut self, take: &mut dyn FnMut(&mut String)) {
        if !self.tells_merge() {
            self.contact_id.iter_mut().for_each(take);
        }
    }
}

/// Where a page of a timeline begins: behind this entry, the latest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimelineKey {
    pub occur_us: i64,
    pub id: Uuid,
    pub of_type: TimelineType,
}

/// From when until when: each of two the first instant, and the first behind the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within {
    /// Of what happens on days.
    pub dated: (i64, i64),
    /// Of what happens at instants.
    pub timed: (i64, i64),
}

impl Within {
    /// The days from `from` through `to`; `start_of` tells when a day of the business begins.
    pub fn days(
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        start_of: impl Fn(NaiveDate) -> i64,
    ) -> Self {
        let next = to.and_then(|to| to.succ_opt());
        let bounds = |start: &dyn Fn(NaiveDate) -> i64| {
            (from.map_or(i64::MIN, start), next.map_or(i64::MAX, start))
        };
        Self { dated: bounds(&|day| begins(day) - NOON_MICROS), timed: bounds(&start_of) }
    }

    pub fn of(&self, of_type: TimelineType) -> (i64, i64) {
        if of_type.is_dated() { self.dated } else { self.timed }
    }
}

/// How many entries of a type there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub of_type: TimelineType,
    /// At most [`COUNT_MAX`].
    pub entries: i64,
    /// There are more.
    pub more: bool,
}

/// ListTimeline.
#[derive(Debug, Clone)]
pub struct ListTimeline {
    pub parent: ParentRef,
    /// Empty: whatever the caller may read.
    pub types: Vec<TimelineType>,
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
    pub counted: bool,
    pub page: PageOf<TimelineKey>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, n).unwrap()
    }

    fn told(of_type: TimelineType, occur_us: i64) -> Told {
        Told {
            of_type,
            occur_us,
            id: Uuid::nil(),
            account_id: Some("acme".into()),
            member_id: None,
            contact_id: None,
            position_id: None,
            detail: None,
            actor: None,
            amount: None,
        }
    }

    #[test]
    fn a_day_is_told_as_it_was_whatever_ends_on_it() {
        let of = |occur_us| told(TimelineType::CommitmentKept, occur_us).day();
        assert_eq!((of(begins(day(9))), of(ends(day(9)))), (Some(day(9)), Some(day(9))));
        let old = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap();
        assert_eq!(of(begins(old)), Some(old));
        assert_eq!(of(begins(NO_DATE)), Some(NO_DATE));
        assert!(begins(day(9)) < ends(day(9)) && ends(day(9)) < begins(day(10)));
        assert_eq!(told(TimelineType::HoldPlaced, 0).day(), None);
    }

    #[test]
    fn days_bound_what_has_a_day_by_it_and_the_rest_by_the_clock_of_the_business() {
        // Eight hours ahead.
        let start_of = |day| begins(day) - NOON_MICROS - 8 * 3_600_000_000;
        let within = Within::days(Some(day(2)), Some(day(2)), start_of);
        let (from, to) = within.of(TimelineType::TieOpened);
        assert!(from <= begins(day(2)) && ends(day(2)) < to);
        assert!(begins(day(1)) < from && to <= begins(day(3)));
        assert_eq!(within.of(TimelineType::HoldPlaced), (start_of(day(2)), start_of(day(3))));
        let all = Within::days(None, None, start_of);
        assert_eq!(all.of(TimelineType::HoldPlaced), (i64::MIN, i64::MAX));
    }

    #[test]
    fn every_entry_leads_to_a_resource() {
        let subjects: BTreeSet<String> = TimelineType::ALL
            .iter()
            .map(|of_type| told(*of_type, 0).subject())
            .map(|name| name.replace(&Uuid::nil().to_string(), "-"))
            .collect();
        let of_acme = |collection: &str| format!("accounts/acme/{collection}/-");
        let collections = [
            COMMITMENTS,
            CREDIT_HOLDS,
            CREDIT_LIMITS,
            DISPUTES,
            INTERACTIONS,
            POSITIONS,
            PROMISES,
            TEAM_MEMBERS,
            TIER_ASSIGNMENTS,
            TIER_OVERRIDES,
        ];
        let mut expected: BTreeSet<String> = collections.map(of_acme).into();
        expected.insert("ties/-".into());
        expected.insert("contacts/".into());
        assert_eq!(subjects, expected);
    }
}
