//! The rules about whom we know at an account, of a day: by the figures that coverage tells.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::code::Code;
use super::found::{Finding, State};
use crate::domain::coverage::finance::{FinanceContact, Missing, Signal};
use crate::domain::coverage::measure::{Coverage, Shape, TopHeavy};
use crate::domain::coverage::{Facts, Filled, Seat};
use crate::domain::job::{Function, Level};
use crate::domain::names::{account_name, contact_name, member_name};
use crate::domain::position::incumbency::Incumbency;
use crate::domain::position::{Position, PositionKey};
use crate::domain::severity::Severity;
use crate::domain::tie::{self, Review, Tie};

/// Resource names told with a finding.
const EVIDENCE_MAX: usize = 10;

/// What the rules read of an account.
#[derive(Debug, Clone, Copy)]
pub struct PeopleFacts<'a> {
    pub facts: &'a Facts,
    pub coverage: &'a Coverage,
    pub positions: &'a [Position],
    pub sat: &'a [Incumbency],
    /// Ties of those who decide there; `None`: what became of them by then is not known.
    pub ties: Option<&'a [Tie]>,
}

/// What a rule says of a day.
struct Said {
    state: State,
    severity: Option<Severity>,
    since: Option<NaiveDate>,
    evidence: Vec<String>,
}

impl Said {
    fn of(state: State) -> Self {
        Self { state, severity: None, since: None, evidence: vec![] }
    }

    fn so(severity: Severity, evidence: impl IntoIterator<Item = String>) -> Self {
        let mut told: Vec<String> = Vec::new();
        for name in evidence {
            if told.len() < EVIDENCE_MAX && !told.contains(&name) {
                told.push(name);
            }
        }
        Self { state: State::Yes, severity: Some(severity), since: None, evidence: told }
    }

    fn finding(self, account_id: &str, code: Code, until: Option<NaiveDate>) -> Finding {
        let Self { state, severity, since, evidence } = self;
        let account_id = account_id.to_owned();
        Finding {
            account_id,
            code,
            state,
            severity,
            since,
            until,
            evidence,
            duplicates: Vec::new(),
            snooze: None,
        }
    }
}

