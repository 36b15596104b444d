//! What one side promised a person of the other by a day. Only evidence shows that a promise was kept,
//! and the day after its due date breaks it by itself: no job has to run for it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::{Error, Reason, Result};
use super::machine::{Transition, advance};
use super::money::Money;
use super::names::{AccountRef, COMMITMENTS, ChildName, ContactRef, MemberRef, child_name};
use super::page::PageOf;
use super::personal::Personal;
use super::promise::PromiseState;
use super::receivables::Promise;
use super::stored::stored_enum;
use crate::domain::naming::NamesContacts;

pub const TEXT_CHARS_MAX: usize = 2_000;
pub const NOTE_CHARS_MAX: usize = 500;
pub const EVIDENCE_MAX: usize = 20;
/// More open promises of one maker at one account are more than he is likely to keep.
pub const OPEN_LOAD_MAX: i64 = 5;

stored_enum! {
    /// Who promised.
    pub enum CommitmentSide {
        Ours => "OURS",
        Theirs => "THEIRS",
    }
}

stored_enum! {
    pub enum CommitmentState {
        Open => "OPEN",
        Kept => "KEPT",
        /// Done behind its due date: it counts as broken.
        KeptLate => "KEPT_LATE",
        /// Of a promise to pay, of which some came in time.
        KeptPartly => "KEPT_PARTLY",
        Broken => "BROKEN",
        Withdrawn => "WITHDRAWN",
    }
}

stored_enum! {
    pub enum CommitmentVerb {
        Keep => "KEEP",
        Withdraw => "WITHDRAW",
        Delegate => "DELEGATE",
    }
}

stored_enum! {
    /// How a commitment was settled.
    pub enum Settlement {
        Kept => "KEPT",
        Withdrawn => "WITHDRAWN",
    }
}

/// What may become of a commitment. Whether it was kept in time its evidence says.
pub const STATES: &[Transition<CommitmentState, CommitmentVerb>] = &[
    Transition {
        verb: CommitmentVerb::Keep,
        from: &[CommitmentState::Open, CommitmentState::Broken],
        to: CommitmentState::Kept,
    },
    // What is broken stays so: nobody is released from it afterwards.
    Transition {
        verb: CommitmentVerb::Withdraw,
        from: &[CommitmentState::Open],
        to: CommitmentState::Withdrawn,
    },
    Transition {
        verb: CommitmentVerb::Delegate,
        from: &[CommitmentState::Open],
        to: CommitmentState::Open,
    },
];

/// What shows that a commitment was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub day: NaiveDate,
    pub interaction_id: Option<Uuid>,
    pub note: Personal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    pub settlement: Settlement,
    /// Of the earliest evidence, or of the withdrawal.
    pub day: NaiveDate,
    pub evidence: Vec<Evidence>,
    /// Why it was withdrawn, or what was said when it was shown to be kept.
    pub reason: Personal,
    pub by: String,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    pub id: Uuid,
    pub account_id: String,
    pub side: CommitmentSide,
    /// One of ours: the maker, or by THEIRS who was promised something.
    pub member_id: String,
    /// One of theirs.
    pub contact_id: String,
    pub text: Personal,
    pub amount: Option<Money>,
    pub made_date: NaiveDate,
    pub due_date: NaiveDate,
    pub interaction_id: Option<Uuid>,
    pub delegated_to: Option<String>,
    pub settled: Option<Settled>,
    pub recorded_by: String,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
}

impl Commitment {
    pub fn name(&self) -> String {
        child_name(&self.account_id, COMMITMENTS, self.id)
    }

    /// What has become of it by a day.
    pub fn state_on(&self, day: NaiveDate) -> CommitmentState {
        match &self.settled {
            Some(settled) if settled.day <= day => match settled.settlement {
                Settlement::Withdrawn => CommitmentState::Withdrawn,
                Settlement::Kept if settled.day <= self.due_date => CommitmentState::Kept,
                Settlement::Kept => CommitmentState::KeptLate,
            },
            _ if self.due_date < day => CommitmentState::Broken,
            _ => CommitmentState::Open,
        }
    }

