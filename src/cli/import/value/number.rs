//! Amounts as people and programs write them: `1.234,56-`, `(1,234.56)`, `¥1,234.00`, `5,00 H`.

use super::half_width;

/// The decimal separator of a file. The other of the two separates groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "char", into = "char")]
pub(in crate::cli::import) enum Decimal {
    Point,
    Comma,
}

impl Decimal {
    pub const fn mark(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    pub const fn group(self) -> char {
        match self {
            Self::Point => ',',
            Self::Comma => '.',
        }
    }
}

impl TryFrom<char> for Decimal {
    type Error = String;

    fn try_from(mark: char) -> Result<Self, String> {
        match mark {
            '.' => Ok(Self::Point),
            ',' => Ok(Self::Comma),
            other => Err(format!("{other:?} is no decimal separator: it is a point or a comma")),
        }
    }
}

impl std::str::FromStr for Decimal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "." | "point" => Ok(Self::Point),
            "," | "comma" => Ok(Self::Comma),
            other => Err(format!("{other:?} is no decimal separator: it is a point or a comma")),
        }
    }
}

impl From<Decimal> for char {
    fn from(decimal: Decimal) -> Self {
        decimal.mark()
    }
}

/// What the digits and separators of a number say about the decimal separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::import) enum Evidence {
    Nothing,
    Decimal(Decimal),
    /// `1.234`: a separator before three digits.
    Either,
}

/// A number without what stands around its digits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli::import) struct Written {
    pub negative: bool,
    /// Digits and separators.
    core: String,
    /// `$`, `EUR`: what it says about its currency.
    pub unit: String,
}

const SPACES: [char; 6] = [' ', '\u{a0}', '\u{202f}', '\u{2009}', '\'', '\u{2019}'];
const MINUS: [char; 5] = ['-', '\u{2212}', '\u{2013}', '\u{2010}', '\u{2011}'];
/// Behind a number, that it is a credit or a debit.
const CREDIT: [&str; 6] = ["H", "C", "CR", "HABEN", "贷", "貸"];
const DEBIT: [&str; 5] = ["S", "D", "DR", "SOLL", "借"];

impl Written {
    /// `None` if it is no number.
    pub fn read(text: &str) -> Option<Self> {
        let text = half_width(text);
        let mut written = Self::default();
        let mut rest = text.trim_matches(SPACES);
        // German and Swiss for a fraction of nothing: 12,-
        for none in [",--", ",-", ".--", ".-", ",\u{2014}", ".\u{2014}"] {
            if let Some(whole) = rest.strip_suffix(none)
                && whole.ends_with(|c: char| c.is_ascii_digit())
            {
                rest = whole;
            }
        }
        let (mut signs, mut units) = (0, 0);
        loop {
            let before = rest;
            if let Some(inner) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
                (written.negative, rest) = (true, inner);
                signs += 1;
            }
            for minus in MINUS {
                let stripped = rest.strip_prefix(minus).or_else(|| rest.strip_suffix(minus));
                if let Some(stripped) = stripped {
                    (written.negative, rest) = (true, stripped);
                    signs += 1;
                }
            }
            if let Some(stripped) = rest.strip_prefix('+').or_else(|| rest.strip_suffix('+')) {
                rest = stripped;
                signs += 1;
            }
            rest = rest.trim_matches(SPACES);
            let (unit, stripped) = unit(rest);
            if !unit.is_empty() {
                rest = stripped.trim_matches(SPACES);
                let unit = unit.to_uppercase();
                if CREDIT.contains(&&*unit) || DEBIT.contains(&&*unit) {
                    written.negative = CREDIT.contains(&&*unit);
                    signs += 1;
                } else {
                    written.unit = unit;
                    units += 1;
                }
            }
            if rest == before {
                break;
            }
        }
        let known = |c: char| c.is_ascii_digit() || SPACES.contains(&c) || matches!(c, '.' | ',');
        let number = rest.contains(|c: char| c.is_ascii_digit()) && rest.chars().all(known);
        written.core = rest.to_owned();
        (number && signs <= 1 && units <= 1).then_some(written)
    }

    /// What this number alone says about the decimal separator.
    pub fn evidence(&self) -> Evidence {
        let decimal = |mark: char| match mark {
            '.' => Decimal::Point,
            _ => Decimal::Comma,
        };
        let marks: Vec<(usize, char)> =
            self.core.char_indices().filter(|(_, c)| matches!(c, '.' | ',')).collect();
        let Some(&(at, last)) = marks.last() else { return Evidence::Nothing };
        let mixed = marks.iter().any(|(_, mark)| *mark != last);
        let spaced = self.core.contains(SPACES);
        let by = if !mixed && marks.len() > 1 {
            // 1.234.567: it separates groups.
            decimal(if last == '.' { ',' } else { '.' })
        } else {
            decimal(last)
        };
        if self.digits(by).is_none() {
            return Evidence::Nothing;
        }
        let (whole, fraction) = (&self.core[..at], &self.core[at + 1..]);
        let group_like = fraction.len() == 3 && (1..=3).contains(&whole.len());
        if marks.len() == 1 && !spaced && group_like && !whole.starts_with('0') {
            return Evidence::Either;
        }
        Evidence::Decimal(by)
    }

    /// As a plain decimal number, `-1234.56`; `None` if a separator is not where it belongs.
    pub fn plain(&self, decimal: Decimal) -> Option<String> {
        let digits = self.digits(decimal)?;
        Some(if self.negative { format!("-{digits}") } else { digits })
    }

    fn digits(&self, decimal: Decimal) -> Option<String> {
        let (whole, fraction) = match self.core.split_once(decimal.mark()) {
            Some((whole, fraction)) => (whole, fraction),
            None => (&*self.core, ""),
        };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if !digits(fraction) {
            return None;
        }
        let separator = whole.chars().find(|c| !c.is_ascii_digit());
        let whole = match separator {
            None => whole.to_owned(),
            Some(separator) => {
                let mut groups = whole.split(separator);
                let first = groups.next().unwrap_or_default();
                let well = (1..=3).contains(&first.len())
                    && digits(first)
                    && groups.all(|group| group.len() == 3 && digits(group));
                if !well {
                    return None;
                }
                whole.replace(separator, "")
            }
        };
        let whole = if whole.is_empty() { "0" } else { &*whole };
        Some(if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") })
    }
}

