//! What was found of an account or of the book, and what is asked for of it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::code::Code;
use super::stake::{Exposure, Stake};
use crate::domain::directory::KeyKind;
use crate::domain::money::Currency;
use crate::domain::names::account_name;
use crate::domain::page::{Page, PageOf};
use crate::domain::personal::Personal;
use crate::domain::severity::Severity;
use crate::domain::stored::stored_enum;

/// Stands for the book where an account is named.
pub const BOOK: &str = "-";
/// How many findings an account tells with its status.
pub const TOLD_MAX: usize = 10;

stored_enum! {
    /// Whether it is so.
    pub enum State {
        Yes => "YES",
        No => "NO",
        /// The facts can't tell.
        Unknown => "UNKNOWN",
    }
}

stored_enum! {
    /// What an account asks of whoever looks after it.
    pub enum Attention {
        None => "NONE",
        Look => "LOOK",
        Act => "ACT",
    }
}

/// That something is so, or is not, from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The first day there is for what was ever so.
    pub from_date: NaiveDate,
    pub state: State,
    pub severity: Option<Severity>,
    /// Resource names.
    pub evidence: Vec<String>,
}

/// Until when a finding is not shown, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snooze {
    /// [`BOOK`] for the book.
    pub account_id: String,
    pub code: Code,
    /// The first day on which it is hidden.
    pub from_date: NaiveDate,
    /// The first day on which it is shown again.
    pub until: NaiveDate,
    pub reason: Personal,
    pub snoozed_by: String,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
}

impl Snooze {
    pub fn hides(&self, day: NaiveDate) -> bool {
        self.from_date <= day && day < self.until
    }

    /// The account, or `accounts/-`.
    pub fn subject(&self) -> String {
        account_name(&self.account_id)
    }
}

/// Hides a finding until a day.
#[derive(Debug, Clone, Serialize)]
pub struct SnoozeFinding<A> {
    /// `None` is the book.
    pub account: Option<A>,
    pub code: Code,
    pub until: NaiveDate,
    pub reason: String,
}

/// Another account that may be the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    pub account_id: String,
    /// What is the same, each kind once.
    pub shared: Vec<KeyKind>,
}

/// How it is with one rule on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// [`BOOK`] for the book.
    pub account_id: String,
    pub code: Code,
    pub state: State,
    pub severity: Option<Severity>,
    /// Since when; `None` where it was ever so or is not known.
    pub since: Option<NaiveDate>,
    /// The first day on which it is otherwise, as recorded by now.
    pub until: Option<NaiveDate>,
    pub evidence: Vec<String>,
    /// Of accounts that may be the same one, those in the evidence.
    pub duplicates: Vec<Duplicate>,
    /// What hides it on the day.
    pub snooze: Option<Snooze>,
}

impl Finding {
    /// What the turns of a rule, in the order of days, say of a day.
    pub fn on(account_id: &str, code: Code, turns: Vec<Turn>, day: NaiveDate) -> Self {
        let until = turns.iter().map(|turn| turn.from_date).find(|from| *from > day);
        let holds = turns.into_iter().rfind(|turn| turn.from_date <= day);
        let unknown = || Turn {
            from_date: NaiveDate::MIN,
            state: State::Unknown,
            severity: None,
            evidence: vec![],
        };
        let Turn { from_date, state, severity, evidence } = holds.unwrap_or_else(unknown);
        Self {
            account_id: account_id.to_owned(),
            code,
            state,
            severity,
            since: Some(from_date).filter(|from| *from != NaiveDate::MIN),
            until,
            evidence,
            duplicates: Vec::new(),
            snooze: None,
        }
    }

    /// The order in which findings of one account are told: the worst first.
    pub fn rank(&self) -> (bool, std::cmp::Reverse<Option<Severity>>, Code) {
        (self.state != State::Yes, std::cmp::Reverse(self.severity), self.code)
    }

    /// Whether it is so, and shown.
    pub fn counts(&self) -> bool {
        self.state == State::Yes && self.snooze.is_none()
    }
}

/// The findings of an account, in its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub attention: Attention,
    /// The worst first, those alone that are so and not hidden.
    pub worst: Vec<Finding>,
    pub counts: Counts,
}

/// How many findings of an account are so, hidden, or cannot be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub red: usize,
    pub amber: usize,
    pub snoozed: usize,
    pub unknown: usize,
}

