//! Whom we know of those who answer for money at an account, on which days.
//!
//! It is told from the days on which somebody sits in a position of finance, and those on which a tie
//! of ours to him is live. Both reach into days to come, so that any day reads right without anything
//! being written on it: a tie that nobody keeps up ends by itself.

#[cfg(test)]
mod tests;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::WINDOW_DAYS;
use crate::domain::names::{POSITIONS, account_name, child_name, contact_name};
use crate::domain::position::Position;
use crate::domain::position::incumbency::Incumbency;

/// Resource names told as evidence.
const EVIDENCE_MAX: usize = 6;

/// Days that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub first_day: NaiveDate,
    /// Included.
    pub last_day: NaiveDate,
}

impl Span {
    fn holds(&self, day: NaiveDate) -> bool {
        self.first_day <= day && day <= self.last_day
    }
}

/// That somebody sits in a position of finance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinanceSeat {
    /// Where it is, of another account that is one customer with the one it is told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    pub position_id: Uuid,
    pub contact_id: String,
    pub first_day: NaiveDate,
    pub last_day: Option<NaiveDate>,
    /// When one of ours who is active met him within the window: in the order of days, apart from
    /// each other.
    pub live: Vec<Span>,
}

/// That an active member of ours met somebody, and both spoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    pub contact_id: String,
    pub day: NaiveDate,
}

/// What decisions look at of the people of an account of whom anybody is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// Since when somebody sits at the account.
    pub people_from: NaiveDate,
    /// In the order of first days and positions.
    pub finance: Vec<FinanceSeat>,
}

/// How it is on a day with whoever answers for money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinanceContact {
    /// Nobody of the account is known.
    Unknown,
    Live,
    Missing(Missing),
}

/// That nobody of ours knows anybody who answers for money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub since: NaiveDate,
    /// Whom to meet: who sits there, else the position that was left, else the account.
    pub subject: String,
    /// Who sits there, and whom we knew last, with their positions.
    pub evidence: Vec<String>,
}

impl FinanceSeat {
    /// What an incumbency of a position comes to, from a day on if it is another account's; `None` where the position is not there on any
    /// day of it. Each meeting counts from its day on, as does all of its account.
    fn of(
        position: &Position,
        incumbency: &Incumbency,
        from: Option<NaiveDate>,
        met: impl Iterator<Item = (Option<NaiveDate>, NaiveDate)>,
    ) -> Option<Self> {
        let first_day = since(from, incumbency.first_day.max(position.first_day));
        let last_day = match (incumbency.last_day, position.last_day) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        };
        if last_day.is_some_and(|last| last < first_day) {
            return None;
        }
        let span = |(from, day): (Option<NaiveDate>, NaiveDate)| {
            let first = since(from, day.max(first_day));
            let last = last_live(day).min(last_day.unwrap_or(NaiveDate::MAX));
            (first <= last).then_some(Span { first_day: first, last_day: last })
        };
        let mut spans: Vec<Span> = met.filter_map(span).collect();
        spans.sort_by_key(|span| span.first_day);
        let mut live: Vec<Span> = Vec::new();
        for span in spans {
            match live.last_mut() {
                Some(before) if day_after(before.last_day) >= span.first_day => {
                    before.last_day = before.last_day.max(span.last_day);
                }
                _ => live.push(span),
            }
        }
        let (position_id, contact_id) = (position.id, incumbency.contact_id.clone());
        Some(Self { account_id: None, position_id, contact_id, first_day, last_day, live })
    }

    fn holds(&self, day: NaiveDate) -> bool {
        self.first_day <= day && self.last_day.is_none_or(|last| day <= last)
    }

    fn names(&self, account_id: &str) -> [String; 2] {
        [contact_name(&self.contact_id), self.position(account_id)]
    }

    fn position(&self, account_id: &str) -> String {
        let account_id = self.account_id.as_deref().unwrap_or(account_id);
        child_name(account_id, POSITIONS, self.position_id)
    }
}

/// What is recorded of the people of one account.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// Since when somebody sits there.
    pub people_from: Option<NaiveDate>,
    /// Those of finance.
    pub positions: Vec<Position>,
    pub sat: Vec<Incumbency>,
    /// Whom active members of ours met there, wherever they sit.
    pub met: Vec<Met>,
}