    /// Which of ours is to keep it on a day: whom it was delegated to while it is not due, and then
    /// whoever gave his word. `None` of theirs and of what is settled.
    pub fn responsible_on(&self, day: NaiveDate) -> Option<&str> {
        let delegate = self.delegated_to.as_ref();
        match (self.side, self.state_on(day)) {
            (CommitmentSide::Ours, CommitmentState::Open) => {
                Some(delegate.unwrap_or(&self.member_id))
            }
            (CommitmentSide::Ours, CommitmentState::Broken) => Some(&self.member_id),
            _ => None,
        }
    }

    fn check(&self, verb: CommitmentVerb, today: NaiveDate) -> Result<()> {
        // Settled by a clock that is a day ahead it is settled all the same.
        let day = self.settled.as_ref().map_or(today, |settled| settled.day.max(today));
        advance(STATES, &self.name(), self.state_on(day), verb).map(drop)
    }

    /// Takes an interaction that shows it to be kept to have been held on another day.
    ///
    /// # Errors
    /// DATE_INVALID: a day before the promise, or ahead.
    pub fn shown_on(
        &mut self,
        interaction_id: Uuid,
        day: NaiveDate,
        today: NaiveDate,
    ) -> Result<()> {
        let name = self.name();
        let Some(settled) = &mut self.settled else { return Ok(()) };
        let by_it = |one: &&mut Evidence| one.interaction_id == Some(interaction_id);
        for one in settled.evidence.iter_mut().filter(by_it) {
            if day < self.made_date || day > today {
                let made = self.made_date;
                let what = format!("{day} lies before {made}, and it shows {name} to be kept");
                return Err(Error::invalid("interaction.start_time", Reason::DateInvalid, what));
            }
            one.day = day;
        }
        settled.day = settled.evidence.iter().map(|one| one.day).min().unwrap_or(settled.day);
        Ok(())
    }

    /// Settles it, with evidence or without.
    ///
    /// # Errors
    /// STATE_WRONG, DATE_INVALID.
    pub fn settle(&mut self, outcome: Settling, by: &str, today: NaiveDate, us: i64) -> Result<()> {
        let settled = match outcome {
            Settling::Kept(evidence, reason) => {
                self.check(CommitmentVerb::Keep, today)?;
                for (at, one) in evidence.iter().enumerate() {
                    check_day(at, one.day, self.made_date, today)?;
                }
                let day = evidence.iter().map(|one| one.day).min();
                let day = day.ok_or_else(|| Error::internal("kept, and no evidence"))?;
                (Settlement::Kept, day, evidence, reason)
            }
            Settling::Withdrawn(reason) => {
                self.check(CommitmentVerb::Withdraw, today)?;
                (Settlement::Withdrawn, today, Vec::new(), reason)
            }
        };
        let (settlement, day, evidence, reason) = settled;
        let by = by.to_owned();
        self.settled = Some(Settled { settlement, day, evidence, reason, by, recorded_us: us });
        Ok(())
    }

    /// Gives it to another of ours, who is to keep it until it is due.
    ///
    /// # Errors
    /// STATE_WRONG, `FIELD_INVALID` (theirs).
    pub fn delegate(&mut self, member_id: String, today: NaiveDate) -> Result<()> {
        if self.side == CommitmentSide::Theirs {
            let what = "is a promise of theirs: whom they have it kept by is theirs to decide";
            return Err(Error::invalid("name", Reason::FieldInvalid, what));
        }
        self.check(CommitmentVerb::Delegate, today)?;
        // Given back to whoever promised it is delegated to nobody.
        self.delegated_to = Some(member_id).filter(|id| *id != self.member_id);
        Ok(())
    }
}