impl PeopleFacts<'_> {
    fn account_id(&self) -> &str {
        &self.coverage.account_id
    }

    /// COVERAGE_GAP: somebody whom we should know we don't.
    pub fn coverage_gap(&self) -> Finding {
        let gaps = self.coverage.gaps();
        let said = match (self.facts.has_people, gaps.is_empty()) {
            (false, _) => Said::of(State::Unknown),
            (true, true) => Said::of(State::No),
            (true, false) => {
                let position = gaps.iter().filter_map(|one| one.position.as_ref());
                let position = position.map(PositionKey::name);
                let contact = gaps.iter().filter_map(|one| one.contact_id.as_deref());
                Said::so(Severity::Amber, position.chain(contact.map(contact_name)))
            }
        };
        said.finding(self.account_id(), Code::CoverageGap, None)
    }

    /// SINGLE_THREADED: one tie is live, and no other.
    pub fn single_threaded(&self) -> Finding {
        let said = match (self.facts.has_people, self.coverage.form.shape) {
            (false, _) => Said::of(State::Unknown),
            (true, Shape::BowTie) => {
                let live = self.coverage.peers.iter().filter(|peer| peer.live);
                let names = live.flat_map(|peer| {
                    [member_name(&peer.member_id), contact_name(&peer.contact_id)]
                });
                Said::so(Severity::Amber, names)
            }
            (true, _) => Said::of(State::No),
        };
        said.finding(self.account_id(), Code::SingleThreaded, None)
    }

    /// TOP_HEAVY: ties stand at the top only.
    pub fn top_heavy(&self) -> Finding {
        let severity = match self.coverage.top_heavy {
            TopHeavy::Unknown => None,
            TopHeavy::Green => Some(None),
            TopHeavy::Amber => Some(Some(Severity::Amber)),
            TopHeavy::Red => Some(Some(Severity::Red)),
        };
        let said = match severity {
            None => Said::of(State::Unknown),
            Some(None) => Said::of(State::No),
            Some(Some(severity)) => {
                let top = self.coverage.peers.iter().filter(|one| one.level == Level::Executive);
                Said::so(severity, top.map(|one| contact_name(&one.contact_id)))
            }
        };
        said.finding(self.account_id(), Code::TopHeavy, None)
    }

    /// KEY_PERSON_DEPENDENCY: one tie is most of all there is.
    pub fn key_person_dependency(&self) -> Finding {
        let strongest = self.coverage.dependency.as_ref().filter(|of| of.on_one);
        let said = match (self.facts.has_people, strongest) {
            (false, _) => Said::of(State::Unknown),
            (true, None) => Said::of(State::No),
            (true, Some(of)) => Said::so(
                Severity::Amber,
                [member_name(&of.member_id), contact_name(&of.contact_id)],
            ),
        };
        said.finding(self.account_id(), Code::KeyPersonDependency, None)
    }

    /// The personal ties of those who decide that are to be looked into; `None`: not known.
    pub fn ties_to_review(&self) -> Option<Vec<&Tie>> {
        let (on, deciders) = (self.facts.on, deciders(self.facts, self.positions));
        let is_open = |tie: &&Tie| {
            let theirs = tie.personal_contact();
            tie.review == Review::Open
                && tie.days.holds(on, i64::MAX)
                && theirs.is_some_and(|contact| deciders.contains(contact))
        };
        self.ties.map(|ties| ties.iter().filter(is_open).collect())
    }

    /// TIE_UNDER_REVIEW: somebody who decides has a personal tie that is to be looked into.
    pub fn tie_under_review(&self) -> Finding {
        let said = match self.ties_to_review().filter(|_| self.facts.has_people) {
            None => Said::of(State::Unknown),
            Some(open) if open.is_empty() => Said::of(State::No),
            Some(open) => {
                let who = |tie: &&Tie| tie.personal_contact().map(contact_name);
                let names = open.iter().map(|tie| tie.name());
                Said::so(Severity::Amber, names.chain(open.iter().filter_map(who)))
            }
        };
        said.finding(self.account_id(), Code::TieUnderReview, None)
    }

    /// VACANCY_OVERDUE: somebody whom we should know left, and by the deadline nobody of ours met who
    /// came. `deadline` tells it of the first day without him.
    pub fn vacancy_overdue(&self, deadline: impl Fn(NaiveDate) -> NaiveDate) -> Finding {
        let on = self.facts.on;
        let overdue = self.vacancies().into_iter().filter_map(|(lost, position)| {
            let from = deadline(lost).succ_opt().filter(|from| *from <= on)?;
            Some((from, position))
        });
        let mut overdue: Vec<(NaiveDate, &Position)> = overdue.collect();
        overdue.sort_by_key(|(from, position)| (*from, position.id));
        let said = match (self.facts.has_people, overdue.first()) {
            (false, _) => Said::of(State::Unknown),
            (true, None) => Said::of(State::No),
            (true, Some((since, _))) => {
                let names = overdue.iter().flat_map(|(_, position)| self.who(position));
                Said { since: Some(*since), ..Said::so(Severity::Red, names) }
            }
        };
        said.finding(self.account_id(), Code::VacancyOverdue, None)
    }

    /// The positions of whom we should know from which somebody left, and nobody of ours met whoever
    /// came, each with the first day without him.
    pub fn vacancies(&self) -> Vec<(NaiveDate, &Position)> {
        // The longest of the windows in which he is to be met.
        let window = |position: &Position| {
            let terms = &position.terms;
            let fits =
                |of: &&Filled| of.cell.fits(terms.function, terms.level, terms.site.as_deref());
            self.coverage.cells.iter().filter(fits).map(|of| of.cell.window_days).max()
        };
        let there = self.positions.iter().filter(|position| position.holds(self.facts.on));
        let lost = |position| Some((self.lost_since(position, window(position)?)?, position));
        there.filter_map(lost).collect()
    }

    /// Whoever sat in a position up to the day before this one.
    pub fn left(&self, position: &Position, since: NaiveDate) -> Option<&str> {
        let mut sat = self.sat.iter().filter(|one| one.position_id == position.id);
        let left = sat.find(|one| one.last_day.and_then(|last| last.succ_opt()) == Some(since));
        left.map(|one| one.contact_id.as_str())
    }

    /// The position, and whoever sits in it or left it last.
    fn who(&self, position: &Position) -> Vec<String> {
        let sat = self.sat.iter().filter(|one| one.position_id == position.id);
        let last = sat.filter(|one| one.first_day <= self.facts.on).max_by_key(|one| one.key());
        let contact = last.map(|one| contact_name(&one.contact_id));
        std::iter::once(position.name()).chain(contact).collect()
    }

    /// Since when nobody whom we met sits in a position from which somebody left; `None` if nobody
    /// left, or whoever came was met.
    fn lost_since(&self, position: &Position, window_days: i32) -> Option<NaiveDate> {
        let on = self.facts.on;
        let sat = self.sat.iter().filter(|one| one.position_id == position.id);
        let mut lost = None;
        for one in sat.filter(|one| one.first_day <= on) {
            if lost.is_some() && self.was_met(one, window_days) {
                lost = None;
            }
            let left = one.last_day.and_then(|last| last.succ_opt()).filter(|left| *left <= on);
            lost = lost.or(left);
        }
        lost
    }

    /// Whether somebody of ours knew him when he came, or met him since.
    fn was_met(&self, one: &Incumbency, window_days: i32) -> bool {
        let ties = &mut self.facts.ties.iter();
        ties.any(|tie| {
            tie.contact_id == one.contact_id && tie.edge.is_live(one.first_day, window_days)
        })
    }
}