impl Signal {
    /// What there is to be told of an account by what is recorded there, and at the accounts that are one
    /// customer with it, each from a day on. `None` where nobody is known.
    pub fn of(own: &Recorded, others: &[(NaiveDate, &Recorded)]) -> Option<Self> {
        let others = || others.iter().map(|(from, of)| (Some(*from), *of));
        let all = || std::iter::once((None, own)).chain(others());
        let from = |(from, of): (Option<NaiveDate>, &Recorded)| Some(since(from, of.people_from?));
        let people_from = all().filter_map(from).min()?;
        let mut finance = Vec::new();
        for (from, of) in all() {
            for incumbency in &of.sat {
                let position = of.positions.iter().find(|one| one.id == incumbency.position_id);
                let Some(position) = position else { continue };
                let met = all().flat_map(|(from, of)| of.met.iter().map(move |met| (from, met)));
                let met = met.filter(|(_, met)| met.contact_id == incumbency.contact_id);
                let met = met.map(|(from, met)| (from, met.day));
                let Some(seat) = FinanceSeat::of(position, incumbency, from, met) else { continue };
                let account_id = from.map(|_| position.account_id.clone());
                finance.push(FinanceSeat { account_id, ..seat });
            }
        }
        finance.sort_by_key(|seat| (seat.first_day, seat.position_id));
        Some(Self { people_from, finance })
    }

    fn spans(&self) -> impl Iterator<Item = (&FinanceSeat, &Span)> {
        self.finance.iter().flat_map(|seat| seat.live.iter().map(move |span| (seat, span)))
    }

    /// How it is on a day.
    pub fn on(&self, account_id: &str, day: NaiveDate) -> FinanceContact {
        if day < self.people_from {
            return FinanceContact::Unknown;
        }
        if self.spans().any(|(_, span)| span.holds(day)) {
            return FinanceContact::Live;
        }
        let before = self.spans().filter(|(_, span)| span.last_day < day);
        let known_last = before.max_by_key(|(_, span)| span.last_day);
        let ended = known_last.map(|(_, span)| day_after(span.last_day));
        let mut sit: Vec<&FinanceSeat> =
            self.finance.iter().filter(|seat| seat.holds(day)).collect();
        sit.sort_by_key(|seat| seat.position_id);
        let left = self.finance.iter().filter(|seat| seat.first_day <= day);
        let left = left.max_by_key(|seat| (seat.last_day, seat.position_id));
        let subject = match (sit.first(), left) {
            (Some(seat), _) => contact_name(&seat.contact_id),
            (None, Some(seat)) => seat.position(account_id),
            (None, None) => account_name(account_id),
        };
        let told = known_last.map(|(seat, _)| seat).into_iter().chain(sit);
        let mut evidence: Vec<String> = Vec::new();
        for name in told.flat_map(|seat| seat.names(account_id)) {
            if evidence.len() < EVIDENCE_MAX && !evidence.contains(&name) {
                evidence.push(name);
            }
        }
        let since = ended.map_or(self.people_from, |ended| ended.max(self.people_from));
        FinanceContact::Missing(Missing { since, subject, evidence })
    }

    /// The first day after this one on which it is otherwise, as recorded by now.
    pub fn turns_after(&self, day: NaiveDate) -> Option<NaiveDate> {
        if day < self.people_from {
            return Some(self.people_from);
        }
        let is_live = |day| self.spans().any(|(_, span)| span.holds(day));
        if !is_live(day) {
            return self.spans().map(|(_, span)| span.first_day).filter(|first| *first > day).min();
        }
        let mut ends: Vec<NaiveDate> =
            self.spans().map(|(_, span)| day_after(span.last_day)).filter(|d| *d > day).collect();
        ends.sort_unstable();
        ends.into_iter().find(|day| !is_live(*day))
    }
}

/// A day, and of another account none before this one.
fn since(from: Option<NaiveDate>, day: NaiveDate) -> NaiveDate {
    from.map_or(day, |from| day.max(from))
}

/// The last day on which a tie is live that a touch of this day keeps up.
fn last_live(day: NaiveDate) -> NaiveDate {
    let days = Days::new((WINDOW_DAYS - 1).unsigned_abs().into());
    day.checked_add_days(days).unwrap_or(NaiveDate::MAX)
}

fn day_after(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(NaiveDate::MAX)
}
