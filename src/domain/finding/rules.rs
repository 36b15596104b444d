//! The rules: what turns when, given the facts. Whether a member is active is known as of now alone,
//! and stands for all days.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use super::code::Code;
use super::found::{Finding, State, Turn};
use crate::domain::calendar::WorkCalendar;
use crate::domain::credit::decision::{Disposition, Reason, ReasonCode};
use crate::domain::dated::{self, ChangePoint};
use crate::domain::effort::Efforts;
use crate::domain::names::{account_name, member_name};
use crate::domain::portfolio::concentration::Concentration;
use crate::domain::portfolio::rhythm::{InvoiceDay, Rhythm};
use crate::domain::severity::Severity;
use crate::domain::team::{Team, TeamOn};
use crate::domain::tier::ruling;

/// What the rules about teams read of an account.
#[derive(Debug)]
pub struct TeamFacts<'a> {
    pub team: &'a Team,
    /// Members who are active.
    pub active: &'a BTreeSet<String>,
    /// Its class, and what that means.
    pub tier: ruling::Account<'a>,
    /// Whether a sponsor is to be there where no class says.
    pub sponsor_by_default: bool,
    /// As recorded by then, in microseconds since the epoch.
    pub known_us: i64,
}

impl TeamFacts<'_> {
    fn is_active(&self, id: &String) -> bool {
        self.active.contains(id)
    }

    /// Every day on which the team, or who is to be in it, may change, the first there is included.
    fn days(&self, more: impl IntoIterator<Item = NaiveDate>) -> BTreeSet<NaiveDate> {
        let owners = self.team.owners.iter().map(|point| point.from_date);
        let others = self.team.others.iter().flat_map(|other| {
            let ended = other.days.last_day_known(self.known_us);
            [Some(other.days.first_day), ended.and_then(|last| last.succ_opt())]
        });
        let all = owners.chain(others.flatten()).chain(more);
        std::iter::once(NaiveDate::MIN).chain(all).collect()
    }

    /// OWNER_MISSING: neither the owner nor a backup is active. What is accountable beyond them is
    /// no owner (definition 4.32).
    pub fn owner_missing(&self) -> Vec<Turn> {
        turns(self.days([]), |day| {
            let TeamOn { owner, backups, last_owner, .. } = self.team.on(day, self.known_us);
            let missing = !owner.iter().chain(&backups).any(|id| self.is_active(id));
            // Who is there without being active, or was there last.
            let gone: BTreeSet<_> =
                last_owner.iter().chain(&backups).map(|id| member_name(id)).collect();
            is_so(missing, Severity::Red, gone.into_iter().collect())
        })
    }

    /// SPONSOR_MISSING: one is to be there, by the class or where no class says, and none is active.
    pub fn sponsor_missing(&self) -> Vec<Turn> {
        turns(self.days(self.tier.days()), |day| {
            let service = self.tier.service_policy(day);
            let required = service.map(|service| service.policy.sponsor_required);
            let required = required.unwrap_or(self.sponsor_by_default);
            let sponsors = self.team.on(day, self.known_us).sponsors;
            let missing = required && !sponsors.iter().any(|id| self.is_active(id));
            let evidence = sponsors.iter().map(|id| member_name(id)).collect();
            is_so(missing, Severity::Amber, evidence)
        })
    }
}

/// LAPSE_RISK: silent for twice the median gap, or longer. Nothing invoiced is nothing to lose. The
/// rhythm is another one from each day on which something is invoiced, or taken back; the days are
/// given with the latest first.
pub fn lapse_risk(days: &[InvoiceDay]) -> Vec<Turn> {
    let changes = days.iter().flat_map(|one| [Some(one.day), one.ended]).flatten();
    let changes: BTreeSet<NaiveDate> = changes.collect();
    let mut changes = changes.into_iter().peekable();
    let mut found = vec![never()];
    while let Some(from_date) = changes.next() {
        let Some(rhythm) = Rhythm::on(days, from_date) else {
            found.push(Turn { from_date, ..never() });
            continue;
        };
        let Some(lapse) = rhythm.lapses_on() else {
            found.push(Turn { from_date, state: State::Unknown, ..never() });
            continue;
        };
        let (state, severity, evidence) = is_so(true, Severity::Amber, vec![]);
        if lapse > from_date {
            found.push(Turn { from_date, ..never() });
        }
        if changes.peek().is_none_or(|next| lapse < *next) {
            let from_date = lapse.max(from_date);
            found.push(Turn { from_date, state, severity, evidence });
        }
    }
    folded(found)
}