/// Who sits where somebody decides or approves.
pub fn deciders(facts: &Facts, positions: &[Position]) -> BTreeSet<String> {
    let decides = |seat: &&Seat| {
        let position = positions.iter().find(|position| position.id == seat.position.id);
        position.is_some_and(|position| tie::decides(&position.terms.buying_roles))
    };
    facts.seats.iter().filter(decides).filter_map(|seat| seat.contact_id.clone()).collect()
}

/// MODE_MISMATCH: an account of the first class is bound to us by trade alone (definition 4.10).
pub fn mode_mismatch(account_id: &str, is_so: bool) -> Finding {
    let said = match is_so {
        true => Said::so(Severity::Amber, [account_name(account_id)]),
        false => Said::of(State::No),
    };
    said.finding(account_id, Code::ModeMismatch, None)
}

/// NO_LIVE_FINANCE_CONTACT as recorded by now: the account owes, and nobody of ours knows anybody who
/// answers for money there. `None`: nobody of the account is known.
pub fn no_live_finance_contact(
    account_id: &str,
    day: NaiveDate,
    signal: Option<&Signal>,
    owes: bool,
) -> Finding {
    let told = signal.map(|signal| signal.on(account_id, day));
    let said = match told {
        None | Some(FinanceContact::Unknown) => Said::of(State::Unknown),
        Some(FinanceContact::Missing(Missing { since, evidence, .. })) if owes => {
            Said { since: Some(since), ..Said::so(Severity::Amber, evidence) }
        }
        Some(FinanceContact::Live | FinanceContact::Missing(_)) => Said::of(State::No),
    };
    // What it will owe is not known.
    let until = signal.filter(|_| said.state == State::Yes).and_then(|of| of.turns_after(day));
    said.finding(account_id, Code::NoLiveFinanceContact, until)
}

impl PeopleFacts<'_> {
    /// NO_LIVE_FINANCE_CONTACT as recorded by an instant of the past: whether it was so, and not since
    /// when.
    pub fn no_live_finance_contact_then(&self, owes: bool) -> Finding {
        let finance = |function| function == Function::Finance;
        let mut seats = self.facts.seats.iter().filter(|seat| finance(seat.function));
        let live: BTreeSet<&str> = self
            .coverage
            .peers
            .iter()
            .filter(|peer| peer.live)
            .map(|peer| peer.contact_id.as_str())
            .collect();
        let knows =
            |seat: &Seat| seat.contact_id.as_deref().is_some_and(|contact| live.contains(contact));
        let said = match (self.facts.has_people, seats.any(knows) || !owes) {
            (false, _) => Said::of(State::Unknown),
            (true, true) => Said::of(State::No),
            (true, false) => {
                let seats = self.facts.seats.iter().filter(|seat| finance(seat.function));
                let names = seats.flat_map(|seat| {
                    let contact = seat.contact_id.as_deref().map(contact_name);
                    std::iter::once(seat.position.name()).chain(contact)
                });
                Said::so(Severity::Amber, names)
            }
        };
        said.finding(self.account_id(), Code::NoLiveFinanceContact, None)
    }
}
