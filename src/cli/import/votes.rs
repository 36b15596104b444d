//! What the numbers and days of a whole file say about how they are written.

use std::collections::BTreeMap;

use super::value::date::{DatePattern, Order, is_in_form, order};
use super::value::number::{Decimal, Evidence, Written};
use super::value::vote::{Seen, Verdict, Vote};

/// Signs that separate day and month in either order.
const SEPARATORS: [char; 2] = ['/', '-'];

/// What was seen of a whole file.
#[derive(Debug, Default)]
pub(super) struct Votes {
    decimals: Vote,
    orders: BTreeMap<char, Vote>,
    /// Days that every row has and that are in no form, and the number of those that are.
    misfits: Seen,
    fits: u64,
}

impl Votes {
    pub fn number(&mut self, line: u64, written: &Written, text: &str) {
        let seen = match written.evidence() {
            Evidence::Nothing => return,
            Evidence::Decimal(Decimal::Point) => &mut self.decimals.one,
            Evidence::Decimal(Decimal::Comma) => &mut self.decimals.other,
            Evidence::Either => &mut self.decimals.either,
        };
        seen.add(line, text);
    }

    /// A day by its type, which needs no form.
    pub fn typed_day(&mut self) {
        self.fits += 1;
    }

    /// A day as it is written; `is_of_all` if every row has one.
    pub fn day(&mut self, line: u64, is_of_all: bool, cell: &str, plain: &[DatePattern]) {
        let Some((separator, order)) = order(cell) else {
            if is_of_all {
                match is_in_form(cell, plain) {
                    true => self.fits += 1,
                    false => self.misfits.add(line, cell),
                }
            }
            return;
        };
        self.fits += u64::from(is_of_all);
        let vote = self.orders.entry(separator).or_default();
        match order {
            Order::DayFirst => vote.one.add(line, cell),
            Order::MonthFirst => vote.other.add(line, cell),
            Order::Either => vote.either.add(line, cell),
            Order::Same => {}
        }
    }

    /// Which separator is the decimal one, as it is set or as the file says.
    pub fn decimal(
        &self,
        set: Option<Decimal>,
        told: &mut Vec<String>,
        ask: &mut Vec<String>,
    ) -> Decimal {
        let vote = &self.decimals;
        let (decimal, how) = match (set, vote.verdict()) {
            (Some(set), _) => (set, "as set"),
            (None, Verdict::Idle) => return Decimal::Point,
            (None, Verdict::One) => (Decimal::Point, ""),
            (None, Verdict::Other) => (Decimal::Comma, ""),
            (None, Verdict::Undecided) => {
                ask.push(format!(
                    "is {} a number with three decimals, or in thousands? Say --decimal . or \
                     --decimal , (decimal_separator in a mapping)",
                    vote.either.example()
                ));
                return Decimal::Point;
            }
            (None, Verdict::Contradiction) => {
                ask.push(format!(
                    "{} amounts have a decimal point, as {}, and {} a decimal comma, as {}. Say --decimal \
                     . or --decimal , (decimal_separator in a mapping); the others are refused",
                    vote.one.count,
                    vote.one.example(),
                    vote.other.count,
                    vote.other.example()
                ));
                return Decimal::Point;
            }
        };
        let (mark, group) = (decimal.mark(), decimal.group());
        let how = if how.is_empty() { String::new() } else { format!(" ({how})") };
        told.push(format!("decimal {mark:?}, thousands {group:?}{how}"));
        decimal
    }

    /// The forms of dates, as they are set or as the file says.
    pub fn dates(
        &self,
        set: Option<&[DatePattern]>,
        told: &mut Vec<String>,
        ask: &mut Vec<String>,
    ) -> Vec<DatePattern> {
        if let Some(set) = set {
            let forms: Vec<&str> = set.iter().map(DatePattern::as_str).collect();
            told.push(format!("dates {} (as set)", forms.join(" or ")));
            return set.to_vec();
        }
        let mut forms = DatePattern::plain();
        for separator in SEPARATORS {
            let Some(vote) = self.orders.get(&separator) else { continue };
            let by =
                |order: &str| format!("--dates {}", order.replace('/', &separator.to_string()));
            let (day, month) = (by("D/M/YYYY"), by("M/D/YYYY"));
            let day_first = match vote.verdict() {
                // Each of them is the same day both ways.
                Verdict::Idle => true,
                Verdict::One => true,
                Verdict::Other => false,
                Verdict::Undecided => {
                    ask.push(format!(
                        "is the day or the month first in {}? Say {day} or {month} (dates in a mapping)",
                        vote.either.example()
                    ));
                    continue;
                }
                Verdict::Contradiction => {
                    ask.push(format!(
                        "the day is first in {}, the month in {}. Say {day} or {month} (dates in a \
                         mapping); the others are refused",
                        vote.one.example(),
                        vote.other.example()
                    ));
                    continue;
                }
            };
            if let Some(pattern) = DatePattern::ordered(separator, day_first) {
                told.push(format!("dates {}", pattern.as_str()));
                forms.push(pattern);
            }
        }
        if self.fits == 0 && self.misfits.count > 0 {
            ask.push(format!(
                "how are dates written, as {}? Say it with --dates (dates in a mapping), for \
                 instance DD.MM.YY, or SERIAL for days as spreadsheets count them",
                self.misfits.example()
            ));
        }
        forms
    }
}