/// CALENDAR_ENDS: the days that the calendar in force knows end soon, or have ended. One without such
/// days has none that could end.
pub fn calendar_ends(
    in_force: &[ChangePoint<(String, WorkCalendar)>],
    notice_days: u32,
) -> Vec<Turn> {
    let mut found = vec![never()];
    let stretches = dated::stretches(in_force, i64::MAX);
    for stretch in stretches {
        let (name, calendar) = stretch.value;
        let within = |day: NaiveDate| stretch.last_day.is_none_or(|last| day <= last);
        found.push(Turn { from_date: stretch.first_day, ..never() });
        let Some(known) = calendar.known_through else { continue };
        let soon = known.checked_sub_days(Days::new(notice_days.into()));
        let soon = soon.and_then(|day| day.succ_opt());
        for (from, severity) in [(soon, Severity::Amber), (known.succ_opt(), Severity::Red)] {
            let Some(from) = from.map(|day| day.max(stretch.first_day)).filter(|day| within(*day))
            else {
                continue;
            };
            let (state, severity, evidence) = is_so(true, severity, vec![name.clone()]);
            found.push(Turn { from_date: from, state, severity, evidence });
        }
    }
    folded(found)
}

/// EFFORT_OVER_BUDGET of a day: a class took more effort than is meant for it; `None`: it is to come.
pub fn effort_over_budget(day: NaiveDate, efforts: Option<&Efforts>) -> Vec<Turn> {
    let Some(efforts) = efforts else {
        let (from_date, state) = (day, State::Unknown);
        return vec![Turn { from_date, state, severity: None, evidence: vec![] }];
    };
    let over: Vec<&str> = efforts.over_budget().iter().map(|over| over.class).collect();
    let (state, severity) = match over.is_empty() {
        true => (State::No, None),
        false => (State::Yes, Some(Severity::Amber)),
    };
    let evidence = efforts.largest(&over).map(account_name).collect();
    vec![Turn { from_date: day, state, severity, evidence }]
}

/// CONCENTRATION of a day: what is known of it, and the largest group.
pub fn concentration(
    day: NaiveDate,
    sides: &[(Concentration, usize, Option<String>)],
) -> Vec<Turn> {
    let worst = sides.iter().filter_map(|(of, ..)| of.severity).max();
    let unknown = sides.iter().any(|(_, unknown, _)| *unknown > 0);
    let evidence = sides.iter().filter(|(of, ..)| of.severity.is_some());
    let evidence: BTreeSet<String> = evidence.filter_map(|(.., largest)| largest.clone()).collect();
    let state = match (unknown, worst) {
        // Amounts without a rate could make another group the largest, or this one small.
        (true, _) => State::Unknown,
        (false, Some(_)) => State::Yes,
        (false, None) => State::No,
    };
    let (severity, evidence) = match state {
        State::Yes => (worst, evidence.into_iter().collect()),
        _ => (None, vec![]),
    };
    // What was posted before or will be is another day's figure.
    let unknown =
        |from_date| Turn { from_date, state: State::Unknown, severity: None, evidence: vec![] };
    let mut turns =
        vec![unknown(NaiveDate::MIN), Turn { from_date: day, state, severity, evidence }];
    turns.extend(day.succ_opt().map(unknown));
    turns
}

