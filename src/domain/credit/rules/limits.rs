//! Every limit of the account and of those above it.

use super::{Evaluator, Limited, remedy};
use crate::domain::credit::decision::{LimitUse, Part, Reason, ReasonCode, RemedyAction};
use crate::domain::credit::limit::{Limit, LimitKind};
use crate::domain::credit::standing::{Counting, Exposure, NoRate};
use crate::domain::error::Result;
use crate::domain::money::{Currency, MAX_TOTAL_MINOR, Money, digits, to_minor, told};
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
        let segment = &limit.terms.segment;
        if limit.has_expired(self.standing.now.today) {
            self.expired(limit);
            let currency = limit.terms.amount.map_or(self.question.amount.currency, |a| a.currency);
            return self.show(account, Some(limit), segment, currency, None).map(drop);
        }
        let Some(amount) = limit.terms.amount else {
            let currency = self.question.amount.currency;
            return self.show(account, Some(limit), segment, currency, None).map(drop);
        };
        let counting = self.show(account, Some(limit), segment, amount.currency, Some(amount))?;
        let before = self.exposure(&counting, amount.currency, 0)?;
        let after = self.exposure(&counting, amount.currency, self.question.counted)?;
        let missing = before.missing.iter().chain(&after.missing);
        self.missing.extend(missing.map(|&NoRate { from, to }| (from, to)));
        if after.may_be_less {
            return Ok(());
        }
        let subject = Limited { account, segment, amount, counting: &counting };
        let over = after.total - i128::from(amount.minor);
        if over > 0 {
            let code = match level {
                0 => ReasonCode::LimitExceeded,
                _ => ReasonCode::GroupLimitExceeded,
            };
            self.exceeded(code, subject, &before, &after)?;
        }
        self.utilization(subject, &before, &after)
    }

    /// The use of a limit, and what it leaves. A figure that is only shown is no reason: without
    /// a rate, or beyond what can be told, it is left out.
    fn show(
        &mut self,
        account: &str,
        limit: Option<&Limit>,
        segment: &str,
        currency: Currency,
        amount: Option<Money>,
    ) -> Result<Counting> {
        let counting = self.standing.counting(account, segment)?;
        let exposure = self.exposure(&counting, currency, 0)?;
        let total = exposure.known();
        if let Some(amount) = amount {
            self.bound(&counting, amount)?;
        }
        let available =
            amount.and_then(|amount| total.map(|total| i128::from(amount.minor) - total));
        let counts = |component| self.standing.policy.counts(component);
        let parts = exposure.parts.iter().filter(|(_, amount)| **amount != 0);
        let parts = parts.filter_map(|(&component, &amount)| {
            let counted = component.is_none_or(counts);
            Some(Part { component, amount: told(amount, currency)?.minor, counted })
        });
        let parts = parts.collect();
        let shown = |total: Option<i128>| Some(told(total?, currency)?.minor);
        self.limits.push(LimitUse {
            account_id: account.to_owned(),
            limit: limit.cloned(),
            version: self.standing.version(account, segment),
            segment: segment.to_owned(),
            currency,
            exposure: shown(total),
            parts,
            available: shown(available),
            utilization_bp: amount.and_then(|amount| utilization_bp(total?, amount.minor)),
        });
        Ok(counting)
    }

    /// The least that any limit leaves, in the currency of the question: exactly the most that
    /// passes it.
    fn bound(&mut self, counting: &Counting, limit: Money) -> Result<()> {
        let currency = self.question.amount.currency;
        if currency != limit.currency {
            self.pairs.insert((currency, limit.currency));
        }
        let Some(room) = self.standing.room(counting, limit, currency)? else {
            self.is_untold = true;
            return Ok(());
        };
        // What is so far above its limit cannot be told; more than any amount bounds none.
        let Ok(room) = i64::try_from(room.min(i64::MAX.into())) else {
            self.is_untold = true;
            return Ok(());
        };
        self.available = Some(self.available.map_or(room, |least| least.min(room)));
        Ok(())
    }

    /// An exposure with so much more, in the currency of the question; notes the rates.
    pub(super) fn exposure(
        &mut self,
        counting: &Counting,
        to: Currency,
        counted: i64,
    ) -> Result<Exposure> {
        let from = self.question.amount.currency;
        let foreign = counting.currencies().chain((counted != 0).then_some(from));
        self.pairs.extend(foreign.filter(|from| *from != to).map(|from| (from, to)));
        self.standing.exposure(counting, to, (from, counted))
    }

    fn exceeded(
        &mut self,
        code: ReasonCode,
        of: Limited,
        before: &Exposure,
        after: &Exposure,
    ) -> Result<()> {
        let limit = of.amount;
        let (over, currency) = (after.total - i128::from(limit.minor), limit.currency);
        let least = at_least(after);
        let words = digits(over, currency);
        let summary =
            format!("the limit of {limit} would be exceeded by {least}{words} {currency}");
        let mut reason = self.above(code, of, limit, summary, before);
        reason.shortfall = told(over, currency);
        reason.remedies = self.less(of, limit.minor.into())?;
        self.raise(&mut reason, of, after, after.total);
        self.reasons.push(reason);
        Ok(())
    }

    fn utilization(&mut self, of: Limited, before: &Exposure, after: &Exposure) -> Result<()> {
        let Some(bp) = self.standing.policy.utilization_bp_max else { return Ok(()) };
        let limit = of.amount;
        let allowed = i128::from(limit.minor) * i128::from(bp) / BASIS_POINTS;
        if limit.minor == 0 || after.total <= allowed {
            return Ok(());
        }
        let allowed_money = Money { minor: to_minor(allowed)?, currency: limit.currency };
        let summary = format!("more than {allowed_money} of the limit of {limit} would be used");
        let mut reason = self.above(ReasonCode::Utilization, of, allowed_money, summary, before);
        reason.shortfall = told(after.total - allowed, limit.currency);
        reason.remedies = self.less(of, allowed)?;
        let scaled = after.total.saturating_mul(BASIS_POINTS);
        let enough = scaled.saturating_add(i128::from(bp) - 1) / i128::from(bp);
        self.raise(&mut reason, of, after, enough);
        self.reasons.push(reason);
        Ok(())
    }

    fn above(
        &self,
        code: ReasonCode,
        of: Limited,
        allowed: Money,
        summary: String,
        before: &Exposure,
    ) -> Reason {
        let mut reason = self.reason(code, account_name(of.account), summary);
        reason.segment = of.segment.to_owned();
        reason.limit = Some(allowed);
        reason.exposure = told(before.total, of.amount.currency);
        reason
    }

    /// A higher limit would do, if it is known how high and a limit may be so high.
    fn raise(&self, reason: &mut Reason, of: Limited, after: &Exposure, to: i128) {
        let enough = after.known().filter(|_| to <= MAX_TOTAL_MINOR.into());
        if let Some(enough) = enough.and_then(|_| told(to, of.amount.currency)) {
            let raise = remedy(RemedyAction::RaiseLimit, Some(enough), &account_name(of.account));
            reason.remedies.push(raise);
        }
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

/// Before an amount that is higher still by what cannot be converted.
fn at_least(exposure: &Exposure) -> &'static str {
    if exposure.missing.is_empty() { "" } else { "at least " }
}

fn utilization_bp(exposure: i128, limit: i64) -> Option<i32> {
    if limit <= 0 {
        return None;
    }
    i32::try_from(div_half_even(exposure.checked_mul(BASIS_POINTS)?, limit.into())).ok()
}
