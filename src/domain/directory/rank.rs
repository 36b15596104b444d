//! Which of the records that were found comes first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Key, KeyKind, Subject, grams};

/// What is the same.
const SAME_BP: i32 = 10_000;
/// What only resembles it is never more.
const ALIKE_BP_MAX: i32 = 9_700;
/// A name it had before counts less than the one it has.
const FORMER_LESS_BP: i32 = 200;
/// A number of which only the end is the same may be another one.
const END_LESS_BP: i32 = 1_500;

/// Many do the same: whoever is called so is meant before.
const FUNCTION_LESS_BP: i32 = 5_000;

/// Names with fewer pieces in common are not held against each other letter by letter.
const EDITED_SHARED_BP_MIN: i32 = 1_500;

/// What records are held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Keys that are the same or are not.
    pub keys: BTreeSet<Key>,
    /// Normal names that others may resemble.
    pub names: Vec<String>,
    /// What resembles less is not told.
    pub similarity_bp_min: i32,
}

/// A record with its keys.
pub type Candidate = (Subject, Vec<Key>);

/// A record as it is told, with what of it was found, the best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    pub subject: Subject,
    pub matches: Vec<(Key, i32)>,
}

impl Ranked {
    pub fn score_bp(&self) -> i32 {
        self.matches.first().map_or(0, |(_, bp)| *bp)
    }
}

/// The records that are told, the best first, whatever the order of the candidates.
pub fn ranked(candidates: Vec<Candidate>, wanted: &Wanted, hits_max: usize) -> Vec<Ranked> {
    let names: Vec<Asked> = wanted.names.iter().map(|name| Asked::of(name)).collect();
    let mut hits: BTreeMap<Subject, BTreeMap<Key, i32>> = BTreeMap::new();
    for (subject, keys) in candidates {
        for key in keys {
            let bp = score(&key, wanted, &names);
            if bp >= wanted.similarity_bp_min {
                hits.entry(subject.clone()).or_default().insert(key, bp);
            }
        }
    }
    let mut ranked: Vec<Ranked> = hits
        .into_iter()
        .map(|(subject, matches)| {
            let mut matches: Vec<(Key, i32)> = matches.into_iter().collect();
            matches.sort_by_key(|(key, bp)| (Reverse(*bp), Reverse(key.kind)));
            Ranked { subject, matches }
        })
        .collect();
    // Of two that are alike to the same measure the number decides, then the name.
    let place = |hit: &Ranked| {
        let kind = hit.matches.first().map(|(key, _)| key.kind);
        (Reverse(hit.score_bp()), Reverse(kind), hit.subject.clone())
    };
    ranked.sort_by_cached_key(place);
    ranked.truncate(hits_max);
    ranked
}

fn score(key: &Key, wanted: &Wanted, names: &[Asked]) -> i32 {
    let less = match key.kind {
        KeyKind::FormerName => FORMER_LESS_BP,
        KeyKind::PhoneEnd => END_LESS_BP,
        KeyKind::Function => FUNCTION_LESS_BP,
        _ => 0,
    };
    if wanted.keys.contains(key) {
        return SAME_BP - less;
    }
    if !key.kind.is_name() {
        return 0;
    }
    let name = Name::of(&key.value);
    let best = names.iter().map(|asked| asked.resemblance_bp(&name)).max().unwrap_or_default();
    (best * ALIKE_BP_MAX / SAME_BP - less).max(0)
}

/// A normal name with what it is compared by.
struct Name<'a> {
    text: &'a str,
    chars: usize,
    /// In ascending order.
    grams: Vec<i64>,
}

impl<'a> Name<'a> {
    fn of(text: &'a str) -> Self {
        let grams = grams::of(text).into_iter().collect();
        Self { text, chars: text.chars().count(), grams }
    }
}

/// A name that was asked for.
struct Asked<'a> {
    name: Name<'a>,
    /// Its pieces that whatever it is a part of has too, in ascending order.
    within: Vec<i64>,
}

impl<'a> Asked<'a> {
    fn of(text: &'a str) -> Self {
        Self { name: Name::of(text), within: grams::within(text).into_iter().collect() }
    }

    /// How much a name resembles this one: by the letters that have to change, by the pieces both
    /// have, or as something this is a part of.
    fn resemblance_bp(&self, other: &Name<'_>) -> i32 {
        let shared = self.shared_bp(other);
        let edited = if shared < EDITED_SHARED_BP_MIN { 0 } else { self.edited_bp(other) };
        shared.max(edited).max(self.contained_bp(other))
    }

    /// All less the part of the letters that are wrong, missing, too many or changed about.
    fn edited_bp(&self, other: &Name<'_>) -> i32 {
        let longer = self.name.chars.max(other.chars);
        let shorter = self.name.chars.min(other.chars);
        // Half of it is missing: that is no slip of the pen.
        if 2 * shorter < longer {
            return 0;
        }
        SAME_BP - part_bp(strsim::osa_distance(self.name.text, other.text), longer)
    }

    /// Twice what both have by what each has.
    fn shared_bp(&self, other: &Name<'_>) -> i32 {
        let all = self.name.grams.len() + other.grams.len();
        part_bp(2 * common(&self.name.grams, &other.grams), all)
    }

