//! Cash discount for early payment.

use chrono::NaiveDate;

use super::{PaymentTerms, WHOLE_BP};
use crate::domain::rounding::div_half_even;

impl PaymentTerms {
    /// The discount rate on a payment of that day, in basis points; 0 after the last tier.
    /// A payment before the baseline date is early too.
    pub fn discount_rate_bp(&self, baseline_date: NaiveDate, pay_date: NaiveDate) -> u32 {
        let days_taken = (pay_date - baseline_date).num_days();
        self.discounts
            .iter()
            .find(|tier| days_taken <= i64::from(tier.days))
            .map_or(0, |tier| tier.rate_bp)
    }

    /// The discount on settling `amount_minor` of the debt on `pay_date`, in minor units,
    /// half to even. What must be paid is the amount less this.
    pub fn discount_available(
        &self,
        baseline_date: NaiveDate,
        pay_date: NaiveDate,
        amount_minor: i64,
    ) -> i64 {
        let rate_bp = self.discount_rate_bp(baseline_date, pay_date);
        fraction(amount_minor, rate_bp, WHOLE_BP)
    }
}

fn fraction(amount_minor: i64, numerator: u32, denominator: u32) -> i64 {
    let exact = i128::from(amount_minor) * i128::from(numerator);
    let rounded = div_half_even(exact, denominator.into());
    // Amounts stop at 10^15 and rates at 10^4, so a real result always fits.
    i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
}
