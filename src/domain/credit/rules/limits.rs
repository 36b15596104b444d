//! Every limit of the account and of those above it.

use super::{Evaluator, remedy};
use crate::domain::credit::decision::{LimitUse, Part, ReasonCode, RemedyAction};
use crate::domain::credit::limit::{Limit, LimitKind};
use crate::domain::credit::standing::Exposure;
use crate::domain::error::Result;
use crate::domain::money::{Currency, Money, to_minor};
use crate::domain::names::{CREDIT_LIMITS, account_name, child_name};
use crate::domain::rounding::div_half_even;

const BASIS_POINTS: i128 = 10_000;

impl<'a> Evaluator<'a> {
    pub(super) fn limits(&mut self) -> Result<()> {
        let standing = self.standing;
        let segments = standing.segments(&self.chain, self.question.company);
        let mut found = false;
        for (level, account) in self.chain.clone().into_iter().enumerate() {
            let mut own = false;
            for segment in &segments {
                let Some(limit) = standing.limit(account, segment) else { continue };
                match limit.terms.kind {
                    LimitKind::Inherit => continue,
                    LimitKind::Unlimited | LimitKind::Amount => found = true,
                }
                own = true;
                self.limit(level, account, limit)?;
            }
            if level == 0 && !own {
                self.show(account, None, "", self.question.amount.currency, None)?;
            }
        }
        if !found {
            self.no_limit();
        }
        Ok(())
    }

    fn limit(&mut self, level: usize, account: &'a str, limit: &'a Limit) -> Result<()> {
        if limit.has_expired(self.standing.now.today) {
            self.expired(limit);
            let currency = limit.terms.amount.map_or(self.question.amount.currency, |a| a.currency);
            self.show(account, Some(limit), &limit.terms.segment, currency, None)?;
            return Ok(());
        }
        let Some(amount) = limit.terms.amount else {
            let currency = self.question.amount.currency;
            self.show(account, Some(limit), &limit.terms.segment, currency, None)?;
            return Ok(());
        };
        let segment = &limit.terms.segment;
        let Some(before) =
            self.show(account, Some(limit), segment, amount.currency, Some(amount))?
        else {
            return Ok(());
        };
        let Some(after) =
            self.exposure(account, segment, amount.currency, self.question.counted)?
        else {
            return Ok(());
        };
        let over = after.total - i128::from(amount.minor);
        if over > 0 {
            let code = match level {
                0 => ReasonCode::LimitExceeded,
                _ => ReasonCode::GroupLimitExceeded,
            };
            self.exceeded(code, account, segment, amount, &before, over)?;
        }
        self.utilization(account, segment, amount, &before, &after)
    }

    /// The use of a limit, and what it leaves.
    fn show(
        &mut self,
        account: &str,
        limit: Option<&Limit>,
        segment: &str,
        currency: Currency,
        amount: Option<Money>,
    ) -> Result<Option<Exposure>> {
        let Some(exposure) = self.exposure(account, segment, currency, 0)? else {
            return Ok(None);
        };
        let available = amount.map(|amount| i128::from(amount.minor) - exposure.total);
        if let Some(available) = available {
            self.bound(currency, available)?;
        }
        let counts = |component| self.standing.policy.counts(component);
        let parts = exposure.parts.iter().filter(|(_, amount)| **amount != 0);
        let parts = parts.map(|(&component, &amount)| {
            let counted = component.is_none_or(counts);
            Ok(Part { component, amount: to_minor(amount)?, counted })
        });
        let parts = parts.collect::<Result<_>>()?;
        self.limits.push(LimitUse {
            account_id: account.to_owned(),
            limit: limit.cloned(),
            version: self.standing.version(account, segment),
            segment: segment.to_owned(),
            currency,
            exposure: to_minor(exposure.total)?,
            parts,
            available: available.map(to_minor).transpose()?,
            utilization_bp: amount.and_then(|amount| utilization_bp(exposure.total, amount.minor)),
        });
        Ok(Some(exposure))
    }

    /// The least that any limit leaves, in the currency of the question, rounded down.
    fn bound(&mut self, currency: Currency, available: i128) -> Result<()> {
        let to = self.question.amount.currency;
        // The pair that is missing is named as the order's amount needs it, not twice.
        let Ok(converted) = self.standing.convert(currency, to, available)? else {
            self.missing.insert((to, currency));
            return Ok(());
        };
        let converted = if currency == to { converted } else { converted - 1 };
        let converted = to_minor(converted)?;
        self.available = Some(self.available.map_or(converted, |least| least.min(converted)));
        Ok(())
    }