fn check_day(at: usize, day: NaiveDate, made: NaiveDate, today: NaiveDate) -> Result<()> {
    let field = format!("evidence[{at}].date");
    if day < made {
        let what = format!("{day} lies before {made}, the day of the promise");
        return Err(Error::invalid(field, Reason::DateInvalid, what));
    }
    if day > today {
        let what = format!("{day} lies ahead of the business date, {today}");
        return Err(Error::invalid(field, Reason::DateInvalid, what));
    }
    Ok(())
}

/// How a commitment is to be settled.
#[derive(Debug, Clone)]
pub enum Settling {
    Kept(Vec<Evidence>, Personal),
    Withdrawn(Personal),
}

/// What ours kept and broke of their promises to a person, by a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Word {
    /// Day of the evidence of the last one that was kept.
    pub last_kept: Option<NaiveDate>,
    /// Due date of the last one that was broken.
    pub last_broken: Option<NaiveDate>,
}

impl Word {
    /// With what was promised to another record of him.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            last_kept: self.last_kept.max(other.last_kept),
            last_broken: self.last_broken.max(other.last_broken),
        }
    }

    /// Whether one was kept, and none broken after it (definition 4.5).
    pub fn is_kept(&self) -> bool {
        // It is broken on the day after its due date.
        self.last_kept.is_some_and(|kept| self.last_broken.is_none_or(|due| due < kept))
    }
}

/// Where a page of commitments begins: behind this due date and id.
pub type CommitmentKey = (NaiveDate, Uuid);

/// What is listed as promised: a commitment, or a promise to pay, which is a fact of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    Commitment(Commitment),
    Promise(Promise),
}

impl Listed {
    /// Of a promise to pay the day promised, as the ledger lists it, without days of grace.
    pub fn key(&self) -> CommitmentKey {
        match self {
            Self::Commitment(of) => (of.due_date, of.id),
            Self::Promise(of) => (of.pay_by_date, of.id),
        }
    }
}

/// What a state of a promise to pay is told as.
pub fn state_of_promise(state: PromiseState) -> CommitmentState {
    match state {
        PromiseState::Open => CommitmentState::Open,
        PromiseState::Kept => CommitmentState::Kept,
        PromiseState::PartiallyKept => CommitmentState::KeptPartly,
        PromiseState::Broken => CommitmentState::Broken,
        PromiseState::Withdrawn | PromiseState::Lapsed => CommitmentState::Withdrawn,
    }
}

/// A commitment as a caller says it.
#[derive(Debug, Clone, Serialize)]
pub struct CommitmentTerms {
    pub side: CommitmentSide,
    pub member: MemberRef,
    pub contact: ContactRef,
    pub text: String,
    pub amount: Option<Money>,
    pub made_date: Option<NaiveDate>,
    pub due_date: NaiveDate,
}

#[derive(Debug, Clone, Serialize)]
pub struct CreateCommitment {
    pub account: AccountRef,
    pub terms: CommitmentTerms,
    pub interaction: Option<ChildName>,
}

#[derive(Debug, Clone, Serialize)]
pub struct EvidenceTerms {
    pub day: NaiveDate,
    pub interaction: Option<ChildName>,
    pub note: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct SettleCommitment {
    pub commitment: ChildName,
    pub settlement: Settlement,
    pub evidence: Vec<EvidenceTerms>,
    pub reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct DelegateCommitment {
    pub commitment: ChildName,
    pub member: MemberRef,
}

#[derive(Debug, Clone)]
pub struct ListCommitments {
    /// `None`: of all accounts.
    pub account: Option<AccountRef>,
    pub contact: Option<ContactRef>,
    pub member: Option<MemberRef>,
    pub side: Option<CommitmentSide>,
    pub state: Option<CommitmentState>,
    pub due_before: Option<NaiveDate>,
    pub page: PageOf<CommitmentKey>,
}

impl ListCommitments {
    /// Whether a promise to pay may be asked for: it is theirs, and made to none of ours by name.
    pub fn asks_promises(&self) -> bool {
        self.member.is_none()
            && self.side != Some(CommitmentSide::Ours)
            && self.state != Some(CommitmentState::KeptLate)
    }
}

/// A commitment, and how many its maker has open at the account, this one included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    pub commitment: Commitment,
    pub open: i64,
}

impl NamesContacts for Commitment {
    fn each_contact(&mut self, take: &mut dyn FnMut(&mut String)) {
        take(&mut self.contact_id);
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;

    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
    }

