//! What is overdue: the account's own items in the companies of a segment, disputed ones
//! included; retention that is not released, pending items and bills are not.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use super::{Evaluator, Wanted, remedy};
use crate::domain::credit::decision::{ReasonCode, RemedyAction};
use crate::domain::credit::limit::Limit;
use crate::domain::credit::standing::OverdueCell;
use crate::domain::error::Result;
use crate::domain::money::{Money, digits, told};
use crate::domain::names::{CREDIT_LIMITS, CREDIT_POLICIES, account_name, child_name, named};
use crate::domain::tier::service::ClassTerms;

/// Overdue terms of a segment, each with the resource that says it: the nearest limit that does,
/// else the class applied to the account, else the policy. Of the last two only what binds all
/// companies.
struct Terms {
    amount_max: Option<Told<Money>>,
    days_max: Option<Told<i32>>,
}

struct Told<T> {
    max: T,
    /// Resource name.
    source: String,
    /// The code of the class that says it; `None` if another does.
    class: Option<String>,
}

impl<T> Told<T> {
    /// By whom, in words to be added to a summary.
    fn by(&self) -> String {
        self.class.as_ref().map(|class| format!(" in class {class}")).unwrap_or_default()
    }
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
            if let Some(told) = terms.amount_max {
                self.overdue_amount(&segment, &cells, told)?;
            }
            if let Some(told) = terms.days_max {
                self.overdue_days(&segment, &cells, told);
            }
        }
        Ok(())
    }

    fn terms(&self, segment: &str) -> Terms {
        let limits = self.chain.iter().filter_map(|id| self.standing.limit(id, segment));
        let limits: Vec<_> = limits.collect();
        let policy = &self.standing.policy;
        let all = segment.is_empty();
        let amount_max = limits.iter().find_map(|l| Some((*l, l.terms.overdue_amount_max?)));
        let days_max = limits.iter().find_map(|l| Some((*l, l.terms.overdue_days_max?)));
        let class = self.class_terms().filter(|_| all);
        let of_class = class.map(|of| of.terms).unwrap_or_default();
        Terms {
            amount_max: self.told(
                amount_max,
                class.zip(of_class.overdue_amount_max),
                policy.overdue_amount_max.filter(|_| all),
            ),
            days_max: self.told(
                days_max,
                class.zip(of_class.overdue_days_max),
                policy.overdue_days_max.filter(|_| all),
            ),
        }
    }

    /// What the class applied to the account says of payment.
    fn class_terms(&self) -> Option<&ClassTerms> {
        self.standing.class_terms.get(self.question.account)
    }

    /// The first of them that says something.
    fn told<T>(
        &self,
        limit: Option<(&Limit, T)>,
        class: Option<(&ClassTerms, T)>,
        policy: Option<T>,
    ) -> Option<Told<T>> {
        let of_limit = limit.map(|(limit, max)| {
            let source = child_name(&limit.account_id, CREDIT_LIMITS, limit.id);
            Told { max, source, class: None }
        });
        let of_class = class.map(|(of, max)| Told {
            max,
            source: of.policy.clone(),
            class: Some(of.class.clone()),
        });
        let of_policy = policy.map(|max| {
            let source = named(CREDIT_POLICIES, &self.standing.policy.id);
            Told { max, source, class: None }
        });
        of_limit.or(of_class).or(of_policy)
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

    fn overdue_amount(
        &mut self,
        segment: &str,
        cells: &[OverdueCell],
        terms: Told<Money>,
    ) -> Result<()> {
        let max = terms.max;
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
        let summary =
            format!("{least}{words} {currency} is overdue, {max} is allowed{}", terms.by());
        let pay = shortfall.map(|of| remedy(RemedyAction::PayOverdue, Some(of), &account));
        let mut reason = self.reason(ReasonCode::OverdueAmount, account, summary);
        reason.segment = segment.to_owned();
        reason.terms_source = terms.source;
        reason.limit = Some(max);
        reason.exposure = told(sum, currency);
        reason.shortfall = shortfall;
        reason.remedies.extend(pay);
        reason.remedies.extend(self.prepay_all());
        let grace = self.standing.policy.overdue_grace_days;
        self.want(segment, cells, grace);
        self.reasons.push(reason);
        Ok(())
    }

    fn overdue_days(&mut self, segment: &str, cells: &[OverdueCell], terms: Told<i32>) {
        let max = terms.max;
        let Some(oldest) = cells.iter().map(|cell| cell.oldest_due).min() else { return };
        let days = (self.standing.now.today - oldest).num_days();
        if days <= i64::from(max) {
            return;
        }
        let account = account_name(self.question.account);
        let by = terms.by();
        let summary = format!("the oldest item is {days} days overdue, {max} are allowed{by}");
        let mut reason = self.reason(ReasonCode::OverdueDays, account, summary);
        reason.segment = segment.to_owned();
        reason.terms_source = terms.source;
        reason.overdue_days = i32::try_from(days).unwrap_or(i32::MAX);
        reason.overdue_days_max = max;
        reason.remedies.extend(self.prepay_all());
        let grace = self.standing.policy.overdue_grace_days;
        self.want(segment, cells, max.max(grace));
        self.reasons.push(reason);
    }

    /// Asks for the documents that are overdue for more than so many days.
    fn want(&mut self, segment: &str, cells: &[OverdueCell], days: i32) {
        let days = Days::new(days.unsigned_abs().into());
        let today = self.standing.now.today;
        let due_before = today.checked_sub_days(days).unwrap_or(NaiveDate::MIN);
        let companies = (!segment.is_empty())
            .then(|| self.standing.policy.segments.get(segment).cloned().unwrap_or_default());
        let accounts = cells.iter().map(|cell| cell.account_id.clone()).collect();
        let reason = self.reasons.len();
        self.evidence.push(Wanted { reason, due_before, today, companies, accounts });
    }
}