    /// An exposure with so much more, in the currency of the question; notes the rates.
    pub(super) fn exposure(
        &mut self,
        account: &str,
        segment: &str,
        to: Currency,
        counted: i64,
    ) -> Result<Option<Exposure>> {
        let from = self.question.amount.currency;
        let cells = self.standing.nodes.get(account).into_iter().flat_map(|node| &node.exposure);
        let foreign = cells.map(|cell| cell.currency).chain((counted != 0).then_some(from));
        self.pairs.extend(foreign.filter(|from| *from != to).map(|from| (from, to)));
        let exposure = self.standing.exposure(account, segment, to, Some((from, counted)))?;
        Ok(self.noted(exposure))
    }

    fn exceeded(
        &mut self,
        code: ReasonCode,
        account: &str,
        segment: &str,
        limit: Money,
        before: &Exposure,
        over: i128,
    ) -> Result<()> {
        let currency = limit.currency;
        let money = |minor: i128| {
            Ok::<_, crate::domain::error::Error>(Money { minor: to_minor(minor)?, currency })
        };
        let shortfall = money(over)?;
        let exposure = money(before.total)?;
        let summary = format!("the limit of {limit} would be exceeded by {shortfall}");
        let mut reason = self.reason(code, account_name(account), summary);
        reason.segment = segment.to_owned();
        reason.limit = Some(limit);
        reason.exposure = Some(exposure);
        reason.shortfall = Some(shortfall);
        reason.remedies = self.less(account, segment, currency, limit.minor.into())?;
        let enough = money(i128::from(limit.minor) + over)?;
        let raise = remedy(RemedyAction::RaiseLimit, Some(enough), &account_name(account));
        reason.remedies.push(raise);
        self.reasons.push(reason);
        Ok(())
    }

    fn utilization(
        &mut self,
        account: &str,
        segment: &str,
        limit: Money,
        before: &Exposure,
        after: &Exposure,
    ) -> Result<()> {
        let Some(bp) = self.standing.policy.utilization_bp_max else { return Ok(()) };
        let allowed = i128::from(limit.minor) * i128::from(bp) / BASIS_POINTS;
        if limit.minor == 0 || after.total <= allowed {
            return Ok(());
        }
        let currency = limit.currency;
        let money = |minor: i128| {
            Ok::<_, crate::domain::error::Error>(Money { minor: to_minor(minor)?, currency })
        };
        let (allowed_money, shortfall) = (money(allowed)?, money(after.total - allowed)?);
        let summary = format!("more than {allowed_money} of the limit of {limit} would be used");
        let mut reason = self.reason(ReasonCode::Utilization, account_name(account), summary);
        reason.segment = segment.to_owned();
        reason.limit = Some(allowed_money);
        reason.exposure = Some(money(before.total)?);
        reason.shortfall = Some(shortfall);
        reason.remedies = self.less(account, segment, currency, allowed)?;
        let enough = (after.total * BASIS_POINTS + i128::from(bp) - 1) / i128::from(bp);
        let raise = remedy(RemedyAction::RaiseLimit, Some(money(enough)?), &account_name(account));
        reason.remedies.push(raise);
        self.reasons.push(reason);
        Ok(())
    }

    fn expired(&mut self, limit: &Limit) {
        let name = child_name(&limit.account_id, CREDIT_LIMITS, limit.id);
        let summary = format!("the limit expired on {}", limit.valid_to);
        let set = remedy(RemedyAction::SetLimit, None, &account_name(&limit.account_id));
        let mut reason = self.reason(ReasonCode::LimitExpired, name, summary);
        reason.segment = limit.terms.segment.clone();
        reason.limit = limit.terms.amount;
        reason.remedies.push(set);
        reason.remedies.extend(self.prepay_all());
        self.reasons.push(reason);
    }

    fn no_limit(&mut self) {
        let name = account_name(self.question.account);
        let summary = "neither the account nor one above it has a limit";
        let set = remedy(RemedyAction::SetLimit, None, &name);
        let mut reason = self.reason(ReasonCode::NoLimit, name, summary);
        reason.remedies.push(set);
        reason.remedies.extend(self.prepay_all());
        self.reasons.push(reason);
    }
}

fn utilization_bp(exposure: i128, limit: i64) -> Option<i32> {
    if limit <= 0 {
        return None;
    }
    i32::try_from(div_half_even(exposure * BASIS_POINTS, limit.into())).ok()
}
