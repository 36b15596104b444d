//! What somebody of ours has to do by a day, whatever it is about: obligations. Nothing is stored of
//! them; each kind is a pure function of what is known of an account ([`sources`]).

pub mod care;
pub mod facts;
pub mod sources;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use chrono::NaiveDate;
use uuid::Uuid;

use super::money::{Currency, Money};
use super::page::PageOf;
use super::rounding::div_half_even;
use super::stored::stored_enum;

/// Whole, in basis points.
const WHOLE_BP: i64 = 10_000;
/// What the classes weigh, the best first; all others weigh as much as no class.
const CLASS_WEIGHTS_BP: [i64; 2] = [15_000, 12_000];
/// More urgency than this counts no more.
const URGENCY_MAX: i64 = 3;
/// Days of being overdue that are as urgent as all the time that something has.
const OVERDUE_DAYS: i64 = 30;
/// Accounts that are looked at for what one member has to do.
pub const ACCOUNTS_MAX: usize = 5_000;
/// Resource names told with an item.
pub const EVIDENCE_MAX: usize = 10;

stored_enum! {
    /// What kind of thing it is.
    pub enum WorkKind {
        OverdueReceivable => "OVERDUE_RECEIVABLE",
        PromiseDue => "PROMISE_DUE",
        CreditReferral => "CREDIT_REFERRAL",
        Dispute => "DISPUTE",
        Commitment => "COMMITMENT",
        Vacancy => "VACANCY",
        TieReview => "TIE_REVIEW",
        TierChange => "TIER_CHANGE",
        Cadence => "CADENCE",
        PlannedVisit => "PLANNED_VISIT",
        Hook => "HOOK",
        HandoverStep => "HANDOVER_STEP",
        GiftApproval => "GIFT_APPROVAL",
        Care => "CARE",
        Occasion => "OCCASION",
    }
}

stored_enum! {
    /// What is to be done about it.
    pub enum Action {
        Collect => "COLLECT",
        ConfirmPayment => "CONFIRM_PAYMENT",
        DecideReferral => "DECIDE_REFERRAL",
        AnswerDispute => "ANSWER_DISPUTE",
        KeepCommitment => "KEEP_COMMITMENT",
        Reconnect => "RECONNECT",
        ClearReview => "CLEAR_REVIEW",
        DecideTierChange => "DECIDE_TIER_CHANGE",
        Meet => "MEET",
        RecordInteraction => "RECORD_INTERACTION",
        AdvanceHandover => "ADVANCE_HANDOVER",
        DecideGift => "DECIDE_GIFT",
        Greet => "GREET",
    }
}

stored_enum! {
    /// What hangs on it.
    pub enum StakeBasis {
        OwnAmount => "OWN_AMOUNT",
        OpenReceivables => "OPEN_RECEIVABLES",
    }
}

stored_enum! {
    pub enum WorkOrder {
        Due => "DUE",
        Score => "SCORE",
        AtStake => "AT_STAKE",
    }
}

/// How much of its time has passed, in days of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Urgency {
    elapsed: i64,
    allowed: i64,
}

impl Urgency {
    /// Of what began on a day and is due on another, on a third.
    pub fn between(start: NaiveDate, due: NaiveDate, on: NaiveDate) -> Self {
        match (due - start).num_days() {
            allowed @ 1.. => Self { elapsed: (on - start).num_days().max(0), allowed },
            // All its time is one day.
            _ => Self { elapsed: 1 + (on - due).num_days().max(-1), allowed: 1 },
        }
    }

    /// Of what is overdue for so many days.
    pub fn overdue(days: i64) -> Self {
        Self { elapsed: OVERDUE_DAYS + days, allowed: OVERDUE_DAYS }
    }

    fn times(self, elapsed: i64, factor_bp: i128) -> i64 {
        let times = div_half_even(i128::from(elapsed) * factor_bp, self.allowed.into());
        i64::try_from(times).unwrap_or(i64::MAX)
    }

    pub fn bp(self) -> i64 {
        self.times(self.elapsed, WHOLE_BP.into())
    }

    /// What it weighs (definition 4.16) in a class, by its place among them, as a kind of this weight.
    pub fn score_bp(self, class_place: Option<usize>, kind_weight_bp: i64) -> i64 {
        let class = class_place.and_then(|place| CLASS_WEIGHTS_BP.get(place));
        let class = class.copied().unwrap_or(WHOLE_BP);
        let counts = self.elapsed.min(URGENCY_MAX * self.allowed);
        // Both weights are basis points, and so is the score: one rounding.
        let scaled = i128::from(counts) * i128::from(class) * i128::from(kind_weight_bp);
        let score = div_half_even(scaled, i128::from(self.allowed) * i128::from(WHOLE_BP));
        i64::try_from(score).unwrap_or(i64::MAX)
    }
}

/// Something that somebody of ours has to do by a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkItem {
    pub kind: WorkKind,
    /// Name of the resource that it is about.
    pub subject: String,
    pub account_id: String,
    pub display_name: String,
    /// Who has to do it.
    pub member_id: String,
    pub class: Option<String>,
    pub why: String,
    pub start: NaiveDate,
    pub due: NaiveDate,
    pub urgency_bp: i64,
    pub score_bp: i64,
    pub at_stake: Vec<Money>,
    pub basis: StakeBasis,
    pub action: Action,
    pub contact_id: Option<String>,
    /// The next interaction that is planned at the account, of all else than that.
    pub planned: Option<Uuid>,
    /// Resource names.
    pub evidence: Vec<String>,
}

impl WorkItem {
    /// Its place in a list; `at_stake` is compared where it is told.
    pub fn key(&self, order: WorkOrder, at_stake: i128) -> WorkKey {
        let rank = match order {
            WorkOrder::Due => (0, 0),
            WorkOrder::Score => (self.score_bp, at_stake),
            WorkOrder::AtStake => (0, at_stake),
        };
        WorkKey {
            rank: (Reverse(rank.0), Reverse(rank.1)),
            due: self.due,
            account_id: self.account_id.clone(),
            kind: self.kind,
            subject: self.subject.clone(),
        }
    }
}

/// Where a page of work items begins: behind this one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkKey {
    /// Score and amount at stake, as far as they are asked for.
    pub rank: (Reverse<i64>, Reverse<i128>),
    pub due: NaiveDate,
    pub account_id: String,
    pub kind: WorkKind,
    pub subject: String,
}

/// ListWorkItems.
#[derive(Debug, Clone)]
pub struct ListWorkItems<A, M> {
    /// `None`: of all accounts.
    pub account: Option<A>,
    pub owner: Option<M>,
    /// Empty: all.
    pub kinds: Vec<WorkKind>,
    pub due_before: Option<NaiveDate>,
    pub order: WorkOrder,
    /// What amounts are compared in.
    pub currency: Option<Currency>,
    /// `None` is the business date.
    pub as_of: Option<NaiveDate>,
    pub page: PageOf<WorkKey>,
}

impl<A, M> ListWorkItems<A, M> {
    /// The kinds asked for, each once.
    pub fn asked(&self) -> Vec<WorkKind> {
        let asked = |kind: &WorkKind| self.kinds.is_empty() || self.kinds.contains(kind);
        WorkKind::ALL.iter().copied().filter(asked).collect()
    }
}
