//! That two people have to do with each other, as somebody told us: declared, dated, sourced. It
//! shortens the way to somebody, and is never trust.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::dated::{CannotEnd, Interval};
use super::error::{Error, Reason, Result, Violation, Violations};
use super::machine::{Transition, advance};
use super::names::{ContactRef, MemberRef, contact_name, member_name};
use super::page::PageOf;
use super::personal::Personal;
use super::position::BuyingRole;
use super::stored::stored_enum;
use crate::domain::naming::NamesContacts;

pub const SOURCE_CHARS_MAX: usize = 200;
/// All of what somebody wants.
pub const WEIGHT_MAX: i32 = 10_000;

stored_enum! {
    /// What two people have to do with each other.
    pub enum TieKind {
        Counterpart => "COUNTERPART",
        Influence => "INFLUENCE",
        Acquaintance => "ACQUAINTANCE",
        Classmate => "CLASSMATE",
        Relative => "RELATIVE",
        FormerColleague => "FORMER_COLLEAGUE",
        Introduction => "INTRODUCTION",
        Referral => "REFERRAL",
    }
}

impl TieKind {
    /// Whether it is between persons and not between what they do; it is the same both ways.
    pub const fn is_personal(self) -> bool {
        matches!(
            self,
            Self::Acquaintance | Self::Classmate | Self::Relative | Self::FormerColleague
        )
    }
}

stored_enum! {
    /// On which side somebody is.
    pub enum Side {
        Member => "MEMBER",
        Contact => "CONTACT",
    }
}

stored_enum! {
    /// Whether somebody has to look into a tie.
    pub enum Review {
        None => "NONE",
        Open => "OPEN",
        Cleared => "CLEARED",
        /// It was ended before anybody did.
        Ended => "ENDED",
    }
}

stored_enum! {
    pub enum ReviewVerb {
        Clear => "CLEAR",
    }
}

/// What may become of a review.
const REVIEWS: &[Transition<Review, ReviewVerb>] =
    &[Transition { verb: ReviewVerb::Clear, from: &[Review::Open], to: Review::Cleared }];

stored_enum! {
    pub enum TieState {
        Open => "OPEN",
        Ended => "ENDED",
    }
}

stored_enum! {
    pub enum TieVerb {
        End => "END",
    }
}

/// What may become of a tie.
const STATES: &[Transition<TieState, TieVerb>] =
    &[Transition { verb: TieVerb::End, from: &[TieState::Open], to: TieState::Ended }];

/// One of ours or of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Person {
    pub side: Side,
    pub id: String,
}

impl Person {
    pub fn name(&self) -> String {
        match self.side {
            Side::Member => member_name(&self.id),
            Side::Contact => contact_name(&self.id),
        }
    }
}

/// One of ours or of theirs, as a caller names him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum PersonRef {
    Member(MemberRef),
    Contact(ContactRef),
}

impl std::fmt::Display for PersonRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Member(name) => name.fmt(f),
            Self::Contact(name) => name.fmt(f),
        }
    }
}

