//! The rules of a decision: may an order go out that would count so much more?
//!
//! It is declined when `exposure + amount > limit` at any limit of the account or of one above
//! it; equal passes. Every reason that applies is told, and the worst disposition is the verdict.

mod limits;
mod overdue;
mod people;
mod remedy;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::decision::{Disposition, LimitUse, Reason, ReasonCode, Remedy, RemedyAction, Verdict};
use super::standing::{Counting, NoRate, Standing};
use crate::domain::error::Result;
use crate::domain::money::{Currency, Money};
use crate::domain::names::{CREDIT_HOLDS, account_name, child_name};
use crate::domain::personal::Personal;
use crate::domain::rates::UsedRate;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub account: &'a str,
    /// Company the order is placed with.
    pub company: &'a str,
    /// Amount of the order.
    pub amount: Money,
    /// What it would count more than now, in the same currency.
    pub counted: i64,
    /// What it would count in all: what is to be paid for nothing of it to be at risk.
    pub unpaid: i64,
}

impl Question<'_> {
    /// Paid in advance, or invoiced, or lowered: nothing is at risk that was not before.
    fn is_covered(&self) -> bool {
        self.amount.minor > 0 && self.counted <= 0
    }
}

/// The answer, but for the evidence that has to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    pub verdict: Verdict,
    pub reasons: Vec<Reason>,
    pub limits: Vec<LimitUse>,
    /// In the currency of the question; `None` if nothing bounds it or it cannot be told.
    pub available: Option<i64>,
    pub rates: Vec<(Currency, Currency, UsedRate)>,
    /// What is to be looked up for reasons about overdue items.
    pub evidence: Vec<Wanted>,
}

/// Documents to be shown with a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Index of the reason.
    pub reason: usize,
    /// Items due before this day, and open today.
    pub due_before: NaiveDate,
    pub today: NaiveDate,
    /// Companies whose items count; `None` for all.
    pub companies: Option<BTreeSet<String>>,
    /// The accounts of the items: several where they count as one.
    pub accounts: BTreeSet<String>,
}

impl Standing {
    /// Evaluates a question. What it finds is complete and in a fixed order.
    pub fn evaluate(&self, question: Question) -> Result<Evaluation> {
        let mut evaluator = Evaluator {
            standing: self,
            question,
            chain: self.chain(question.account),
            reasons: Vec::new(),
            limits: Vec::new(),
            available: None,
            is_untold: false,
            pairs: BTreeSet::new(),
            missing: BTreeSet::new(),
            evidence: Vec::new(),
        };
        evaluator.limits()?;
        if question.is_covered() {
            evaluator.reasons.clear();
            evaluator.missing.clear();
        } else {
            evaluator.holds();
            evaluator.overdue()?;
            evaluator.finance_contact();
        }
        evaluator.account();
        Ok(evaluator.finish())
    }
}

/// A limit that bounds an amount, with what counts against it.
#[derive(Clone, Copy)]
struct Limited<'a> {
    account: &'a str,
    segment: &'a str,
    amount: Money,
    counting: &'a Counting,
}

struct Evaluator<'a> {
    standing: &'a Standing,
    question: Question<'a>,
    chain: Vec<&'a str>,
    reasons: Vec<Reason>,
    limits: Vec<LimitUse>,
    available: Option<i64>,
    /// What a limit leaves cannot be told.
    is_untold: bool,
    pairs: BTreeSet<(Currency, Currency)>,
    missing: BTreeSet<(Currency, Currency)>,
    evidence: Vec<Wanted>,
}