impl Told {
    pub fn of(mut all: Vec<Finding>) -> Self {
        all.sort_by_key(Finding::rank);
        let mut counts = Counts::default();
        for found in &all {
            match (found.state, &found.snooze, found.severity) {
                (State::No, ..) => {}
                (State::Unknown, ..) => counts.unknown += 1,
                (State::Yes, Some(_), _) => counts.snoozed += 1,
                (State::Yes, None, Some(Severity::Red)) => counts.red += 1,
                (State::Yes, None, _) => counts.amber += 1,
            }
        }
        let attention = match counts {
            Counts { red: 1.., .. } => Attention::Act,
            Counts { amber: 1.., .. } => Attention::Look,
            _ => Attention::None,
        };
        all.retain(Finding::counts);
        all.truncate(TOLD_MAX);
        Self { attention, worst: all, counts }
    }
}

/// ListFindings.
#[derive(Debug, Clone)]
pub struct ListFindings<A, M> {
    /// `None`: of the book and all accounts.
    pub account: Option<A>,
    pub owner: Option<M>,
    /// Empty: all.
    pub codes: Vec<Code>,
    pub severity: Option<Severity>,
    pub states: Vec<State>,
    /// `None` is the business date.
    pub as_of: Option<NaiveDate>,
    pub show_snoozed: bool,
    /// Those first at whose accounts most is at stake, compared in this currency; `None`: the worst
    /// first.
    pub by_stake: Option<Currency>,
    pub page: PageOf<FindingKey>,
}

/// A page of findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub page: Page<Finding, FindingKey>,
    /// Of the accounts on the page, by id; empty in another order than theirs.
    pub stakes: Vec<Stake>,
    /// `None` in another order.
    pub exposure: Option<Exposure>,
}

impl From<Page<Finding, FindingKey>> for Listed {
    fn from(page: Page<Finding, FindingKey>) -> Self {
        Self { page, stakes: Vec::new(), exposure: None }
    }
}

/// Where a page of findings goes on: the worse severity first, the book before all accounts; in the
/// order of stakes the larger one first.
pub type FindingKey = (i64, String);

impl<A, M> ListFindings<A, M> {
    /// Whether a rule is asked for at all.
    pub fn asks(&self, code: Code) -> bool {
        let could_be = |wanted| code.severity().is_none_or(|severity| severity == wanted);
        (self.codes.is_empty() || self.codes.contains(&code)) && self.severity.is_none_or(could_be)
    }

    /// Whether a finding is one that is asked for.
    pub fn takes(&self, found: &Finding) -> bool {
        let severe = |wanted| found.state != State::Yes || found.severity == Some(wanted);
        self.asks(found.code)
            && self.states.contains(&found.state)
            && self.severity.is_none_or(severe)
            && (self.show_snoozed || found.snooze.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: Code, state: State, severity: Option<Severity>) -> Finding {
        Finding {
            account_id: "a".into(),
            code,
            state,
            severity,
            since: None,
            until: None,
            evidence: vec![],
            duplicates: vec![],
            snooze: None,
        }
    }

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, n).unwrap()
    }

    #[test]
    fn attention_is_the_worst_severity_of_what_is_shown() {
        let (amber, red) = (Some(Severity::Amber), Some(Severity::Red));
        let look = found(Code::LapseRisk, State::Yes, amber);
        let act = found(Code::OnHold, State::Yes, red);
        let unknown = found(Code::LapseRisk, State::Unknown, None);
        let told = Told::of(vec![look.clone(), act.clone(), unknown.clone()]);
        assert_eq!(told.attention, Attention::Act);
        assert_eq!(told.worst, [act.clone(), look.clone()]);
        assert_eq!(told.counts, Counts { red: 1, amber: 1, snoozed: 0, unknown: 1 });
        let snooze = Snooze {
            account_id: "a".into(),
            code: Code::OnHold,
            from_date: day(1),
            until: day(3),
            reason: String::new().into(),
            snoozed_by: String::new(),
            recorded_us: 0,
        };
        assert_eq!([1, 2, 3].map(|n| snooze.hides(day(n))), [true, true, false]);
        let hidden = Finding { snooze: Some(snooze), ..act };
        assert_eq!(Told::of(vec![hidden.clone(), look]).attention, Attention::Look);
        assert_eq!(Told::of(vec![hidden, unknown]).attention, Attention::None);
    }

    #[test]
    fn a_day_is_told_by_the_turn_that_holds_on_it() {
        let turn = |from_date, state| Turn { from_date, state, severity: None, evidence: vec![] };
        let turns = || vec![turn(NaiveDate::MIN, State::No), turn(day(5), State::Yes)];
        let on = |n| Finding::on("a", Code::OwnerMissing, turns(), day(n));
        let told = |f: Finding| (f.state, f.since, f.until);
        assert_eq!(told(on(4)), (State::No, None, Some(day(5))));
        assert_eq!(told(on(5)), (State::Yes, Some(day(5)), None));
    }
}