    fn promise(due: u64) -> Commitment {
        Commitment {
            id: Uuid::nil(),
            account_id: "acme".into(),
            side: CommitmentSide::Ours,
            member_id: "boss".into(),
            contact_id: "li".into(),
            text: "the report".into(),
            amount: None,
            made_date: day(0),
            due_date: day(due),
            interaction_id: None,
            delegated_to: None,
            settled: None,
            recorded_by: "me".into(),
            recorded_us: 0,
        }
    }

    fn shown(on: u64) -> Settling {
        let shown = Evidence { day: day(on), interaction_id: None, note: "it".into() };
        Settling::Kept(vec![shown], Personal::default())
    }

    #[test]
    fn a_day_too_late_is_late_and_the_day_after_breaks_it_by_itself() {
        let of = |made: &Commitment, on| made.state_on(day(on));
        let open = promise(10);
        assert_eq!(of(&open, 10), CommitmentState::Open);
        assert_eq!(of(&open, 11), CommitmentState::Broken);
        for (on, state) in [(10, CommitmentState::Kept), (11, CommitmentState::KeptLate)] {
            let mut one = open.clone();
            one.settle(shown(on), "me", day(20), 1).unwrap();
            assert_eq!(of(&one, 20), state);
            assert!(one.settle(shown(9), "me", day(20), 2).is_err(), "it is settled");
            assert!(one.settle(shown(9), "me", day(9), 2).is_err(), "by whatever clock");
        }
        let mut broken = open.clone();
        let released = broken.settle(Settling::Withdrawn("sorry".into()), "me", day(11), 1);
        assert_eq!(released.unwrap_err().reason(), Reason::StateWrong);
    }

    #[test]
    fn i5_without_evidence_of_its_days_nothing_is_kept() {
        for (outcome, today) in [(shown(5), 4), (Settling::Kept(vec![], Personal::default()), 4)] {
            let mut one = promise(10);
            assert!(one.settle(outcome, "me", day(today), 1).is_err());
            assert_eq!(one.settled, None);
        }
        let mut one = Commitment { made_date: day(3), ..promise(10) };
        let early = one.settle(shown(2), "me", day(4), 1);
        assert_eq!(early.unwrap_err().reason(), Reason::DateInvalid);
    }

    #[test]
    fn a4_what_the_boss_delegates_is_his_again_once_it_is_overdue() {
        let mut one = promise(10);
        assert_eq!(one.responsible_on(day(5)), Some("boss"));
        one.delegate("manager".into(), day(5)).unwrap();
        assert_eq!(one.responsible_on(day(10)), Some("manager"));
        assert_eq!(one.responsible_on(day(11)), Some("boss"));
        let late = one.delegate("other".into(), day(11));
        assert_eq!(late.unwrap_err().reason(), Reason::StateWrong);
        one.settle(shown(11), "me", day(12), 1).unwrap();
        assert_eq!(one.responsible_on(day(12)), None);
    }

    #[test]
    fn c9_a_promise_broken_after_the_last_one_kept_takes_the_word_back() {
        let word = |kept: Option<u64>, broken: Option<u64>| Word {
            last_kept: kept.map(day),
            last_broken: broken.map(day),
        };
        assert!(!word(None, None).is_kept());
        assert!(!word(None, Some(1)).is_kept());
        assert!(word(Some(5), None).is_kept());
        assert!(word(Some(5), Some(4)).is_kept());
        assert!(!word(Some(5), Some(5)).is_kept(), "it broke on the sixth");
    }
}
