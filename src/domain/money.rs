//! Amounts of money: whole minor units with their currency, never a float.
//!
//! Sums are wide (`i128`) and narrow again in one place ([`to_minor`]); a figure is rounded
//! once, half to even, at its end.

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use super::currency::Currency;
use super::error::{Error, Reason, Result, Violation};
use super::rounding::mul_div_pow10;

/// The largest single amount, in minor units, on either side of zero: 10 trillion units of a
/// currency with two decimals.
pub const MAX_AMOUNT_MINOR: i64 = 1_000_000_000_000_000;

/// The largest limit or balance somebody may state. Sums reach a little further, to the 64 bits of
/// the columns (9.2 × 10^18); what would pass those is refused by name.
pub const MAX_TOTAL_MINOR: i64 = 1_000_000_000_000_000_000;

/// Digits of `nanos`, the fractional part on the wire.
const NANO_DIGITS: u32 = 9;

/// An amount in minor units (cents, fen, fils) of its currency. Not ordered: amounts of two
/// currencies do not compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    /// Reads the form of `google.type.Money`: whole units, and billionths of the same sign.
    ///
    /// # Errors
    /// `FIELD_INVALID` if the two disagree in sign or `nanos` is a unit or more,
    /// `AMOUNT_PRECISION` if it is finer than the currency, `AMOUNT_OUT_OF_RANGE` beyond
    /// [`MAX_AMOUNT_MINOR`].
    pub fn from_units_nanos(
        field: &str,
        currency: Currency,
        units: i64,
        nanos: i32,
    ) -> Result<Self, Violation> {
        Self::up_to(MAX_AMOUNT_MINOR, field, currency, units, nanos)
    }

    /// As [`Money::from_units_nanos`] for a limit or a balance, which may be larger than any
    /// single amount: up to [`MAX_TOTAL_MINOR`].
    ///
    /// # Errors
    /// As [`Money::from_units_nanos`].
    pub fn total_from_units_nanos(
        field: &str,
        currency: Currency,
        units: i64,
        nanos: i32,
    ) -> Result<Self, Violation> {
        Self::up_to(MAX_TOTAL_MINOR, field, currency, units, nanos)
    }

    fn up_to(
        max: i64,
        field: &str,
        currency: Currency,
        units: i64,
        nanos: i32,
    ) -> Result<Self, Violation> {
        let refuse = |reason, description: &str| Err(Violation::new(field, reason, description));
        if nanos.unsigned_abs() >= 10u32.pow(NANO_DIGITS) {
            return refuse(Reason::FieldInvalid, "nanos must be within ±999,999,999");
        }
        if units.signum() * i64::from(nanos.signum()) < 0 {
            return refuse(Reason::FieldInvalid, "units and nanos must have the same sign");
        }
        let nanos_per_minor = nanos_per_minor(currency);
        if nanos % nanos_per_minor != 0 {
            return Err(too_fine(field, currency));
        }
        let whole = i128::from(units) * i128::from(currency.minor_per_unit());
        Self::in_range(max, field, whole + i128::from(nanos / nanos_per_minor), currency)
    }

    /// The form of `google.type.Money`: whole units, and billionths of the same sign.
    pub fn units_nanos(self) -> (i64, i32) {
        let per_unit = self.currency.minor_per_unit();
        let nanos = self.minor % per_unit * i64::from(nanos_per_minor(self.currency));
        // Less than a unit of billionths by construction, so it fits.
        (self.minor / per_unit, nanos as i32)
    }

    /// The bare number with all digits of the currency: `1234.50`, `-0.05`, `1234` for yen.
    pub fn decimal_string(self) -> String {
        Decimal::from_i128_with_scale(self.minor.into(), self.currency.minor_digits()).to_string()
    }

    fn in_range(max: i64, field: &str, minor: i128, currency: Currency) -> Result<Self, Violation> {
        match i64::try_from(minor) {
            Ok(minor) if minor.unsigned_abs() <= max.unsigned_abs() => Ok(Self { minor, currency }),
            _ => Err(out_of_range(max, field, currency)),
        }
    }
}

/// `1234.50 USD`
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal_string(), self.currency)
    }
}

fn nanos_per_minor(currency: Currency) -> i32 {
    10i32.pow(NANO_DIGITS - currency.minor_digits())
}

