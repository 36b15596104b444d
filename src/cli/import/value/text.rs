//! Keys and texts: what looks like an accident is refused or told, and money is not lost for a
//! name.

use crate::domain::text::quote;

/// What programs write for a value that is not there, in lower case.
const NOTHING: [&str; 12] = [
    "nan", "nat", "null", "none", "nil", "n/a", "#n/a", "#n/v", "#value!", "#ref!", "#name?",
    "<na>",
];

/// Whether a value stands for nothing.
pub(in crate::cli::import) fn is_nothing(cell: &str) -> bool {
    cell.len() <= 8 && NOTHING.contains(&&*cell.to_lowercase())
}

/// Whether a spreadsheet takes what begins like this for a formula.
fn begins_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// A text as an export writes it: an apostrophe before what a spreadsheet would take for a formula, and
/// before what begins with such an apostrophe already.
pub(in crate::cli) fn guarded(text: &str) -> String {
    match begins_formula(text.trim_start_matches('\'')) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// A text without the apostrophe that [`guarded`] puts before it.
pub(in crate::cli::import) fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if begins_formula(rest.trim_start_matches('\'')) => rest,
        Some(_) | None => text,
    }
}

/// A key without what nobody sees in it, and whether anything was taken out.
pub(in crate::cli::import) fn visible(key: &str) -> (String, bool) {
    let kept: String = key.chars().filter(|&c| !is_invisible(c)).collect();
    let kept = kept.trim().to_owned();
    let changed = kept != key;
    (kept, changed)
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

/// Why a key can't be what was meant, if it looks like that.
pub(in crate::cli::import) fn accident(key: &str) -> Option<String> {
    if key.contains('\u{fffd}') {
        let why = "has characters that are damaged in this encoding";
        return Some(format!("{} {why}", quote(key)));
    }
    rounded(key)
        .then(|| format!("{} was rounded by a spreadsheet: export the column as text", quote(key)))
}

/// `2.01E+08`
fn rounded(key: &str) -> bool {
    let Some((mantissa, exponent)) = key.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mantissa = mantissa
        .split_once(['.', ','])
        .map_or_else(|| digits(mantissa), |(whole, fraction)| digits(whole) && digits(fraction));
    mantissa && exponent.strip_prefix('+').is_some_and(digits)
}

/// One line of text of at most `max_chars`, and what was done to it, if anything.
pub(in crate::cli::import) fn cleaned(
    text: &str,
    max_chars: usize,
) -> (String, Option<&'static str>) {
    let blank = |c: char| c.is_control() || c.is_whitespace();
    let needs_cleaning = text.chars().any(char::is_control);
    let mut line = if needs_cleaning {
        text.split(blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    } else {
        text.trim().to_owned()
    };
    let damaged = line.contains('\u{fffd}');
    let done = match line.char_indices().nth(max_chars) {
        Some((cut, _)) => {
            line.truncate(cut);
            line.truncate(line.trim_end().len());
            Some("was cut: it is too long")
        }
        None if damaged => Some("has characters that are damaged in this encoding"),
        None if needs_cleaning => Some("was made one line"),
        None => None,
    };
    (line, done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_taken_out_of_keys() {
        for key in ["R\u{200b}1", "\u{feff}R1", "R1\u{a0}", "R1\t", "R\u{ad}1"] {
            assert_eq!(visible(key), ("R1".into(), true), "{key:?}");
        }
        assert_eq!(visible("宁波-1"), ("宁波-1".into(), false));
    }

    #[test]
    fn what_a_spreadsheet_made_of_a_number_is_no_key() {
        for key in ["2.01E+08", "2E+08", "1,93E+09", "M\u{fffd}ller"] {
            assert!(accident(key).is_some(), "{key}");
        }
        for key in ["1E05", "E+08", "2019E", "CCU013", "1.5"] {
            assert_eq!(accident(key), None, "{key}");
        }
        for nothing in ["nan", "NaT", "NULL", "#N/A", "None"] {
            assert!(is_nothing(nothing), "{nothing}");
        }
        assert!(!is_nothing("Nanjing"));
    }

    #[test]
    fn what_a_spreadsheet_takes_for_a_formula_is_guarded_and_read_as_it_was() {
        for formula in ["=1+1", "+8613812345678", "-5", "@home", "'=x", "''+y", "＝1"] {
            assert_eq!(guarded(formula), format!("'{formula}"));
            assert_eq!(unguarded(&guarded(formula)), formula);
        }
        for plain in ["", "Li", "'t Hooft", "O'Neill", "1-2", "'"] {
            assert_eq!((guarded(plain).as_str(), unguarded(plain)), (plain, plain));
        }
    }

    #[test]
    fn a_text_is_one_line_and_no_longer_than_it_may_be() {
        assert_eq!(cleaned(" Müller ", 10), ("Müller".into(), None));
        assert_eq!(cleaned("a\r\n\tb", 10), ("a b".into(), Some("was made one line")));
        let (cut, done) = cleaned(&"宁".repeat(11), 10);
        assert_eq!((cut.chars().count(), done.is_some()), (10, true));
    }
}
