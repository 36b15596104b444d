//! Values as exports write them.

pub(super) mod date;
pub(super) mod number;
pub(super) mod text;
pub(super) mod vote;

use crate::domain::error::{Reason, Result, Violation};
use crate::domain::text::quote;

/// Full-width characters, as Chinese and Japanese programs write them, as their ASCII twins.
pub(super) fn half_width(text: &str) -> String {
    let half = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    };
    text.chars().map(half).collect()
}

/// `1929003413.0` is `1929003413`: an id that a program took for a float.
pub(super) fn without_float(id: &str) -> &str {
    match id.split_once('.') {
        Some((whole, zeros))
            if !whole.is_empty()
                && whole.bytes().all(|b| b.is_ascii_digit())
                && zeros.bytes().all(|b| b == b'0') =>
        {
            whole
        }
        _ => id,
    }
}

/// A whole number, perhaps written as `2019.0`.
pub(super) fn integer<T: TryFrom<i64>>(field: &str, value: &str) -> Result<T, Violation> {
    let number = half_width(value);
    without_float(&number).parse::<i64>().ok().and_then(|n| T::try_from(n).ok()).ok_or_else(|| {
        let description = format!("{} is not a whole number in range", quote(value));
        Violation::new(field, Reason::FieldInvalid, description)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_loses_the_zero_fraction_of_a_float_and_nothing_else() {
        assert_eq!(without_float("1929003413.0"), "1929003413");
        assert_eq!(without_float("0200769623"), "0200769623");
        for id in ["1.5", "A.0", ".0", "1.0.0", "CCU013"] {
            assert_eq!(without_float(id), id);
        }
        assert_eq!(integer::<i32>("f", "2019.0"), Ok(2019));
        assert_eq!(integer::<i32>("f", "２０１９"), Ok(2019));
        assert!(integer::<i32>("f", "99999999999").is_err());
    }
}
