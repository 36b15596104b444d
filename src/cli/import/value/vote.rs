//! Two ways to read a file, and what its values say for each.
//!
//! A value says something if it can be read in one way only. A sample is not enough: the one
//! value that decides may be the last one.

/// So many for one that says otherwise, and at least so many, are needed to take the others for
/// mistakes.
const FOR_ONE: u64 = 19;
const LEAST: u64 = 20;

/// Values that say the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli::import) struct Seen {
    pub count: u64,
    /// The first of them, with its line.
    pub first: Option<(u64, String)>,
}

impl Seen {
    pub fn add(&mut self, line: u64, text: &str) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some((line, text.to_owned()));
        }
    }

    /// `1.234 (line 3)`, or nothing.
    pub fn example(&self) -> String {
        let Some((line, text)) = &self.first else { return String::new() };
        format!("{} (line {line})", crate::domain::text::quote(text))
    }
}

/// What all the values of a file say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli::import) struct Vote {
    pub one: Seen,
    pub other: Seen,
    /// Values that can be read both ways.
    pub either: Seen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::import) enum Verdict {
    One,
    Other,
    /// No value needs to be decided about.
    Idle,
    /// Values can be read both ways, and none decides.
    Undecided,
    /// Some values say the one and some the other.
    Contradiction,
}

impl Vote {
    pub fn verdict(&self) -> Verdict {
        let outweighs = |many: u64, few: u64| few == 0 || (many >= LEAST && many >= FOR_ONE * few);
        let (one, other) = (self.one.count, self.other.count);
        match (one, other) {
            (0, 0) if self.either.count == 0 => Verdict::Idle,
            (0, 0) => Verdict::Undecided,
            (one, other) if one > other && outweighs(one, other) => Verdict::One,
            (one, other) if other > one && outweighs(other, one) => Verdict::Other,
            _ => Verdict::Contradiction,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(one: u64, other: u64, either: u64) -> Verdict {
        let seen = |count| Seen { count, first: None };
        Vote { one: seen(one), other: seen(other), either: seen(either) }.verdict()
    }

    #[test]
    fn one_value_decides_and_few_do_not_outweigh_another() {
        assert_eq!(verdict(0, 0, 0), Verdict::Idle);
        assert_eq!(verdict(0, 0, 9_999), Verdict::Undecided);
        assert_eq!(verdict(1, 0, 9_999), Verdict::One);
        assert_eq!(verdict(0, 1, 0), Verdict::Other);
        assert_eq!(verdict(10, 1, 0), Verdict::Contradiction);
        assert_eq!(verdict(20, 1, 0), Verdict::One);
        assert_eq!(verdict(37, 1_766, 0), Verdict::Other);
        assert_eq!(verdict(200, 1_766, 0), Verdict::Contradiction);
    }
}
