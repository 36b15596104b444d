//! Free text from outside: names, references, reasons, notes.

use super::error::{Reason, Result, Violation};

/// How much of a client's value an error may repeat.
const QUOTE_MAX_CHARS: usize = 40;

/// Accepts one line of text of `min_chars..=max_chars` Unicode characters, in any script.
///
/// # Errors
/// `FIELD_REQUIRED` if it is too short, `FIELD_TOO_LONG`, or `TEXT_INVALID` if it contains
/// a control character (C0, DEL, C1) or one that shows what follows in another order, by which a name
/// reads as another, or begins or ends with white space.
pub fn check(
    field: &str,
    value: &str,
    min_chars: usize,
    max_chars: usize,
) -> Result<(), Violation> {
    let forbidden = |c: char| c.is_control() || is_reordering(c);
    check_chars(field, value, min_chars, max_chars, forbidden)
}

/// Like [`check`], for what things are known by: nothing in it is invisible, so that two keys that look
/// the same are the same.
///
/// # Errors
/// As [`check`], and `TEXT_INVALID` for any format character.
pub fn check_key(
    field: &str,
    value: &str,
    min_chars: usize,
    max_chars: usize,
) -> Result<(), Violation> {
    let forbidden = |c: char| c.is_control() || is_format(c);
    check_chars(field, value, min_chars, max_chars, forbidden)
}

/// Embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX #9). Marks of direction
/// alone reorder nothing that has a direction, and scripts from right to left need them.
fn is_reordering(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The general category Cf of Unicode 16.
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
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
        return refuse(
            Reason::TextInvalid,
            format!("contains the invisible character U+{code:04X}"),
        );
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
    fn a_key_has_nothing_invisible_and_a_name_nothing_that_turns_it_round() {
        for turned in ["a\u{202e}b", "a\u{2066}b", "a\u{202a}b"] {
            assert_eq!(reason(check("t", turned, 0, 10)), Some(Reason::TextInvalid), "{turned:?}");
        }
        // Persian joins by them, families of emoji too.
        for joined in ["می\u{200c}خواهم", "a\u{200d}b", "\u{200f}שלום"] {
            assert_eq!(check("t", joined, 0, 10), Ok(()));
            assert_eq!(
                reason(check_key("t", joined, 0, 10)),
                Some(Reason::TextInvalid),
                "{joined:?}"
            );
        }
        for hidden in ["a\u{ad}b", "a\u{feff}b", "a\u{2060}b", "a\u{e0041}b"] {
            assert_eq!(
                reason(check_key("t", hidden, 0, 10)),
                Some(Reason::TextInvalid),
                "{hidden:?}"
            );
        }
        assert_eq!(check_key("t", "宁波-471 é", 0, 10), Ok(()));
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
