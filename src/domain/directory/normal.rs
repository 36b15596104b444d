//! The normal forms by which names and numbers are compared. Whoever writes a key and whoever asks
//! for one goes through here.

use unicode_normalization::UnicodeNormalization;

use super::forms::{FIRST_WORDS, JOINED, LAST_WORDS, NOT_JOINED, PLACE_KINDS, PLACES};
use super::traditional::simplified;
use crate::domain::names::CanonicalForm;

/// What a normal form may have at most: more is not compared. One character may become many.
const CHARS_MAX: usize = 256;

/// A name without what does not tell one from another: width and case of letters, accents,
/// blanks and punctuation, one legal form at an end, traditional characters. A place at the end of
/// a Chinese name comes first. It is empty for an empty name only.
pub fn name(text: &str) -> String {
    let folded = folded(text);
    let words: Vec<&str> =
        folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let bare = without_form(&words).concat();
    match placed(without_joined_form(&bare)) {
        // Nothing of it is a letter or a digit, and perhaps all of it an accent.
        name if name.is_empty() => {
            let signs = without_blanks(&folded);
            if signs.is_empty() { without_blanks(text) } else { signs }
        }
        name => name.chars().take(CHARS_MAX).collect(),
    }
}

fn without_blanks(text: &str) -> String {
    text.split_whitespace().flat_map(str::chars).take(CHARS_MAX).collect()
}

/// A tax or registration number: letters and digits, in upper case.
pub fn tax_id(text: &str) -> String {
    let upper = text.nfkc().flat_map(char::to_uppercase);
    upper.filter(|c| c.is_alphanumeric()).take(CHARS_MAX).collect()
}

/// An id of another system: digits alone lose their leading zeros, so that it does not matter
/// whether the system or the one who asks writes them.
pub fn external_id(text: &str) -> String {
    CanonicalForm::Numeric.canonical(text.trim())
}

/// In one width and case, without accents, in simplified characters. German umlauts become what
/// they are written as where there are none.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let one_case = |c: char| c.to_uppercase().flat_map(char::to_lowercase);
    for c in text.nfkc().flat_map(one_case).nfc() {
        match c {
            'ä' | 'æ' => folded.push_str("ae"),
            'ö' | 'ø' | 'œ' => folded.push_str("oe"),
            'ü' => folded.push_str("ue"),
            'þ' => folded.push_str("th"),
            'ð' | 'đ' => folded.push('d'),
            'ł' => folded.push('l'),
            c => folded.push(simplified(c)),
        }
    }
    let is_accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    folded.nfd().filter(|c| !is_accent(c)).nfc().collect()
}