/// The reasons of credit as findings of an account. They are of now: of another day nothing is known.
pub fn credit(account_id: &str, reasons: &[Reason], is_today: bool) -> Vec<Finding> {
    let told = |code: &ReasonCode| {
        let reason = reasons.iter().find(|reason| reason.code == *code);
        let severity = reason.and_then(|reason| match reason.disposition {
            Disposition::Decline => Some(Severity::Red),
            Disposition::Refer => Some(Severity::Amber),
            Disposition::Ignore => None,
        });
        let (state, severity) = match (is_today, severity) {
            (false, _) => (State::Unknown, None),
            (true, None) => (State::No, None),
            (true, severity) => (State::Yes, severity),
        };
        let subjects = reason.filter(|_| state == State::Yes).map(|reason| {
            std::iter::once(&reason.subject).chain(&reason.documents).cloned().collect()
        });
        Some(Finding {
            account_id: account_id.to_owned(),
            code: Code::of_credit(*code)?,
            state,
            severity,
            since: None,
            until: None,
            evidence: subjects.unwrap_or_default(),
            duplicates: Vec::new(),
            snooze: None,
        })
    };
    ReasonCode::ALL.iter().filter_map(told).collect()
}

fn is_so(
    so: bool,
    severity: Severity,
    evidence: Vec<String>,
) -> (State, Option<Severity>, Vec<String>) {
    if so { (State::Yes, Some(severity), evidence) } else { (State::No, None, vec![]) }
}

fn never() -> Turn {
    Turn { from_date: NaiveDate::MIN, state: State::No, severity: None, evidence: vec![] }
}

fn turns(
    days: BTreeSet<NaiveDate>,
    on: impl Fn(NaiveDate) -> (State, Option<Severity>, Vec<String>),
) -> Vec<Turn> {
    let turn = |from_date| {
        let (state, severity, evidence) = on(from_date);
        Turn { from_date, state, severity, evidence }
    };
    folded(days.into_iter().map(turn).collect())
}

