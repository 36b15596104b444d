//! What the type of an account follows from, and on which days it turns.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{AccountType, TRADE_DAYS, TypeChange, TypeOn};
use crate::domain::commitment::Word;
use crate::domain::currency::Currency;
use crate::domain::dates::{NO_DATE, add_days};
use crate::domain::edge::{Edge, RUNG_DAYS, Rung, TouchDay};

/// What is known of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Of active members of ours.
    pub ties: Vec<TieDays>,
    pub seats: Vec<Seated>,
    pub trades: Vec<Traded>,
}

/// What one of ours and one of theirs did together, and what ours promised him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieDays {
    pub member_id: String,
    pub contact_id: String,
    /// One of each day.
    pub days: Vec<TouchDay>,
    pub promises: Vec<Promised>,
}

/// A promise of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promised {
    pub due: NaiveDate,
    /// When it was settled, and whether it was kept then.
    pub settled: Option<(NaiveDate, bool)>,
}

/// That somebody of theirs sits at the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seated {
    pub contact_id: String,
    pub first_day: NaiveDate,
    pub last_day: Option<NaiveDate>,
}

/// What was invoiced with one posting date, less credit notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traded {
    pub posting_date: NaiveDate,
    /// From when on it counts no more.
    pub ended: Option<NaiveDate>,
    pub currency: Currency,
    /// Minor units, net.
    pub amount: i128,
}

/// What turns on a day.
#[derive(Debug, Default)]
struct Turning<'a> {
    /// How many more trust.
    trusting: i64,
    pairs: BTreeSet<(&'a str, &'a str)>,
    /// What is added to the trade of a year.
    trade: BTreeMap<Currency, i128>,
    posted: BTreeSet<NaiveDate>,
}

impl Promised {
    fn turns_on(&self) -> impl Iterator<Item = NaiveDate> {
        [Some(add_days(self.due, 1)), self.settled.map(|(day, _)| day)].into_iter().flatten()
    }
}

/// What is known of a word by a day, of all that was promised.
fn word(promises: &[Promised], on: NaiveDate) -> Word {
    let mut word = Word::default();
    for one in promises {
        match one.settled.filter(|(day, _)| *day <= on) {
            Some((day, true)) if day <= one.due => word.last_kept = word.last_kept.max(Some(day)),
            Some((_, false)) => {}
            _ if one.due < on => word.last_broken = word.last_broken.max(Some(one.due)),
            _ => {}
        }
    }
    word
}

impl TieDays {
    /// The stretches of days on which he trusts, each with the first day on which he does not.
    fn trusting(&self) -> Vec<(NaiveDate, NaiveDate)> {
        let mut real: Vec<&TouchDay> = self.days.iter().filter(|day| day.touches > 0).collect();
        real.sort_by_key(|day| day.day);
        // What he lost by silence, he lost so many days after a touch.
        let silent = u32::try_from(RUNG_DAYS).unwrap_or(u32::MAX);
        let touched = real.iter().flat_map(|of| [of.day, add_days(of.day, silent)]);
        let promised = self.promises.iter().flat_map(Promised::turns_on);
        let turns: BTreeSet<NaiveDate> = touched.chain(promised).collect();
        let mut edge: Option<Edge> = None;
        let mut next = real.into_iter().peekable();
        let (mut stretches, mut since) = (Vec::new(), None);
        for on in turns {
            while let Some(of) = next.next_if(|of| of.day <= on) {
                edge = Some(met(edge, of));
            }
            let kept = word(&self.promises, on).is_kept();
            let trusts = edge.is_some_and(|edge| edge.rung(on, kept) == Rung::Trusted);
            match (trusts, since) {
                (true, None) => since = Some(on),
                (false, Some(first)) => {
                    stretches.push((first, on));
                    since = None;
                }
                _ => {}
            }
        }
        stretches.extend(since.map(|first| (first, NO_DATE)));
        stretches
    }
}

/// The tie with one day more. How strong it is does not matter here.
fn met(edge: Option<Edge>, of: &TouchDay) -> Edge {
    let (touches, touch_days) = edge.map_or((0, 0), |was| (was.touches, was.touch_days));
    Edge {
        sum: 0,
        last_touch: Some(of.day),
        last_day: of.day,
        touches: touches + of.touches,
        touch_days: touch_days + 1,
        others: 0,
    }
}

impl Evidence {
    fn turnings(&self) -> BTreeMap<NaiveDate, Turning<'_>> {
        let mut turnings: BTreeMap<NaiveDate, Turning<'_>> = BTreeMap::new();
        for tie in &self.ties {
            let pair = (tie.member_id.as_str(), tie.contact_id.as_str());
            let sits = |seat: &&Seated| seat.contact_id == tie.contact_id;
            let seats: Vec<&Seated> = self.seats.iter().filter(sits).collect();
            for (first, end) in tie.trusting() {
                for seat in &seats {
                    let left = seat.last_day.map_or(NO_DATE, |last| add_days(last, 1));
                    let (first, end) = (first.max(seat.first_day), end.min(left));
                    if first < end {
                        for (day, more) in [(first, 1), (end, -1)] {
                            let turning = turnings.entry(day).or_default();
                            turning.trusting += more;
                            turning.pairs.insert(pair);
                        }
                    }
                }
            }
        }
        for of in &self.trades {
            let lapsed = add_days(of.posting_date, TRADE_DAYS);
            let (first, end) = (of.posting_date, of.ended.map_or(lapsed, |end| end.min(lapsed)));
            if first < end {
                for (day, amount) in [(first, of.amount), (end, -of.amount)] {
                    let turning = turnings.entry(day).or_default();
                    *turning.trade.entry(of.currency).or_default() += amount;
                    turning.posted.insert(of.posting_date);
                }
            }
        }
        turnings
    }

    /// The days through one on which the type changes, in their order. What is known of trade has to
    /// reach back [`TRADE_DAYS`] before the first that is of use.
    pub fn changes(&self, through: NaiveDate) -> Vec<TypeChange> {
        let (mut trusting, mut trade) = (0, BTreeMap::<Currency, i128>::new());
        let mut before = AccountType::Outsider;
        let mut changes = Vec::new();
        for (day, turning) in self.turnings() {
            if day > through {
                break;
            }
            trusting += turning.trusting;
            for (currency, more) in turning.trade {
                *trade.entry(currency).or_default() += more;
            }
            let after = AccountType::of(trusting > 0, trade.values().any(|net| *net > 0));
            if after == before {
                continue;
            }
            let owned = |(ours, theirs): (&str, &str)| (ours.to_owned(), theirs.to_owned());
            let (trade_turned, trust_turned) =
                (after.trades() != before.trades(), after.trusts() != before.trusts());
            let pairs = turning.pairs.into_iter().map(owned);
            changes.push(TypeChange {
                day,
                before,
                after,
                pairs: pairs.filter(|_| trust_turned).collect(),
                posted: turning.posted.into_iter().filter(|_| trade_turned).collect(),
            });
            before = after;
        }
        changes
    }

    /// What the account is on a day, and since when, where that is on `since_from` or later.
    pub fn on(&self, day: NaiveDate, since_from: NaiveDate) -> TypeOn {
        let last = self.changes(day).pop();
        let of_type = last.as_ref().map_or(AccountType::Outsider, |change| change.after);
        let since = last.map(|change| change.day).filter(|since| *since >= since_from);
        TypeOn { of_type, since }
    }
}
