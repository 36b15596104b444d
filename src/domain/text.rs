//! Free text from outside: names, references, reasons, notes.

use super::error::{Reason, Result, Violation};

/// How much of a client's value an error may repeat.
const QUOTE_MAX_CHARS: usize = 40;

/// Accepts one line of text of `min_chars..=max_chars` Unicode characters, in any script.
///
/// # Errors
/// `FIELD_REQUIRED` if it is too short, `FIELD_TOO_LONG`, or `TEXT_INVALID` if it contains
/// a control character (C0, DEL, C1) or begins or ends with white space.
pub fn check(
    field: &str,
    value: &str,
    min_chars: usize,
    max_chars: usize,
) -> Result<(), Violation> {
    check_chars(field, value, min_chars, max_chars, char::is_control)
}

/// Like [`check`], but line feeds and tabs are text.
///
/// # Errors
/// As [`check`].
pub fn check_multiline(
    field: &str,
    value: &str,
    min_chars: usize,
    max_chars: usize,
) -> Result<(), Violation> {
    let forbidden = |c: char| c.is_control() && c != '\n' && c != '\t';
    check_chars(field, value, min_chars, max_chars, forbidden)
}

fn check_chars(
    field: &str,
    value: &str,
    min_chars: usize,
    max_chars: usize,
    forbidden: impl Fn(char) -> bool,
) -> Result<(), Violation> {
    let refuse = |reason, description| Err(Violation::new(field, reason, description));
    // A character past the limit settles it: a huge value is never read to its end.
    if value.chars().nth(max_chars).is_some() {
        return refuse(Reason::FieldTooLong, format!("must be at most {max_chars} characters"));
    }
    if value.chars().count() < min_chars {
        return refuse(Reason::FieldRequired, format!("needs at least {min_chars} characters"));
    }
    if let Some(c) = value.chars().find(|&c| forbidden(c)) {
        let code = u32::from(c);
        return refuse(Reason::TextInvalid, format!("contains the control character U+{code:04X}"));
    }
    if value.trim() != value {
        return refuse(Reason::TextInvalid, "must not begin or end with white space".to_owned());
    }
    Ok(())
}

/// A client's value for use in an error: quoted, control characters escaped, and cut after
/// 40 characters, so that an answer never grows with the request.
pub fn quote(value: &str) -> String {
    match value.char_indices().nth(QUOTE_MAX_CHARS) {
        None => format!("{value:?}"),
        Some((cut, _)) => format!("{:?}…", &value[..cut]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(result: Result<(), Violation>) -> Option<Reason> {
        result.err().map(|v| v.reason)
    }

    #[test]
    fn chinese_text_is_measured_in_characters_not_bytes() {
        assert_eq!(check("name", "宁波远洋集装箱有限公司", 1, 11), Ok(()));
        let long = check("name", "宁波远洋集装箱有限公司", 1, 10);
        assert_eq!(reason(long), Some(Reason::FieldTooLong));
    }

    #[test]
    fn missing_text_is_refused_only_where_it_is_required() {
        assert_eq!(check("note", "", 0, 10), Ok(()));
        assert_eq!(reason(check("note", "", 1, 10)), Some(Reason::FieldRequired));
    }

    #[test]
    fn control_characters_are_refused_on_one_line() {
        for text in ["a\0b", "a\nb", "a\tb", "a\u{1b}b", "a\u{7f}b", "a\u{85}b", "a\u{9f}b"] {
            assert_eq!(reason(check("t", text, 0, 10)), Some(Reason::TextInvalid), "{text:?}");
        }
    }

    #[test]
    fn several_lines_may_break_and_indent_but_nothing_else() {
        assert_eq!(check_multiline("t", "a\n\tb", 0, 10), Ok(()));
        for text in ["a\0b", "a\rb", "a\u{85}b"] {
            let refused = check_multiline("t", text, 0, 10);
            assert_eq!(reason(refused), Some(Reason::TextInvalid), "{text:?}");
        }
    }

    #[test]
    fn white_space_around_the_text_is_refused_the_ideographic_kind_too() {
        for text in [" a", "a ", "\u{3000}a", "a\u{a0}", " "] {
            assert_eq!(reason(check("t", text, 0, 10)), Some(Reason::TextInvalid), "{text:?}");
        }
    }

    #[test]
    fn a_huge_value_is_refused_without_being_repeated() {
        let huge = "界".repeat(10 << 20);
        let violation = check("t", &huge, 1, 200).unwrap_err();
        assert_eq!(violation.reason, Reason::FieldTooLong);
        assert!(violation.description.len() < 100);
        assert_eq!(quote(&huge).chars().count(), 43);
    }

    #[test]
    fn a_quote_shows_short_values_whole_and_escapes_them() {
        assert_eq!(quote("a\nb"), r#""a\nb""#);
        assert_eq!(quote(&"x".repeat(40)).len(), 42);
    }
}
