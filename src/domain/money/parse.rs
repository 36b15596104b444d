//! Amounts as people and exports write them.

use super::{Currency, MAX_AMOUNT_MINOR, Money, out_of_range, too_fine};
use crate::domain::error::{Reason, Result, Violation};
use crate::domain::text::quote;

/// More characters than any amount in range needs, sign, point and spare zeros included.
const MAX_CHARS: usize = 40;

impl Money {
    /// Reads a plain decimal number: `1234.50`, `-1234.5`, `+7`. Full-width digits, point and
    /// signs, as Chinese and Japanese input methods produce them, count as their ASCII
    /// twins. Zeros beyond the currency's digits are harmless and accepted.
    ///
    /// # Errors
    /// `FIELD_REQUIRED` if empty; `FIELD_INVALID` for any other form, thousands separators
    /// and exponents included, as what they mean depends on who wrote them;
    /// `AMOUNT_PRECISION` and `AMOUNT_OUT_OF_RANGE` as [`Money::from_units_nanos`].
    pub fn parse_decimal(field: &str, text: &str, currency: Currency) -> Result<Self, Violation> {
        if text.is_empty() {
            return Err(Violation::new(field, Reason::FieldRequired, "an amount is required"));
        }
        let malformed = || {
            let description = format!(
                "{} is not a decimal number like -1234.50, without separators or exponent",
                quote(text)
            );
            Violation::new(field, Reason::FieldInvalid, description)
        };
        if text.chars().nth(MAX_CHARS).is_some() {
            return Err(malformed());
        }
        let ascii: String = text.chars().map(to_ascii).collect();
        let (negative, number) = match ascii.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, ascii.strip_prefix('+').unwrap_or(&ascii)),
        };
        let (whole, fraction) = match number.split_once('.') {
            Some((_, "")) => return Err(malformed()),
            Some(parts) => parts,
            None => (number, ""),
        };
        let digits_only = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits_only(whole) || !digits_only(fraction) {
            return Err(malformed());
        }
        let fraction = fraction.trim_end_matches('0');
        let digits = currency.minor_digits() as usize;
        if fraction.len() > digits {
            return Err(too_fine(field, currency));
        }
        let magnitude: i128 = format!("{whole}{fraction:0<digits$}")
            .parse()
            .map_err(|_| out_of_range(MAX_AMOUNT_MINOR, field, currency))?;
        let minor = if negative { -magnitude } else { magnitude };
        Self::in_range(MAX_AMOUNT_MINOR, field, minor, currency)
    }
}

fn to_ascii(c: char) -> char {
    match c {
        '０'..='９' => char::from(b'0' + (u32::from(c) - u32::from('０')) as u8),
        '．' => '.',
        // The full-width hyphen-minus, and the minus sign of typeset text.
        '－' | '\u{2212}' => '-',
        '＋' => '+',
        other => other,
    }
}