impl PersonRef {
    pub fn side(&self) -> Side {
        match self {
            Self::Member(_) => Side::Member,
            Self::Contact(_) => Side::Contact,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tie {
    pub id: Uuid,
    pub from: Person,
    pub to: Person,
    pub kind: TieKind,
    /// Of influence, in basis points; else 0.
    pub weight_bp: i32,
    pub days: Interval,
    pub source: Personal,
    pub review: Review,
    /// Why it was cleared.
    pub review_reason: Option<Personal>,
    pub reviewed_by: Option<String>,
    /// When it was cleared, in microseconds since the epoch.
    #[serde(default)]
    pub reviewed_us: Option<i64>,
    pub end_reason: Option<Personal>,
    pub recorded_by: String,
}

impl Tie {
    /// `ties/{uuid}`
    pub fn name(&self) -> String {
        tie_name(self.id)
    }

    /// Whether both are the same two, in this or the other order where that does not matter.
    pub fn is_between(&self, from: &Person, to: &Person) -> bool {
        (self.from == *from && self.to == *to)
            || (self.kind.is_personal() && self.from == *to && self.to == *from)
    }

    /// Ties as they are told where some of the people may be one, in the order of ids: of those that are the same the
    /// one that is under review, else the first, and none of somebody with himself.
    pub fn once(ties: Vec<Self>) -> Vec<Self> {
        let (mut places, mut told) = (HashMap::new(), Vec::<Self>::with_capacity(ties.len()));
        for tie in ties.into_iter().filter(|tie| tie.from != tie.to) {
            let place = *places.entry(tie.what()).or_insert(told.len());
            match told.get_mut(place) {
                None => told.push(tie),
                Some(first) if tie.review == Review::Open && first.review != Review::Open => {
                    *first = tie;
                }
                Some(_) => {}
            }
        }
        told.sort_by_key(|tie| tie.id);
        told
    }

    /// Whether two are told as one, as they name people now.
    pub fn is_same(&self, other: &Self) -> bool {
        self.what() == other.what()
    }

    /// All that two ties have in common that are the same.
    fn what(&self) -> (TieKind, Person, Person, i32, [Option<NaiveDate>; 2]) {
        let (mut from, mut to) = (self.from.clone(), self.to.clone());
        if self.kind.is_personal() && to < from {
            std::mem::swap(&mut from, &mut to);
        }
        let days = [Some(self.days.first_day), self.days.last_day_known(i64::MAX)];
        (self.kind, from, to, self.weight_bp, days)
    }

    /// The one of theirs with whom one of ours has it, if it is a personal tie of such two.
    pub fn personal_contact(&self) -> Option<&str> {
        let theirs = match (self.from.side, self.to.side) {
            (Side::Member, Side::Contact) => &self.to.id,
            (Side::Contact, Side::Member) => &self.from.id,
            (Side::Member, Side::Member) | (Side::Contact, Side::Contact) => return None,
        };
        self.kind.is_personal().then_some(theirs)
    }

    /// Whether it holds on a day or later.
    pub fn lasts_on(&self, day: NaiveDate) -> bool {
        self.days.last_day_known(i64::MAX).is_none_or(|last| day <= last)
    }

    /// Opens a review, unless there is one or was one; answers whether it did.
    pub fn open_review(&mut self) -> bool {
        let opens = self.review == Review::None && self.days.end.is_none();
        if opens {
            self.review = Review::Open;
        }
        opens
    }

    /// # Errors
    /// STATE_WRONG.
    pub fn clear(&mut self, reason: Personal, by: String, us: i64) -> Result<()> {
        self.review = advance(REVIEWS, &self.name(), self.review, ReviewVerb::Clear)?;
        self.review_reason = Some(reason);
        self.reviewed_by = Some(by);
        self.reviewed_us = Some(us);
        Ok(())
    }

    /// # Errors
    /// STATE_WRONG, DATE_INVALID.
    pub fn end(&mut self, last_day: NaiveDate, us: i64, reason: Personal) -> Result<()> {
        let state = if self.days.end.is_some() { TieState::Ended } else { TieState::Open };
        advance(STATES, &self.name(), state, TieVerb::End)?;
        let refuse = |what: String| Error::invalid("valid_to", Reason::DateInvalid, what);
        self.days.end(last_day, us).map_err(|cannot| match cannot {
            CannotEnd::Ended => Error::internal("an open tie has an end"),
            CannotEnd::TooEarly(earliest) => refuse(format!(
                "{last_day} lies before {earliest}, the day before its first, by which it never was"
            )),
            CannotEnd::TooLate(said) => refuse(format!("it ends on {said} anyway")),
        })?;
        self.end_reason = Some(reason);
        if self.review == Review::Open {
            self.review = Review::Ended;
        }
        Ok(())
    }
}

/// `ties/{uuid}`
pub fn tie_name(id: Uuid) -> String {
    format!("ties/{id}")
}

/// Whether somebody in a position with these roles says yes or no.
pub fn decides(roles: &[BuyingRole]) -> bool {
    roles.iter().any(|role| matches!(role, BuyingRole::Decider | BuyingRole::Approver))
}

/// Checks that a tie of a kind goes from the one side to the other, with this weight.
pub fn check(kind: TieKind, from: Side, to: Side, weight_bp: i32, violations: &mut Violations) {
    use Side::{Contact, Member};
    let (fits, what) = match kind {
        TieKind::Counterpart => {
            ((from, to) == (Member, Contact), "from one of ours to one of theirs")
        }
        TieKind::Influence | TieKind::Referral => {
            ((from, to) == (Contact, Contact), "from one of theirs to one of theirs")
        }
        TieKind::Introduction => (to == Contact, "to one of theirs"),
        TieKind::Acquaintance
        | TieKind::Classmate
        | TieKind::Relative
        | TieKind::FormerColleague => ((from, to) != (Member, Member), "with one of theirs"),
    };
    if !fits {
        violations.add("tie.to", Reason::FieldInvalid, format!("{kind} goes {what}"));
    }
    let is_weight = match kind {
        TieKind::Influence => (1..=WEIGHT_MAX).contains(&weight_bp),
        _ => weight_bp == 0,
    };
    if !is_weight {
        let what = format!("is 1 to {WEIGHT_MAX} of INFLUENCE, and 0 of all others");
        violations.push(Violation::new("tie.weight_bp", Reason::FieldInvalid, what));
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct CreateTie {
    pub from: PersonRef,
    pub to: PersonRef,
    pub kind: TieKind,
    pub weight_bp: i32,
    /// `None` is the business date.
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub source: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct EndTie {
    pub tie: Uuid,
    /// `None` is the business date.
    pub last_day: Option<NaiveDate>,
    pub reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct ClearTieReview {
    pub tie: Uuid,
    pub reason: String,
}

/// Which ties to list; `None` is no restriction.
#[derive(Debug, Clone)]
pub struct ListTies {
    /// Whose, on either side.
    pub person: Option<PersonRef>,
    pub kind: Option<TieKind>,
    pub review: Option<Review>,
    /// Only those that hold on this day.
    pub as_of: Option<NaiveDate>,
    pub page: PageOf,
}

impl NamesContacts for Tie {
    fn each_contact(&mut self, take: &mut dyn FnMut(&mut String)) {
        let theirs = [&mut self.from, &mut self.to].into_iter();
        theirs.filter(|one| one.side == Side::Contact).for_each(|one| take(&mut one.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(kind: TieKind, from: Side, to: Side, weight_bp: i32) -> Vec<String> {
        let mut violations = Violations::new();
        check(kind, from, to, weight_bp, &mut violations);
        match violations.finish() {
            Err(Error::Invalid(faults)) => faults.into_iter().map(|fault| fault.field).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn each_kind_goes_between_its_sides_and_influence_alone_has_a_weight() {
        use Side::{Contact, Member};
        let to = ["tie.to"];
        assert!(faults(TieKind::Counterpart, Member, Contact, 0).is_empty());
        assert_eq!(faults(TieKind::Counterpart, Contact, Member, 0), to);
        assert!(faults(TieKind::Influence, Contact, Contact, 1).is_empty());
        assert_eq!(faults(TieKind::Influence, Member, Contact, 0), ["tie.to", "tie.weight_bp"]);
        assert_eq!(faults(TieKind::Influence, Contact, Contact, 10_001), ["tie.weight_bp"]);
        assert_eq!(faults(TieKind::Classmate, Member, Member, 0), to);
        assert_eq!(faults(TieKind::Classmate, Contact, Member, 5), ["tie.weight_bp"]);
        assert!(faults(TieKind::Introduction, Member, Contact, 0).is_empty());
        assert_eq!(faults(TieKind::Introduction, Contact, Member, 0), to);
    }
}