/// The words without the longest legal form at the end, or else without one at the beginning; all
/// of them if nothing would be left.
fn without_form<'a>(words: &'a [&'a str]) -> &'a [&'a str] {
    let count = |form: &str| form.split(' ').count();
    let is_form = |words: &[&str], form: &str| form.split(' ').eq(words.iter().copied());
    let last = LAST_WORDS
        .iter()
        .map(|form| (count(form), form))
        .filter(|(len, _)| *len < words.len())
        .filter(|(len, form)| is_form(&words[words.len() - len..], form))
        .map(|(len, _)| len)
        .max();
    if let Some(len) = last {
        return &words[..words.len() - len];
    }
    match words {
        [first, rest @ ..] if !rest.is_empty() && FIRST_WORDS.contains(first) => rest,
        words => words,
    }
}

/// The name without the longest form of names written without blanks, at the end or else at the
/// beginning; all of it if nothing would be left.
fn without_joined_form(name: &str) -> &str {
    let longest = |strip: &dyn Fn(&str) -> Option<usize>| {
        JOINED.iter().filter_map(|form| strip(form)).filter(|left| *left > 0).min()
    };
    let is_other = NOT_JOINED.iter().any(|end| name.ends_with(end));
    let before = |form: &str| name.strip_suffix(form).map(str::len);
    if let Some(len) = longest(&before).filter(|_| !is_other) {
        return &name[..len];
    }
    let behind = |form: &str| name.strip_prefix(form).map(str::len);
    longest(&behind).map_or(name, |len| &name[name.len() - len..])
}

/// The name with its place first, where it ends with one, and without what kind of place that is.
fn placed(name: &str) -> String {
    let kind = |text: &str| PLACE_KINDS.iter().find(|kind| text.ends_with(**kind)).map(|k| k.len());
    let at_end = |name: &str| {
        let end = PLACES.iter().find(|place| name.ends_with(**place))?;
        Some((name[..name.len() - end.len()].to_owned(), *end))
    };
    let begins = PLACES.iter().find(|place| name.starts_with(**place));
    if let Some(place) = begins {
        let rest = &name[place.len()..];
        let kind = PLACE_KINDS.iter().find_map(|kind| rest.strip_prefix(kind));
        return match kind {
            Some(rest) if !rest.is_empty() => format!("{place}{rest}"),
            _ => name.to_owned(),
        };
    }
    let without_kind = kind(name).map_or(name, |len| &name[..name.len() - len]);
    match at_end(name).or_else(|| at_end(without_kind)) {
        Some((rest, place)) if !rest.is_empty() => format!("{place}{rest}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_differ_in_nothing_that_matters_are_one() {
        for (one, other) in [
            ("上海宏远建材有限公司", "（上海）宏远 建材"),
            ("上海宏远建材有限公司", "宏远建材(上海)有限公司"),
            ("上海宏远建材有限公司", "上海市宏遠建材股份有限公司"),
            ("广东华润贸易", "廣東華潤貿易（集團）有限公司"),
            ("Müller Maschinenbau GmbH & Co. KG", "MUELLER MASCHINENBAU"),
            ("Müller Maschinenbau GmbH", "Ｍüller-Maschinenbau ＧｍｂＨ"),
            ("Weiß AG", "WEISS"),
            ("Acme S.p.A.", "acme"),
            ("Žižka spol. s r.o.", "Zizka"),
            ("Łódź Sp. z o.o.", "lodz"),
            ("株式会社トヨタ", "トヨタ㈱"),
            ("(주)삼성", "삼성 주식회사"),
            ("ООО Ромашка", "Ромашка"),
            ("PT Astra", "Astra Tbk"),
            ("O'Neill Ltd", "ONEILL"),
        ] {
            assert_eq!(name(one), name(other), "{one} and {other}");
        }
    }

    #[test]
    fn a_form_is_a_word_of_its_own_and_never_the_whole_name() {
        for whole in
            ["Chase", "Verlag", "Zinc", "Seabird", "Inc", "GmbH", "AG", "公司", "集团", "上海"]
        {
            assert_eq!(name(whole), whole.to_lowercase(), "{whole}");
        }
        assert_eq!(name("株洲中车"), "株洲中车");
        assert_eq!(name("宏远有限公司北京分公司"), "宏远有限公司北京分公司");
        assert_eq!((&*name("&"), &*name(" ! "), &*name("．")), ("&", "!", "."));
        assert_eq!(name("\u{301}"), "\u{301}");
        assert_ne!(name("北京宏远有限公司"), name("上海宏远有限公司"));
    }

    #[test]
    fn a_normal_form_is_bounded_whatever_one_character_becomes() {
        let long = "\u{fdfa}".repeat(200);
        assert_eq!(name(&long).chars().count(), CHARS_MAX);
        assert_eq!(tax_id(&long).chars().count(), CHARS_MAX);
    }

    #[test]
    fn numbers_are_compared_without_how_they_are_written() {
        assert_eq!(tax_id("de 811.569-869"), "DE811569869");
        assert_eq!(tax_id("９１３５０１００ｍ000100Ｙ43"), "91350100M000100Y43");
        assert_eq!(external_id("0200769623"), external_id("200769623"));
        assert_ne!(external_id("A0200"), external_id("A200"));
    }

    /// Letters, digits and signs in their full width.
    fn wide(text: &str) -> String {
        let wide = |c: char| match c {
            ' ' => '\u{3000}',
            '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
            c => c,
        };
        text.chars().map(wide).collect()
    }

    proptest! {
        #[test]
        fn width_case_and_blanks_change_nothing(text in "[A-Za-zäöüßéñ宏远建材上海 .]{1,30}") {
            prop_assert_eq!(name(&text), name(&wide(&text)));
            prop_assert_eq!(name(&text), name(&text.to_uppercase()));
            prop_assert_eq!(name(&text), name(&format!("  {text} ")));
        }

        #[test]
        fn no_text_has_an_empty_name(text in "\\PC{1,40}") {
            prop_assert!(!name(&text).is_empty() || text.chars().all(char::is_whitespace));
        }

        #[test]
        fn a_legal_form_more_is_the_same_name(text in "[a-z]{4,10} [a-z]{4,10}", n in 0_usize..20) {
            prop_assume!(without_form(&text.split(' ').collect::<Vec<_>>()).len() == 2);
            let form = LAST_WORDS[n * LAST_WORDS.len() / 20];
            prop_assert_eq!(name(&format!("{text} {form}")), name(&text));
        }
    }
}