/// Without turns that last no day or change nothing.
fn folded(turns: Vec<Turn>) -> Vec<Turn> {
    let mut folded: Vec<Turn> = Vec::new();
    for turn in turns {
        folded.pop_if(|last| last.from_date == turn.from_date);
        let same = |last: &Turn| {
            (last.state, last.severity, &last.evidence)
                == (turn.state, turn.severity, &turn.evidence)
        };
        if !folded.last().is_some_and(same) {
            folded.push(turn);
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::dated::Interval;
    use crate::domain::policy::{Policy, PolicyLog, Terms};
    use crate::domain::team::{Assignment, TeamRole};
    use crate::domain::tier::overrides::TierOverride;
    use crate::domain::tier::policy::TierPolicy;
    use crate::domain::tier::ruling::{Classes, Ruling};

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
    }

    fn point<T>(n: u64, value: T) -> ChangePoint<T> {
        ChangePoint { from_date: day(n), recorded_us: n as i64, value }
    }

    fn yes_days(turns: Vec<Turn>, days: std::ops::Range<u64>) -> Vec<u64> {
        let is_so = |n: &u64| {
            Finding::on("a", Code::OwnerMissing, turns.clone(), day(*n)).state == State::Yes
        };
        days.filter(is_so).collect()
    }

    fn sponsor(from: u64, to: u64) -> Assignment {
        let days =
            Interval { first_day: day(from), last_day: Some(day(to)), recorded_us: 0, end: None };
        let role = TeamRole::ExecutiveSponsor;
        Assignment { member_id: "boss".into(), role, days, embedded: false }
    }

    #[test]
    fn a3_platinum_without_sponsor_is_found_on_the_days_of_its_class_alone() {
        let team = Team { owners: vec![], others: vec![sponsor(4, 6)] };
        let active = BTreeSet::from(["boss".to_owned()]);
        let platinum = TierOverride {
            id: Uuid::nil(),
            account_id: "a".into(),
            class: "PLATINUM".into(),
            days: sponsor(2, 8).days,
            recorded_by: String::new(),
            reason: "r".into(),
            end_reason: None,
        };
        let classes = Classes { given: vec![platinum], ..Classes::default() };
        let (_, mut terms) = TierPolicy::built_in().remove(2);
        terms.classes[0].service.sponsor_required = true;
        let id = "pyramid".to_owned();
        let version = Policy { id: id.clone(), terms, created_by: String::new(), recorded_us: 0 };
        // Before day 3 the built-in version rules, which asks for no sponsor and has no such class.
        let ruling = Ruling::new(vec![(day(3), id)], PolicyLog::default(), i64::MAX);
        let ruling = ruling.with(vec![version, Policy::built_in().remove(0)]);
        let facts = TeamFacts {
            team: &team,
            active: &active,
            tier: ruling::Account::new(&classes, &ruling),
            sponsor_by_default: false,
            known_us: i64::MAX,
        };
        assert_eq!(yes_days(facts.sponsor_missing(), 0..12), [3, 7, 8]);
        let by_default = TeamFacts { sponsor_by_default: true, ..facts };
        assert_eq!(yes_days(by_default.sponsor_missing(), 0..12), [0, 1, 2, 3, 7, 8, 9, 10, 11]);
        let nobody = BTreeSet::new();
        let facts = TeamFacts { active: &nobody, sponsor_by_default: false, ..by_default };
        assert_eq!(yes_days(facts.sponsor_missing(), 0..12), [3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn d4_32_an_owner_is_missing_where_neither_he_nor_a_backup_is_active() {
        let backup = Assignment { role: TeamRole::Backup, member_id: "li".into(), ..sponsor(5, 6) };
        let owners =
            vec![point(2, Some("wang".to_owned())), point(4, None), point(8, Some("gone".into()))];
        let team = Team { owners, others: vec![backup] };
        let active = BTreeSet::from(["wang".to_owned(), "li".to_owned()]);
        let (classes, ruling) = (Classes::default(), Ruling::new(vec![], PolicyLog::default(), 0));
        let facts = TeamFacts {
            team: &team,
            active: &active,
            tier: ruling::Account::new(&classes, &ruling),
            sponsor_by_default: false,
            known_us: i64::MAX,
        };
        let turns = facts.owner_missing();
        assert_eq!(yes_days(turns.clone(), 0..10), [0, 1, 4, 7, 8, 9]);
        let last = turns.last().unwrap();
        assert_eq!((last.from_date, &*last.evidence), (day(8), &["members/gone".to_owned()][..]));
    }

    #[test]
    fn d4_2_a_calendar_ends_some_days_before_it_does() {
        let known = |n: Option<u64>| {
            let known_through = n.map(day);
            (
                "workCalendars/c".to_owned(),
                WorkCalendar { known_through, ..WorkCalendar::default() },
            )
        };
        let in_force =
            [point(5, known(Some(20))), point(30, known(Some(40))), point(38, known(None))];
        let turns = calendar_ends(&in_force, 10);
        let told: Vec<_> = turns.iter().map(|turn| (turn.from_date, turn.severity)).collect();
        let (amber, red) = (Some(Severity::Amber), Some(Severity::Red));
        assert_eq!(
            told,
            [
                (NaiveDate::MIN, None),
                (day(11), amber),
                (day(21), red),
                (day(30), None),
                (day(31), amber),
                (day(38), None)
            ]
        );
    }

    /// An invoice: its day, and from when on it is taken back.
    type Invoice = (u64, Option<u64>);

    fn of_days(invoices: &[Invoice]) -> Vec<InvoiceDay> {
        let days: BTreeSet<u64> = invoices.iter().map(|(on, _)| *on).collect();
        let of_day = |n: u64| {
            let ends: Vec<_> =
                invoices.iter().filter(|(on, _)| *on == n).map(|one| one.1).collect();
            let ended = ends.iter().all(Option::is_some).then(|| ends.iter().flatten().max());
            InvoiceDay { day: day(n), ended: ended.flatten().map(|n| day(*n)) }
        };
        days.into_iter().rev().map(of_day).collect()
    }

    /// How it is on a day, from what was invoiced by then and not taken back by then.
    fn state_on(invoices: &[Invoice], on: u64) -> State {
        let stands = |one: &&Invoice| one.0 <= on && one.1.is_none_or(|ended| on < ended);
        let days: BTreeSet<u64> = invoices.iter().filter(stands).map(|one| one.0).collect();
        let days: Vec<u64> = days.into_iter().rev().take(13).collect();
        let Some(last) = days.first() else { return State::No };
        let mut gaps: Vec<u64> = days.windows(2).map(|pair| pair[0] - pair[1]).collect();
        if gaps.len() < 3 {
            return State::Unknown;
        }
        gaps.sort_unstable();
        let twice_median = gaps[(gaps.len() - 1) / 2] + gaps[gaps.len() / 2];
        if on - last >= twice_median { State::Yes } else { State::No }
    }

    #[test]
    fn a21_a_lapse_of_a_past_day_ends_on_the_day_of_the_next_invoice() {
        let invoices = [0, 10, 20, 30, 100].map(|on| (on, None));
        let on = |n| Finding::on("a", Code::LapseRisk, lapse_risk(&of_days(&invoices)), day(n));
        let told = |found: Finding| (found.state, found.since, found.until);
        assert_eq!(told(on(60)), (State::Yes, Some(day(50)), Some(day(100))));
        assert_eq!(told(on(40)), (State::No, Some(day(30)), Some(day(50))));
        assert_eq!(told(on(100)), (State::No, Some(day(100)), Some(day(120))));
        // An invoice that is taken back ends no silence from that day on.
        let back = [(0, None), (10, None), (20, None), (30, None), (45, Some(70))];
        let on = |n| Finding::on("a", Code::LapseRisk, lapse_risk(&of_days(&back)), day(n));
        assert_eq!(told(on(69)), (State::Yes, Some(day(65)), None));
        assert_eq!(told(on(64)), (State::No, Some(day(30)), Some(day(65))));
    }

    proptest! {
        #[test]
        fn a_finding_of_a_day_is_what_the_facts_of_every_day_say(
            invoices in prop::collection::vec((0u64..60, prop::option::of(0u64..90)), 0..25),
        ) {
            let turns = lapse_risk(&of_days(&invoices));
            let states: Vec<State> = (0..100).map(|n| state_on(&invoices, n)).collect();
            let at = |n: u64| states[usize::try_from(n).unwrap()];
            for n in 0..100 {
                let found = Finding::on("a", Code::LapseRisk, turns.clone(), day(n));
                prop_assert_eq!(found.state, at(n), "day {}", n);
                let until = (n..100).find(|later| at(*later) != at(n));
                let until_told = found.until.filter(|until| *until < day(100));
                prop_assert_eq!(until_told, until.map(day), "until, of day {}", n);
                let since = (0..=n).rev().take_while(|before| at(*before) == at(n)).last();
                let since = since.filter(|since| *since > 0 || found.since.is_some());
                prop_assert_eq!(found.since, since.map(day), "since, of day {}", n);
            }
        }

        #[test]
        fn what_is_so_is_told_from_the_latest_days_as_from_all(
            invoices in prop::collection::vec((0u64..200, prop::option::weighted(0.1, 0u64..250)), 0..120),
            n in 0u64..260,
        ) {
            let all = of_days(&invoices);
            let on = |days: &[InvoiceDay]| {
                Finding::on("a", Code::LapseRisk, lapse_risk(days), day(n))
            };
            let stands = |one: &&InvoiceDay| one.ended.is_none() && one.day <= day(n);
            let latest: BTreeSet<_> = all.iter().filter(stands).take(13).map(|one| one.day).collect();
            let some: Vec<InvoiceDay> = all.iter().copied()
                .filter(|one| one.ended.is_some() || one.day > day(n) || latest.contains(&one.day))
                .collect();
            let (whole, cut) = (on(&all), on(&some));
            prop_assert_eq!(cut.state, whole.state);
            prop_assert_eq!(cut.until, whole.until);
            if whole.state == State::Yes {
                prop_assert_eq!(cut.since, whole.since);
            }
        }
    }
}
