//! What is overdue: the account's own items in the companies of a segment, disputed ones
//! included; retention that is not released, pending items and bills are not.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use super::{Evaluator, Wanted, remedy};
use crate::domain::credit::decision::{ReasonCode, RemedyAction};
use crate::domain::credit::standing::OverdueCell;
use crate::domain::error::Result;
use crate::domain::money::{Money, digits, told};
use crate::domain::names::account_name;

/// Overdue terms of a segment: of the nearest limit that has them, else of the policy.
struct Terms {
    amount_max: Option<Money>,
    days_max: Option<i32>,
}

impl Evaluator<'_> {
    pub(super) fn overdue(&mut self) -> Result<()> {
        let company = self.question.company;
        let mut segments: BTreeSet<String> =
            self.standing.segments(&self.chain, company).into_iter().map(str::to_owned).collect();
        segments.insert(String::new());
        for segment in segments {
            let terms = self.terms(&segment);
            let cells = self.cells(&segment);
            if cells.is_empty() {
                continue;
            }
            if let Some(max) = terms.amount_max {
                self.overdue_amount(&segment, &cells, max)?;
            }
            if let Some(max) = terms.days_max {
                self.overdue_days(&segment, &cells, max);
            }
        }
        Ok(())
    }

    fn terms(&self, segment: &str) -> Terms {
        let limits = self.chain.iter().filter_map(|id| self.standing.limit(id, segment));
        let limits: Vec<_> = limits.collect();
        let policy = &self.standing.policy;
        let all = segment.is_empty();
        Terms {
            amount_max: limits
                .iter()
                .find_map(|limit| limit.terms.overdue_amount_max)
                .or(policy.overdue_amount_max.filter(|_| all)),
            days_max: limits
                .iter()
                .find_map(|limit| limit.terms.overdue_days_max)
                .or(policy.overdue_days_max.filter(|_| all)),
        }
    }

    fn cells(&self, segment: &str) -> Vec<OverdueCell> {
        let node = self.standing.nodes.get(self.question.account);
        let cells = node.into_iter().flat_map(|node| &node.overdue);
        cells
            .filter(|cell| cell.amount > 0)
            .filter(|cell| self.standing.policy.includes(segment, &cell.company_code))
            .cloned()
            .collect()
    }

    fn overdue_amount(&mut self, segment: &str, cells: &[OverdueCell], max: Money) -> Result<()> {
        let (mut sum, mut least) = (0, "");
        for cell in cells {
            let converted = self.standing.convert(cell.currency, max.currency, cell.amount);
            // What cannot be told can only be more.
            let Some(converted) = self.noted(converted?) else {
                least = "at least ";
                continue;
            };
            if cell.currency != max.currency {
                self.pairs.insert((cell.currency, max.currency));
            }
            sum += converted;
        }
        let (over, currency) = (sum - i128::from(max.minor), max.currency);
        if over <= 0 {
            return Ok(());
        }
        let shortfall = told(over, currency);
        let account = account_name(self.question.account);
        let words = digits(sum, currency);
        let summary = format!("{least}{words} {currency} is overdue, {max} is allowed");
        let pay = shortfall.map(|of| remedy(RemedyAction::PayOverdue, Some(of), &account));
        let mut reason = self.reason(ReasonCode::OverdueAmount, account, summary);
        reason.segment = segment.to_owned();
        reason.limit = Some(max);
        reason.exposure = told(sum, currency);
        reason.shortfall = shortfall;
        reason.remedies.extend(pay);
        reason.remedies.extend(self.prepay_all());
        let grace = self.standing.policy.overdue_grace_days;
        self.want(segment, grace);
        self.reasons.push(reason);
        Ok(())
    }

    fn overdue_days(&mut self, segment: &str, cells: &[OverdueCell], max: i32) {
        let Some(oldest) = cells.iter().map(|cell| cell.oldest_due).min() else { return };
        let days = (self.standing.now.today - oldest).num_days();
        if days <= i64::from(max) {
            return;
        }
        let account = account_name(self.question.account);
        let summary = format!("the oldest item is {days} days overdue, {max} are allowed");
        let mut reason = self.reason(ReasonCode::OverdueDays, account, summary);
        reason.segment = segment.to_owned();
        reason.overdue_days = i32::try_from(days).unwrap_or(i32::MAX);
        reason.overdue_days_max = max;
        reason.remedies.extend(self.prepay_all());
        let grace = self.standing.policy.overdue_grace_days;
        self.want(segment, max.max(grace));
        self.reasons.push(reason);
    }

    /// Asks for the documents that are overdue for more than so many days.
    fn want(&mut self, segment: &str, days: i32) {
        let days = Days::new(days.unsigned_abs().into());
        let today = self.standing.now.today;
        let due_before = today.checked_sub_days(days).unwrap_or(NaiveDate::MIN);
        let companies = (!segment.is_empty())
            .then(|| self.standing.policy.segments.get(segment).cloned().unwrap_or_default());
        self.evidence.push(Wanted { reason: self.reasons.len(), due_before, today, companies });
    }
}