impl Evaluator<'_> {
    fn holds(&mut self) {
        let holds = self.standing.holds(&self.chain).into_iter();
        let holds: Vec<(String, Personal)> = holds
            .map(|hold| (child_name(&hold.account_id, CREDIT_HOLDS, hold.id), hold.reason.clone()))
            .collect();
        for (name, hold_reason) in holds {
            let release = remedy(RemedyAction::ReleaseHold, None, &name);
            let mut reason = self.reason(ReasonCode::OnHold, name, "held by hand");
            reason.hold_reason = hold_reason;
            reason.remedies.push(release);
            reason.remedies.extend(self.prepay_all());
            self.reasons.push(reason);
        }
    }

    /// Not even a prepaid order passes here: its invoice would be refused.
    fn account(&mut self) {
        let account = self.question.account;
        let all = BTreeSet::from([account, self.standing.counts_as(account)]);
        for account in all {
            if self.standing.nodes.get(account).is_none_or(|node| !node.is_blocked) {
                continue;
            }
            let name = account_name(account);
            let unblock = remedy(RemedyAction::UnblockAccount, None, &name);
            let summary = "the account is blocked and takes no new debits";
            let mut reason = self.reason(ReasonCode::AccountBlocked, name, summary);
            reason.remedies.push(unblock);
            self.reasons.push(reason);
        }
    }

    fn finish(mut self) -> Evaluation {
        for (from, to) in std::mem::take(&mut self.missing) {
            let subject = format!("rates/{from}-{to}");
            let days = self.standing.rates.age_days_max;
            let summary =
                format!("no rate on {} or at most {days} days before", self.standing.rates.day);
            let record = remedy(RemedyAction::RecordRate, None, &subject);
            let mut reason = self.reason(ReasonCode::RateMissing, subject, summary);
            reason.remedies.push(record);
            reason.remedies.extend(self.prepay_all());
            self.reasons.push(reason);
        }
        let rates = &self.standing.rates;
        let rates = self
            .pairs
            .iter()
            .filter_map(|&(from, to)| Some((from, to, rates.rate(from, to)?)))
            .collect();
        // Gravest first; the evidence follows its reason.
        let mut order: Vec<usize> = (0..self.reasons.len()).collect();
        order.sort_by_key(|&i| (std::cmp::Reverse(self.reasons[i].disposition), i));
        let place: BTreeMap<usize, usize> =
            order.iter().enumerate().map(|(new, &old)| (old, new)).collect();
        for wanted in &mut self.evidence {
            wanted.reason = place[&wanted.reason];
        }
        let mut reasons: Vec<Option<Reason>> = self.reasons.into_iter().map(Some).collect();
        let reasons: Vec<Reason> = order.into_iter().filter_map(|i| reasons[i].take()).collect();
        Evaluation {
            verdict: verdict(&reasons),
            reasons,
            limits: self.limits,
            available: self.available.filter(|_| !self.is_untold),
            rates,
            evidence: self.evidence,
        }
    }

    fn reason(&self, code: ReasonCode, subject: String, summary: impl Into<String>) -> Reason {
        Reason {
            code,
            disposition: self.standing.policy.disposition(code),
            subject,
            summary: summary.into(),
            hold_reason: Personal::default(),
            segment: String::new(),
            limit: None,
            exposure: None,
            shortfall: None,
            overdue_days: 0,
            overdue_days_max: 0,
            terms_source: String::new(),
            documents: Vec::new(),
            evidence: Vec::new(),
            since: None,
            remedies: Vec::new(),
        }
    }

    /// Notes a missing rate; answers what could be converted.
    fn noted<T>(&mut self, result: std::result::Result<T, NoRate>) -> Option<T> {
        result.map_err(|NoRate { from, to }| self.missing.insert((from, to))).ok()
    }
}

fn verdict(reasons: &[Reason]) -> Verdict {
    match reasons.iter().map(|reason| reason.disposition).max() {
        None | Some(Disposition::Ignore) => Verdict::Approved,
        Some(Disposition::Refer) => Verdict::Referred,
        Some(Disposition::Decline) => Verdict::Declined,
    }
}

fn remedy(action: RemedyAction, amount: Option<Money>, subject: &str) -> Remedy {
    Remedy { action, amount, subject: subject.to_owned() }
}

#[cfg(test)]
mod tests;
