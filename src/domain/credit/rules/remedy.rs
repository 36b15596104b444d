//! What would make it pass. Each remedy is computed with the rule that decides, so that doing
//! exactly what it says is enough.

use super::{Evaluator, Limited, remedy};
use crate::domain::credit::decision::{Remedy, RemedyAction};
use crate::domain::error::Result;
use crate::domain::money::Money;
use crate::domain::names::account_name;

impl Evaluator<'_> {
    /// Paying all that the order would count lets it pass, whatever else there is: also what it
    /// counts already, as long as it grows on credit.
    pub(super) fn prepay_all(&self) -> Option<Remedy> {
        (self.question.counted > 0).then(|| self.prepay(self.question.unpaid))
    }

    /// Counting less: a smaller order, or a part of it paid in advance.
    pub(super) fn less(&mut self, of: Limited, allowed: i128) -> Result<Vec<Remedy>> {
        let Money { minor: amount, currency: own } = self.question.amount;
        let most = self.most(of, allowed)?;
        let mut remedies = Vec::new();
        let Some(most) = most else { return Ok(self.prepay_all().into_iter().collect()) };
        let too_much = self.question.counted - most;
        if most > 0 && too_much < amount {
            let smaller = Money { minor: amount - too_much, currency: own };
            let account = account_name(self.question.account);
            remedies.push(remedy(RemedyAction::ReduceOrder, Some(smaller), &account));
        }
        if too_much > 0 && most >= 0 {
            remedies.push(self.prepay(too_much));
        } else {
            remedies.extend(self.prepay_all());
        }
        Ok(remedies)
    }

    /// The most that the order may count for the exposure to stay within `allowed`; `None` if it
    /// is above without it, or cannot be told.
    fn most(&mut self, of: Limited, allowed: i128) -> Result<Option<i64>> {
        // The exposure grows with what is counted: search for the last amount that fits.
        let fits = |evaluator: &mut Self, counted: i64| {
            let exposure = evaluator.exposure(of.counting, of.amount.currency, counted)?;
            Ok::<_, crate::domain::error::Error>(exposure.known().map(|total| total <= allowed))
        };
        if fits(self, 0)? != Some(true) {
            return Ok(None);
        }
        let (mut low, mut high) = (0, self.question.counted);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match fits(self, middle)? {
                Some(true) => low = middle,
                Some(false) => high = middle,
                None => return Ok(None),
            }
        }
        Ok(Some(low))
    }

    fn prepay(&self, minor: i64) -> Remedy {
        let currency = self.question.amount.currency;
        let account = account_name(self.question.account);
        remedy(RemedyAction::Prepay, Some(Money { minor, currency }), &account)
    }
}