    /// How much of this is in the other; more if the other begins with it, or is not much longer.
    fn contained_bp(&self, other: &Name<'_>) -> i32 {
        let part = part_bp(common(&self.within, &other.grams), self.within.len());
        let first = if other.text.starts_with(self.name.text) { 1_000 } else { 0 };
        let length = part_bp(self.name.chars.min(other.chars), other.chars);
        part * (7_000 + first + length / 5) / SAME_BP
    }
}

/// A part of a whole in basis points; nothing of nothing.
fn part_bp(part: usize, whole: usize) -> i32 {
    let bp = (part * 10_000).checked_div(whole).unwrap_or_default();
    i32::try_from(bp).unwrap_or(SAME_BP)
}

/// How many numbers two lists in ascending order have in common.
fn common(one: &[i64], other: &[i64]) -> usize {
    let (mut at, mut both) = (0, 0);
    for number in one {
        while other.get(at).is_some_and(|known| known < number) {
            at += 1;
        }
        both += usize::from(other.get(at) == Some(number));
    }
    both
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::directory::{keys, normal};

    fn candidates(names: &[&str]) -> Vec<Candidate> {
        let key = |text: &&str| Key { kind: KeyKind::Name, value: normal::name(text) };
        names.iter().map(|name| (Subject::account(name), vec![key(name)])).collect()
    }

    fn wanted(text: &str) -> Wanted {
        Wanted {
            keys: keys::of_text(text).into_iter().collect(),
            names: vec![normal::name(text)],
            similarity_bp_min: 3_000,
        }
    }

    fn first(text: &str, names: &[&str]) -> Vec<String> {
        let ranked = ranked(candidates(names), &wanted(text), 50);
        ranked.into_iter().map(|hit| hit.subject.id).collect()
    }

    #[test]
    fn the_same_name_comes_before_one_that_resembles_it() {
        let book = ["Müller Bau", "Müller Maschinenbau", "Möller Maschinenbau", "Schmidt Handel"];
        assert_eq!(first("mueller maschinenbau gmbh", &book)[..2], [book[1], book[2]]);
        assert_eq!(first("Müler Maschinenbua", &book)[0], book[1]);
        assert_eq!(first("Mueller", &book)[0], book[0], "it begins with it, and is shorter");
        assert_eq!(first("nothing like it", &book), [""; 0]);
        let book = ["上海宏远建材有限公司", "北京宏远建材有限公司", "上海宏达建材有限公司"];
        assert_eq!(first("宏遠建材（上海）", &book)[0], book[0]);
        let mut both = first("宏远", &book);
        both.sort();
        assert_eq!(both, [book[0], book[1]]);
    }

    #[test]
    fn a_number_comes_before_a_name_and_a_former_name_behind_it() {
        let key = |kind, value: &str| Key { kind, value: value.into() };
        let found = ranked(
            vec![
                (Subject::account("former"), vec![key(KeyKind::FormerName, "4711")]),
                (Subject::account("named"), vec![key(KeyKind::Name, "4711")]),
                (Subject::account("known"), vec![key(KeyKind::ExternalRef, "4711")]),
                (
                    Subject::account("both"),
                    vec![key(KeyKind::TaxId, "4711"), key(KeyKind::Name, "4712")],
                ),
            ],
            &wanted("4711"),
            10,
        );
        let ids: Vec<&str> = found.iter().map(|hit| &*hit.subject.id).collect();
        assert_eq!(ids, ["known", "both", "named", "former"]);
        let kinds: Vec<KeyKind> = found[1].matches.iter().map(|(key, _)| key.kind).collect();
        assert_eq!(kinds, [KeyKind::TaxId, KeyKind::Name]);
        assert_eq!(found[0].score_bp(), SAME_BP);
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_the_scores_whatever_comes_in_which_order(
            names in prop::collection::vec("[abc]{1,8}", 1..20),
            text in "[abc]{1,8}",
            hits_max in 1_usize..10,
        ) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let wanted = wanted(&text);
            let told = ranked(candidates(&names), &wanted, hits_max);
            let mut turned = candidates(&names);
            turned.reverse();
            prop_assert_eq!(&told, &ranked(turned, &wanted, hits_max));
            prop_assert!(told.len() <= hits_max);
            prop_assert!(told.windows(2).all(|two| two[0].score_bp() >= two[1].score_bp()));
            for hit in &told {
                prop_assert!((3_000..=SAME_BP).contains(&hit.score_bp()));
                let same = normal::name(&hit.subject.id) == normal::name(&text);
                prop_assert_eq!(hit.score_bp() == SAME_BP, same);
            }
        }

        #[test]
        fn one_wrong_letter_of_a_long_name_is_still_found(
            name in "[a-z]{8,30}", at in 0_usize..8, letter in "[a-z]",
        ) {
            let mut wrong: Vec<char> = name.chars().collect();
            wrong[at] = letter.chars().next().unwrap();
            let wrong: String = wrong.into_iter().collect();
            let told = ranked(candidates(&[&name]), &wanted(&wrong), 1);
            prop_assert!(told.first().is_some_and(|hit| hit.score_bp() >= 8_400), "{told:?}");
        }
    }
}
