//! Which terms make sense.

use super::{
    Discount, MAX_DISCOUNTS, MAX_SHARES, MAX_STEPS, PaymentTerms, Share, TermStep, WHOLE_BP,
};
use crate::domain::error::{Reason, Violation};

impl PaymentTerms {
    /// Everything that is wrong with the terms, empty if nothing is. `field` is the path of
    /// the terms in the request.
    ///
    /// Reasons: `TOO_MANY_ELEMENTS` for a list beyond its limit, else `TERMS_INVALID`.
    pub fn validate(&self, field: &str) -> Vec<Violation> {
        let mut faults = Faults { field, list: Vec::new() };
        self.check_shares(&mut faults);
        self.check_discounts(&mut faults);
        faults.list
    }

    fn check_shares(&self, faults: &mut Faults<'_>) {
        // Beyond its limit a list is not looked into: the answer must not grow with it.
        if !faults.at_most(MAX_SHARES, self.shares.len(), "shares") {
            return;
        }
        let sum: u64 = self.shares.iter().map(|share| u64::from(share.share_bp)).sum();
        if sum != u64::from(WHOLE_BP) {
            faults.invalid("shares", format!("shares add up to {sum} bp, not {WHOLE_BP}"));
        }
        for (at, share) in self.shares.iter().enumerate() {
            share.check(at, faults);
        }
    }

    fn check_discounts(&self, faults: &mut Faults<'_>) {
        if !faults.at_most(MAX_DISCOUNTS, self.discounts.len(), "discounts") {
            return;
        }
        for (at, tier) in self.discounts.iter().enumerate() {
            if tier.rate_bp > WHOLE_BP {
                let field = format!("discounts[{at}].rate_bp");
                faults.invalid(&field, format!("a discount is at most {WHOLE_BP} bp"));
            }
        }
        let worsens = |a: &Discount, b: &Discount| a.days < b.days && a.rate_bp > b.rate_bp;
        if !self.discounts.is_sorted_by(worsens) {
            faults.invalid("discounts", "later tiers must give less: days up, rate down".into());
        }
    }
}

impl Share {
    fn check(&self, at: usize, faults: &mut Faults<'_>) {
        if self.share_bp == 0 {
            faults.invalid(&format!("shares[{at}].share_bp"), "a share must be positive".into());
        }
        let steps = format!("shares[{at}].steps");
        if !faults.at_most(MAX_STEPS, self.steps.len(), &steps) {
            return;
        }
        for (step_at, step) in self.steps.iter().enumerate() {
            if let TermStep::DayOfMonth(n) | TermStep::CutoffDay(n) = step
                && !(1..=31).contains(n)
            {
                faults.invalid(&format!("{steps}[{step_at}]"), format!("no month has a day {n}"));
            }
        }
    }
}

struct Faults<'a> {
    field: &'a str,
    list: Vec<Violation>,
}

impl Faults<'_> {
    fn invalid(&mut self, path: &str, description: String) {
        self.add(path, Reason::TermsInvalid, description);
    }

    fn at_most(&mut self, limit: usize, len: usize, path: &str) -> bool {
        if len > limit {
            self.add(path, Reason::TooManyElements, format!("at most {limit}, not {len}"));
        }
        len <= limit
    }

    fn add(&mut self, path: &str, reason: Reason, description: String) {
        self.list.push(Violation::new(format!("{}.{path}", self.field), reason, description));
    }
}
