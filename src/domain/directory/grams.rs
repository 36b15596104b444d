//! Pieces of names, by which names that resemble one another are found: two characters of scripts
//! that are written without blanks, three letters of others.

use std::collections::BTreeSet;

/// Stands before the first and behind the last character of a name.
const EDGE: char = '\0';
const CHAR_BITS: u32 = 21;

/// The pieces of a normal name, each as one number.
pub fn of(name: &str) -> BTreeSet<i64> {
    pieces(name, true).map(number).collect()
}

/// Those within the name alone: all that a part of the name has in common with it. Of a name too
/// short to have any, where it begins.
pub(super) fn within(name: &str) -> BTreeSet<i64> {
    let inner: BTreeSet<i64> = pieces(name, false).map(number).collect();
    if inner.is_empty() { of(name) } else { inner }
}

/// Subjects of one piece that are counted at most: what more have tells little.
pub const GRAM_ROWS_MAX: i64 = 3_000;
/// Pieces that are counted for a question at most: a longer name has enough in these.
pub const PIECES_MAX: usize = 128;
/// Rows of pieces that a question reads at most.
const ROWS_MAX: i64 = 12_000;

/// A piece that is looked for, and how much it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weighed {
    pub gram: i64,
    pub weight: i64,
}

/// The pieces that are looked for, by how many subjects have each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// Nothing has any of them.
    None,
    Rare(Vec<Weighed>),
    /// Whatever has one of them has this one, and that is more than is looked at.
    Common(i64),
}

impl Chosen {
    /// Of these pieces, with how many subjects have each, the rarest, as many as a question may
    /// read.
    pub fn of(mut counts: Vec<(i64, i64)>) -> Self {
        counts.retain(|(_, subjects)| *subjects > 0);
        counts.sort_by_key(|(gram, subjects)| (*subjects, *gram));
        let mut rows = 0;
        let rare: Vec<Weighed> = counts
            .iter()
            .take_while(|(_, subjects)| {
                rows += subjects;
                *subjects < GRAM_ROWS_MAX && rows <= ROWS_MAX
            })
            .map(|(gram, subjects)| Weighed { gram: *gram, weight: weight(*subjects) })
            .collect();
        match (rare.is_empty(), counts.first()) {
            (false, _) => Self::Rare(rare),
            (true, Some((gram, _))) => Self::Common(*gram),
            (true, None) => Self::None,
        }
    }

    /// More was alike than is looked at.
    pub fn is_cut(&self) -> bool {
        matches!(self, Self::Common(_))
    }
}

/// About the information in that a subject has a piece which so many have.
fn weight(subjects: i64) -> i64 {
    20 - i64::from(subjects.max(1).ilog2())
}

fn pieces(name: &str, edges: bool) -> impl Iterator<Item = [char; 3]> {
    let mut chars: Vec<char> = name.chars().collect();
    if edges && !chars.is_empty() {
        chars.insert(0, EDGE);
        chars.push(EDGE);
    }
    (0..chars.len()).filter_map(move |at| piece(chars.get(at..)?))
}

/// The piece at the beginning of what is given; the edge counts as what it stands beside.
fn piece(chars: &[char]) -> Option<[char; 3]> {
    let [first, second, ..] = *chars else { return None };
    let is_dense = |c: char| c != EDGE && is_dense(c);
    if is_dense(first) || is_dense(second) {
        // Only the two: the third place cannot be the edge of a name.
        return Some([first, second, char::MAX]);
    }
    chars.get(2).filter(|third| !is_dense(**third)).map(|third| [first, second, *third])
}

fn number(piece: [char; 3]) -> i64 {
    piece.into_iter().fold(0, |number, c| (number << CHAR_BITS) | i64::from(u32::from(c)))
}

/// Scripts in which a word has few characters and no blanks around it.
fn is_dense(c: char) -> bool {
    matches!(
        c,
        '\u{3040}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7af}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_letter_more_or_less_leaves_most_pieces() {
        let common = |a: &str, b: &str| of(a).intersection(&of(b)).count();
        assert_eq!(of("acme").len(), 4, "at the edges too");
        assert_eq!(common("maschinenbau", "maschienenbau"), 10);
        assert_eq!(of("宏远建材").len(), 5);
        assert_eq!(common("上海宏远建材", "宏远建材"), 4);
        assert_eq!((of("").len(), of("a").len(), of("宏").len()), (0, 1, 2));
        assert_eq!(within("宏").len(), 2);
        assert!(of("tcl集团").len() >= 5);
    }

    #[test]
    fn the_rarest_pieces_are_looked_for_as_far_as_it_stays_little_work() {
        let chosen = Chosen::of(vec![(1, 2_999), (2, 0), (3, 7), (4, GRAM_ROWS_MAX), (5, 1)]);
        let Chosen::Rare(weighed) = &chosen else { panic!("{chosen:?}") };
        let grams: Vec<i64> = weighed.iter().map(|one| one.gram).collect();
        assert_eq!((grams, chosen.is_cut()), (vec![5, 3, 1], false));
        assert!(weighed.windows(2).all(|two| two[0].weight >= two[1].weight));
        assert_eq!(Chosen::of(vec![(2, 0)]), Chosen::None);
        let common = Chosen::of(vec![(4, GRAM_ROWS_MAX), (2, 0)]);
        assert_eq!((common.is_cut(), common), (true, Chosen::Common(4)));
        let many = Chosen::of((0..100).map(|gram| (gram, 1_000)).collect());
        assert!(matches!(many, Chosen::Rare(weighed) if weighed.len() == 12));
    }

    proptest! {
        #[test]
        fn pieces_of_different_characters_are_different(
            a in any::<[char; 3]>(), b in any::<[char; 3]>(),
        ) {
            prop_assert_eq!(number(a) == number(b), a == b);
            prop_assert!(number(a) >= 0);
        }

        #[test]
        fn a_part_of_a_name_has_its_inner_pieces_in_the_name(
            before in "[a-z宏远]{0,5}", part in "[a-z宏远建]{3,8}", behind in "[a-z建材]{0,5}",
        ) {
            let whole = of(&format!("{before}{part}{behind}"));
            let inner: BTreeSet<i64> = pieces(&part, false).map(number).collect();
            prop_assert!(inner.is_subset(&whole));
        }
    }
}