fn too_fine(field: &str, currency: Currency) -> Violation {
    let digits = currency.minor_digits();
    let description = format!("{currency} has {digits} decimal digits, not more");
    Violation::new(field, Reason::AmountPrecision, description)
}

fn out_of_range(max: i64, field: &str, currency: Currency) -> Violation {
    let limit = Money { minor: max, currency };
    Violation::new(field, Reason::AmountOutOfRange, format!("an amount is at most {limit}"))
}

/// Narrows a total to what a column or message holds.
///
/// # Errors
/// `AMOUNT_OUT_OF_RANGE` if it does not fit: it takes thousands of the largest amounts, or a rate
/// that makes one of them larger than any.
pub fn to_minor(total: i128) -> Result<i64> {
    i64::try_from(total).map_err(|_| beyond_totals(format!("the total {total}")))
}

/// A total to be shown; `None` if it is beyond what a message holds.
pub fn told(total: i128, currency: Currency) -> Option<Money> {
    Some(Money { minor: i64::try_from(total).ok()?, currency })
}

/// The bare number with all digits of its currency, however large.
pub fn digits(total: i128, currency: Currency) -> String {
    let digits = currency.minor_digits() as usize;
    let sign = if total < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", total.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// A total that no column and no message holds.
pub fn beyond_totals(what: impl fmt::Display) -> Error {
    let description = format!("{what} is beyond 9.2 × 10^18 minor units");
    Error::invalid("", Reason::AmountOutOfRange, description)
}

/// Converts a total at `rate` units of `to` per unit of `from`; rounds once, half to even,
/// to minor units of `to`. The product is exact before that.
///
/// # Errors
/// `INTERNAL` if the rate is not positive or the result exceeds 128 bits: quotes are checked
/// when they are recorded, so neither comes from a request.
pub fn convert(minor: i128, from: Currency, to: Currency, rate: Decimal) -> Result<i128> {
    let fault = || Error::internal(format!("cannot convert {minor} {from} to {to} at {rate}"));
    let mantissa = u128::try_from(rate.mantissa()).ok().filter(|&m| m > 0).ok_or_else(fault)?;
    let divisor_digits = rate.scale() + from.minor_digits();
    let scaled_up = mantissa * 10u128.pow(to.minor_digits().saturating_sub(divisor_digits));
    let places = divisor_digits.saturating_sub(to.minor_digits());
    mul_div_pow10(minor.unsigned_abs(), scaled_up, places)
        .and_then(|magnitude| i128::try_from(magnitude).ok())
        .map(|magnitude| magnitude * minor.signum())
        .ok_or_else(fault)
}

/// The most of `from` that [`convert`] makes no more than `within` of, both in minor units; no
/// more than an amount can be.
pub fn most_converting(within: i128, from: Currency, to: Currency, rate: Decimal) -> i128 {
    // What exceeds 128 bits is too much on its side of zero.
    let fits = |minor: i128| match convert(minor, from, to, rate) {
        Ok(converted) => converted <= within,
        Err(_) => minor < 0,
    };
    let (least, most) = (i128::from(i64::MIN), i128::from(i64::MAX));
    // Near the answer, but for what rounding adds on the way there and back.
    let guess =
        Decimal::ONE.checked_div(rate).and_then(|back| convert(within, to, from, back).ok());
    let guess = guess.unwrap_or_default().clamp(least, most);
    let (mut low, mut high, mut step) = (guess, guess, 1);
    while low > least && !fits(low) {
        (high, low, step) = (low, (low - step).max(least), step * 2);
    }
    while high < most && fits(high) {
        (low, high, step) = (high, (high + step).min(most), step * 2);
    }
    if fits(high) {
        return high;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle }
    }
    low
}

/// Splits a total by shares in basis points. Each part is cut toward zero and the last takes
/// the remainder, so the parts add up exactly and none changes sign.
pub fn split(total_minor: i64, shares_bp: &[u32]) -> Vec<i64> {
    let Some((_, firsts)) = shares_bp.split_last() else { return Vec::new() };
    let cut = |&bp: &u32| i128::from(total_minor) * i128::from(bp) / 10_000;
    // A share is at most the whole, so each part fits where the total did.
    let mut parts: Vec<i64> = firsts.iter().map(|bp| cut(bp) as i64).collect();
    parts.push(total_minor - parts.iter().sum::<i64>());
    parts
}
