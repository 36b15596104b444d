//! Calls that were denied, counted together until they are written to the audit: who is denied a
//! thousand times costs one row, and a flood of callers and methods a bounded number of rows and of
//! bytes in memory. What has no row of its own is counted in one that says so.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat};

/// Kinds that are told apart at a time.
pub const KINDS_MAX: usize = 256;
/// Rows that may be written at once; each time one more may be again.
pub const ROWS_MAX: usize = 64;
/// What whoever is nobody asked for, whatever it was.
const ANY_METHOD: &str = "*";
/// Of what a caller sends, as much is kept.
const FROM_BYTES_MAX: usize = 64;

/// One call that was denied.
#[derive(Debug, Clone)]
pub struct Denial {
    /// Empty where nobody was known.
    pub principal: Arc<str>,
    /// As the audit names methods: `AccountService.GetAccount`. Calls of whoever is nobody are not told apart by it.
    pub method: String,
    pub reason: String,
    /// The address it came from.
    pub from: String,
    pub trace: Arc<str>,
    /// When, in microseconds since the epoch.
    pub at_us: i64,
}

/// What becomes one row of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    pub principal: Arc<str>,
    /// Empty in the row of what has none of its own.
    pub method: String,
    pub reason: String,
    pub count: u64,
    /// Of the first call.
    pub from: String,
    pub trace: Arc<str>,
    pub first_us: i64,
    pub last_us: i64,
}

impl Denied {
    /// The row in words.
    pub fn detail(&self) -> String {
        let Self { principal: _, method, reason, count, from, trace: _, first_us, last_us } = self;
        let when = match (told(*first_us), told(*last_us)) {
            (first, last) if first == last => format!("at {first}"),
            (first, last) => format!("from {first} to {last}"),
        };
        if method.is_empty() {
            let what = "of callers and methods without a row";
            return format!("denied: {count} more calls {when}, {what}");
        }
        let from = if from.is_empty() { String::new() } else { format!(", the first from {from}") };
        format!("denied {reason}: {count} calls {when}{from}")
    }
}

