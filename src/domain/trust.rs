//! Who kept his word: what both sides promised in a year and what became of it (definition 4.17).

pub mod rate;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use self::rate::{Rate, rate};
use super::commitment::{Commitment, CommitmentSide, CommitmentState};
use super::dates::add_days;
use super::error::Result;
use super::money::{Currency, Money, to_minor};
use super::names::{DISPUTES, PROMISES, child_name};
use super::promise::{self, PromiseState};
use super::receivables::{Dispute, Promise};

/// How far back dues are looked at, the day asked about included.
pub const DAYS: u64 = 365;
/// Names of what was broken, late or kept in part that are told.
pub const EVIDENCE_MAX: usize = 20;

/// What is known of the words of both sides.
#[derive(Debug, Clone, Default)]
pub struct Words {
    pub commitments: Vec<Commitment>,
    pub promises: Vec<Promise>,
    /// Those that are open.
    pub disputes: Vec<Dispute>,
    pub talks: Talks,
}

/// What was said in a year.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Talks {
    pub all: i64,
    pub two_way: i64,
}

/// What became of the words of one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub kept: u32,
    /// Behind its due date, which counts as broken.
    pub kept_late: u32,
    /// Of promises to pay, of which some came in time.
    pub kept_partly: u32,
    pub broken: u32,
    pub open: u32,
}

impl Tally {
    pub fn decided(&self) -> u32 {
        self.kept + self.kept_late + self.kept_partly + self.broken
    }

    pub fn add(&mut self, other: &Self) {
        let Self { kept, kept_late, kept_partly, broken, open } = *other;
        self.kept += kept;
        self.kept_late += kept_late;
        self.kept_partly += kept_partly;
        self.broken += broken;
        self.open += open;
    }

    /// What was kept of what is decided; `None` while nothing is.
    pub fn rate(&self) -> Option<Rate> {
        rate(self.kept, self.decided())
    }
}

/// What became of promises to pay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payments {
    pub tally: Tally,
    /// Of those decided, less what was no longer owed; one amount of each currency.
    pub promised: Vec<Money>,
    /// What of it came in time.
    pub in_time: Vec<Money>,
}

/// Who broke his word first where something is disputed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstBroken {
    /// Name of the dispute.
    pub conflict: String,
    pub side: CommitmentSide,
    /// Name of what was broken.
    pub word: String,
    /// The first day on which it was.
    pub day: NaiveDate,
}

/// Who kept his word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustLedger {
    pub ours: Tally,
    /// With the promises to pay.
    pub theirs: Tally,
    pub payments: Payments,
    pub first_broken: Vec<FirstBroken>,
    pub talks: Talks,
    /// What was broken, late or kept in part, the latest due first.
    pub evidence: Vec<String>,
}

/// A word that is decided and was not kept as it was given.
struct Failed {
    side: CommitmentSide,
    word: String,
    /// The last day on which it could be kept.
    due: NaiveDate,
    items: Vec<Uuid>,
}

impl Words {
    /// Who kept his word by a day.
    ///
    /// # Errors
    /// INTERNAL if a sum is beyond what an amount holds.
    pub fn on(&self, day: NaiveDate) -> Result<TrustLedger> {
        let from = day.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(NaiveDate::MIN);
        let mut ledger = TrustLedger { talks: self.talks, ..TrustLedger::default() };
        let mut failed = Vec::new();
        for one in self.commitments.iter().filter(|one| one.due_date >= from) {
            let tally = match one.side {
                CommitmentSide::Ours => &mut ledger.ours,
                CommitmentSide::Theirs => &mut ledger.theirs,
            };
            let is_failed = match one.state_on(day) {
                CommitmentState::Open => count(&mut tally.open, false),
                CommitmentState::Kept => count(&mut tally.kept, false),
                CommitmentState::KeptLate => count(&mut tally.kept_late, true),
                CommitmentState::KeptPartly => count(&mut tally.kept_partly, true),
                CommitmentState::Broken => count(&mut tally.broken, true),
                CommitmentState::Withdrawn => false,
            };
            if is_failed {
                let (side, due) = (one.side, one.due_date);
                failed.push(Failed { side, word: one.name(), due, items: Vec::new() });
            }
        }
        ledger.payments = self.payments(from, &mut failed)?;
        ledger.theirs.add(&ledger.payments.tally);
        failed.sort_by(|a, b| (b.due, &a.word).cmp(&(a.due, &b.word)));
        ledger.first_broken = self.disputes.iter().filter_map(|of| first(of, &failed)).collect();
        failed.truncate(EVIDENCE_MAX);
        ledger.evidence = failed.into_iter().map(|one| one.word).collect();
        Ok(ledger)
    }

    fn payments(&self, from: NaiveDate, failed: &mut Vec<Failed>) -> Result<Payments> {
        let mut tally = Tally::default();
        let mut sums: BTreeMap<Currency, (i128, i128)> = BTreeMap::new();
        for one in &self.promises {
            let due = promise::deadline(one.pay_by_date, one.grace_days);
            if due < from {
                continue;
            }
            let (is_decided, is_failed) = match one.state {
                PromiseState::Open => (false, count(&mut tally.open, false)),
                PromiseState::Kept => (true, count(&mut tally.kept, false)),
                PromiseState::PartiallyKept => (true, count(&mut tally.kept_partly, true)),
                PromiseState::Broken => (true, count(&mut tally.broken, true)),
                PromiseState::Withdrawn | PromiseState::Lapsed => (false, false),
            };
            if is_decided {
                let sum = sums.entry(one.currency).or_default();
                sum.0 += i128::from(one.amount) - i128::from(one.lapsed);
                sum.1 += i128::from(one.received);
            }
            if is_failed {
                failed.push(Failed {
                    side: CommitmentSide::Theirs,
                    word: child_name(&one.account_id, PROMISES, one.id),
                    due,
                    items: one.items.clone(),
                });
            }
        }
        let (mut promised, mut in_time) = (Vec::new(), Vec::new());
        for (currency, (asked, came)) in sums {
            promised.push(Money { minor: to_minor(asked)?, currency });
            in_time.push(Money { minor: to_minor(came)?, currency });
        }
        Ok(Payments { tally, promised, in_time })
    }
}

fn count(of: &mut u32, is_failed: bool) -> bool {
    *of += 1;
    is_failed
}

/// The first word that was broken of those that have to do with a dispute: any commitment at its
/// account, and promises to pay the item it is about. Of one day ours comes first.
fn first(dispute: &Dispute, failed: &[Failed]) -> Option<FirstBroken> {
    let concerns = |one: &&Failed| one.items.is_empty() || one.items.contains(&dispute.item_id);
    let first = failed.iter().filter(concerns).min_by_key(|one| (one.due, one.side, &one.word))?;
    Some(FirstBroken {
        conflict: child_name(&dispute.account_id, DISPUTES, dispute.id),
        side: first.side,
        word: first.word.clone(),
        day: add_days(first.due, 1),
    })
}