/// A word or sign of a currency, or of a side, at either end, and what is left.
fn unit(text: &str) -> (&str, &str) {
    let inside = |c: char| !c.is_ascii_digit() && !SPACES.contains(&c) && !MINUS.contains(&c);
    let sign = |c: char| matches!(c, '.' | ',' | '(' | ')' | '+');
    let start = text.len() - text.trim_start_matches(|c| inside(c) && !sign(c)).len();
    if start > 0 {
        // Fr. and Rs. end in a point, which is no decimal one.
        let word = text[..start].ends_with(char::is_alphabetic);
        let point = word && text[start..].starts_with('.');
        return (&text[..start], &text[start + usize::from(point)..]);
    }
    let word = text.strip_suffix('.').filter(|rest| rest.ends_with(char::is_alphabetic));
    let behind = word.unwrap_or(text);
    let end = behind.trim_end_matches(|c| inside(c) && !sign(c)).len();
    if end < behind.len() { (&behind[end..], &text[..end]) } else { ("", text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, decimal: Decimal) -> Option<String> {
        Written::read(text)?.plain(decimal)
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for text in [
            "1.234,56-",
            "-1.234,56",
            "(1.234,56)",
            "1.234,56 H",
            "1.234,56 CR",
            "−1.234,56",
            "-1234,56",
            "1 234,56-",
            "1\u{a0}234,56-",
            "-1\u{202f}234,56",
            "-1'234,56",
            "-1’234,56",
            "-€ 1.234,56",
            "-1.234,56 €",
            "€ -1.234,56",
            "EUR 1.234,56-",
            "（１．２３４，５６）",
            "-Fr. 1'234,56",
            "-1.234,56 kr.",
            "1.234,56- EUR",
        ] {
            assert_eq!(plain(text, Decimal::Comma).as_deref(), Some("-1234.56"), "{text}");
        }
        for text in ["¥1,234.00", "$1,234.00", "1,234.00 S", "+1,234.00", "USD1,234.00", "1234.00"]
        {
            assert_eq!(plain(text, Decimal::Point).as_deref(), Some("1234.00"), "{text}");
        }
        assert_eq!(plain("12,-", Decimal::Comma).as_deref(), Some("12"));
        assert_eq!(plain("Rs.500", Decimal::Point).as_deref(), Some("500"));
        assert_eq!(plain("$.50", Decimal::Point).as_deref(), Some("0.50"));
        assert_eq!(plain(".5", Decimal::Point).as_deref(), Some("0.5"));
        assert_eq!(Written::read("US$ 5").unwrap().unit, "US$");
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "-",
            "abc",
            "1e5",
            "1.5E+3",
            "--5",
            "(-5)",
            "5 6",
            "1,2,3",
            "12 €$ 3",
            "1.23.456",
            "12.34.567",
            "1.2345.678",
            "5,00 S H",
            "5-6",
            "€",
            "1,23.456,7",
        ] {
            let read = Written::read(text);
            let plain = read.map(|n| (n.plain(Decimal::Comma), n.plain(Decimal::Point)));
            assert!(matches!(plain, None | Some((None, None))), "{text}: {plain:?}");
        }
    }

    #[test]
    fn fault_f3_a_separator_stands_before_groups_of_three_digits() {
        for text in ["110.7", "12.5", "1.23", "1234.56", "1.2.3.4,5"] {
            assert_eq!(plain(text, Decimal::Comma), None, "{text}");
        }
        assert_eq!(plain("1.234", Decimal::Comma).as_deref(), Some("1234"));
    }

    #[test]
    fn a_number_says_what_it_can_about_the_separator() {
        let of = |text: &str| Written::read(text).unwrap().evidence();
        use Evidence as E;
        for text in ["1,234.56", "1234.5", "12.34", "0.123", "1,234,567", "1 234.567", "1234.567"] {
            assert_eq!(of(text), E::Decimal(Decimal::Point), "{text}");
        }
        for text in ["1.234,56", "1234,5", "0,5", "1.234.567", "1'234,5"] {
            assert_eq!(of(text), E::Decimal(Decimal::Comma), "{text}");
        }
        for text in ["1.234", "12,345", "999.999 €"] {
            assert_eq!(of(text), E::Either, "{text}");
        }
        for text in ["1234", "1 234", "1.23.456,7", "12,34,567.89"] {
            assert_eq!(of(text), E::Nothing, "{text}");
        }
    }
}