/// To the second, which tells calls well enough.
fn told(us: i64) -> String {
    let at = DateTime::from_timestamp_micros(us).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Who was denied what, and why.
type Kind = (Arc<str>, String, String);

#[derive(Debug)]
struct Counted {
    count: u64,
    from: String,
    trace: Arc<str>,
    first_us: i64,
    last_us: i64,
}

/// Calls that have no row of their own.
#[derive(Debug, Clone, Copy, Default)]
struct Others {
    count: u64,
    first_us: i64,
    last_us: i64,
}

impl Others {
    fn add(&mut self, count: u64, first_us: i64, last_us: i64) {
        self.first_us = if self.count == 0 { first_us } else { self.first_us.min(first_us) };
        self.last_us = self.last_us.max(last_us);
        self.count = self.count.saturating_add(count);
    }
}

/// What was denied since it was last taken.
#[derive(Debug)]
pub struct Denials {
    kinds: BTreeMap<Kind, Counted>,
    /// Of kinds that came when there were too many.
    others: Others,
    /// Rows that may be written now.
    rows: usize,
}

impl Default for Denials {
    fn default() -> Self {
        Self { kinds: BTreeMap::new(), others: Others::default(), rows: ROWS_MAX }
    }
}

impl Denials {
    pub fn note(&mut self, denial: Denial) {
        let Denial { principal, method, reason, mut from, trace, at_us } = denial;
        from.truncate(from.floor_char_boundary(FROM_BYTES_MAX));
        let (first_us, last_us) = (at_us, at_us);
        self.add(Denied { principal, method, reason, count: 1, from, trace, first_us, last_us });
    }

    /// Kinds of callers who are known.
    fn named(&self) -> usize {
        self.kinds.keys().filter(|(principal, ..)| !principal.is_empty()).count()
    }

    fn add(&mut self, denied: Denied) {
        let Denied { principal, method, reason, count, from, trace, first_us, last_us } = denied;
        // Whoever is nobody may ask for every method: what he did must not put others out.
        let is_full = !principal.is_empty() && self.named() >= KINDS_MAX;
        let method =
            if principal.is_empty() && !method.is_empty() { ANY_METHOD.into() } else { method };
        let kind = (principal, method, reason);
        match self.kinds.get_mut(&kind) {
            Some(counted) => {
                counted.count = counted.count.saturating_add(count);
                counted.first_us = counted.first_us.min(first_us);
                counted.last_us = counted.last_us.max(last_us);
            }
            None if is_full || kind.1.is_empty() => self.others.add(count, first_us, last_us),
            None => {
                let counted = Counted { count, from, trace, first_us, last_us };
                self.kinds.insert(kind, counted);
            }
        }
    }

    /// The rows to be written, those of named callers first, of these the most frequent; nothing is left.
    pub fn take(&mut self) -> Vec<Denied> {
        let kinds = std::mem::take(&mut self.kinds);
        let mut others = std::mem::take(&mut self.others);
        let row = |((principal, method, reason), of): (Kind, Counted)| {
            let Counted { count, from, trace, first_us, last_us } = of;
            Denied { principal, method, reason, count, from, trace, first_us, last_us }
        };
        let mut rows: Vec<Denied> = kinds.into_iter().map(row).collect();
        rows.sort_by_key(|row| (row.principal.is_empty(), Reverse(row.count)));
        let without = rows.split_off(rows.len().min(self.rows));
        self.rows = (self.rows - rows.len() + 1).min(ROWS_MAX);
        without.iter().for_each(|row| others.add(row.count, row.first_us, row.last_us));
        let Others { count, first_us, last_us } = others;
        if count > 0 {
            rows.push(Denied {
                principal: "".into(),
                method: String::new(),
                reason: String::new(),
                count,
                from: String::new(),
                trace: "".into(),
                first_us,
                last_us,
            });
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn denial(principal: &str, method: &str) -> Denial {
        Denial {
            principal: principal.into(),
            method: method.into(),
            reason: "SCOPE_MISSING".into(),
            from: "10.0.0.7".into(),
            trace: "t".into(),
            at_us: 1_561_885_200_000_000,
        }
    }

    fn total(rows: &[Denied]) -> u64 {
        rows.iter().map(|row| row.count).sum()
    }

    #[test]
    fn who_is_denied_again_and_again_has_one_row() {
        let mut denials = Denials::default();
        (0..1_000).for_each(|_| denials.note(denial("a", "S.Get")));
        denials.note(denial("b", "S.Get"));
        let rows = denials.take();
        let told: Vec<_> = rows.iter().map(Denied::detail).collect();
        assert_eq!(
            told,
            [
                "denied SCOPE_MISSING: 1000 calls at 2019-06-30T09:00:00Z, the first from 10.0.0.7",
                "denied SCOPE_MISSING: 1 calls at 2019-06-30T09:00:00Z, the first from 10.0.0.7"
            ]
        );
        assert_eq!(denials.take(), []);
    }

    #[test]
    fn a_flood_of_kinds_costs_fewer_and_fewer_rows_and_every_call_is_counted() {
        let mut denials = Denials::default();
        let mut written = 0;
        for round in 0..100_u32 {
            (0..1_000).for_each(|n| denials.note(denial(&format!("p{round}-{n}"), "S.Get")));
            assert!(denials.kinds.len() <= KINDS_MAX);
            let rows = denials.take();
            assert_eq!(total(&rows), 1_000);
            assert!(rows.last().is_some_and(|row| row.detail().contains(" more calls")));
            written += rows.len();
        }
        assert!(written <= ROWS_MAX + 2 * 100, "{written}");
    }

    #[test]
    fn a_row_tells_when_its_first_call_was_and_when_its_last() {
        let mut denials = Denials::default();
        let hour = 3_600_000_000;
        for (principal, hours) in [("a", 2), ("a", 0), ("a", 1)] {
            let one = denial(principal, "S.Get");
            denials.note(Denial { at_us: one.at_us + hours * hour, ..one });
        }
        let rows = denials.take();
        let told: Vec<_> = rows.iter().map(Denied::detail).collect();
        let both = "from 2019-06-30T09:00:00Z to 2019-06-30T11:00:00Z";
        assert_eq!(
            told,
            [format!("denied SCOPE_MISSING: 3 calls {both}, the first from 10.0.0.7")]
        );
    }

    #[test]
    fn an_address_is_kept_in_part() {
        let mut denials = Denials::default();
        denials.note(Denial { from: "ä".repeat(1_000), ..denial("a", "S.Get") });
        assert_eq!(denials.take()[0].from.len(), FROM_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn no_call_is_lost_or_told_twice(rounds in proptest::collection::vec(
            proptest::collection::vec((0..400_u16, 0..3_u8), 0..600), 1..6)) {
            let mut denials = Denials::default();
            let (mut noted, mut told) = (0, 0);
            for calls in rounds {
                for (principal, method) in calls {
                    denials.note(denial(&format!("p{principal}"), &format!("S.M{method}")));
                    noted += 1;
                }
                let rows = denials.take();
                prop_assert!(rows.len() <= ROWS_MAX + 1);
                told += total(&rows);
            }
            prop_assert_eq!(noted, told + total(&denials.take()));
        }
    }
}
