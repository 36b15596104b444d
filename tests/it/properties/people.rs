//! Findings about people of any day after any sequence of moves, talks, sales, deactivations and days that
//! pass, against what was recorded, gone through by hand.

use std::collections::BTreeSet;

use ballast::pb::{
    self, FindingCode as Found, InteractionChannel, PositionFunction, PositionLevel,
};
use chrono::{Datelike, NaiveDate, Weekday};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::hold;
use crate::contact::{self, move_from_to, person, position};
use crate::findings::list;
use crate::interaction::{held, member, record};
use crate::support::TestServer;
use crate::support::credit::moment;
use crate::support::ledger::{Desk, day, document, fresh};

type Tested = Result<(), TestCaseError>;

const ACCOUNTS: usize = 2;
const PEOPLE: usize = 3;
const SEATS: [(PositionFunction, PositionLevel); 3] = [
    (PositionFunction::Finance, PositionLevel::Executive),
    (PositionFunction::Production, PositionLevel::Staff),
    (PositionFunction::Legal, PositionLevel::Staff),
];
const CODES: [Found; 6] = [
    Found::VacancyOverdue,
    Found::NoLiveFinanceContact,
    Found::CoverageGap,
    Found::SingleThreaded,
    Found::TopHeavy,
    Found::KeyPersonDependency,
];

#[derive(Debug, Clone)]
enum Op {
    Take { account: usize, seat: usize, person: usize, from: i64 },
    Leave { account: usize, seat: usize, person: usize, from: i64 },
    Meet { account: usize, member: usize, person: usize, ago: i64, two_way: bool },
    Turn { member: usize },
    Sell { account: usize },
    Pass { days: i64 },
}

fn op() -> impl Strategy<Value = Op> {
    let (account, seat, person) = (|| 0..ACCOUNTS, || 0..SEATS.len(), || 0..PEOPLE);
    prop_oneof![
        5 => (account(), seat(), person(), -30..20_i64)
            .prop_map(|(account, seat, person, from)| Op::Take { account, seat, person, from }),
        3 => (account(), seat(), person(), -20..20_i64)
            .prop_map(|(account, seat, person, from)| Op::Leave { account, seat, person, from }),
        6 => (account(), 0..2_usize, person(), 0..40_i64, prop::bool::weighted(0.8)).prop_map(
            |(account, member, person, ago, two_way)| Op::Meet { account, member, person, ago, two_way }),
        1 => (0..2_usize).prop_map(|member| Op::Turn { member }),
        1 => account().prop_map(|account| Op::Sell { account }),
        3 => prop_oneof![1..20_i64, 60..120_i64].prop_map(|days| Op::Pass { days }),
    ]
}

/// That from a day on somebody sits there, or nobody; in the order of recording.
type Point = (i64, Option<usize>);

/// What one account has on record.
#[derive(Default)]
struct Recorded {
    seats: [Vec<Point>; 3],
    /// Day, who of ours, whom of theirs.
    talks: Vec<(i64, usize, usize)>,
    sold: Option<i64>,
}

impl Recorded {
    /// First days with who sits there from then on, one of each day: the one recorded last.
    fn turns(&self, seat: usize) -> Vec<Point> {
        let days: BTreeSet<i64> = self.seats[seat].iter().map(|(from, _)| *from).collect();
        let last =
            |day: i64| *self.seats[seat].iter().rfind(|(from, _)| *from == day).expect("one");
        days.into_iter().map(last).collect()
    }

    fn incumbent(&self, seat: usize, on: i64) -> Option<usize> {
        self.turns(seat).into_iter().rfind(|(from, _)| *from <= on).and_then(|(_, who)| who)
    }

    /// The last talk of a pair by a day.
    fn last(&self, on: i64, member: usize, person: usize) -> Option<i64> {
        let of = |(day, m, p): &&(i64, usize, usize)| *day <= on && (*m, *p) == (member, person);
        self.talks.iter().filter(of).map(|(day, ..)| *day).max()
    }

    fn is_live(&self, on: i64, member: usize, person: usize) -> bool {
        self.last(on, member, person).is_some_and(|last| on - last < 180)
    }

    /// Visits count one each day, halved every 90 days.
    fn strength(&self, on: i64, member: usize, person: usize) -> f64 {
        let of = |(day, m, p): &&(i64, usize, usize)| *day <= on && (*m, *p) == (member, person);
        let days: BTreeSet<i64> = self.talks.iter().filter(of).map(|(day, ..)| *day).collect();
        days.into_iter().map(|day| (-((on - day) as f64) / 90.0).exp2()).sum()
    }
}

fn date(n: i64) -> NaiveDate {
    moment(n).date_naive()
}

/// The day after so many working days, Monday to Friday.
fn overdue_from(since: i64) -> i64 {
    let is_worked = |n: i64| !matches!(date(n).weekday(), Weekday::Sat | Weekday::Sun);
    let worked = (since + 1..).filter(|n| is_worked(*n));
    worked.take(10).last().expect("days") + 1
}

struct Case<'a> {
    server: &'a TestServer,
    prefix: String,
    today: i64,
    begin: i64,
    active: [bool; 2],
    members: Vec<String>,
    people: Vec<String>,
    seats: Vec<Vec<String>>,
    recorded: Vec<Recorded>,
}

impl<'a> Case<'a> {
    async fn new(server: &'a TestServer, today: i64) -> Self {
        server.clock().set(moment(today));
        let prefix = format!("p{}", fresh().replace('-', ""));
        let (mut seats, mut members, mut people) = (vec![], vec![], vec![]);
        for n in 0..ACCOUNTS {
            let id = format!("{prefix}-{n}");
            contact::account(server, &id, &[]).await;
            let mut of = vec![];
            for (function, level) in SEATS {
                of.push(position(server, &id, function, level).await);
            }
            seats.push(of);
        }
        for n in 0..2 {
            members.push(member(server, &format!("{prefix}-{n}")).await);
        }
        for _ in 0..PEOPLE {
            people.push(person(server, "x").await);
        }
        let recorded = (0..ACCOUNTS).map(|_| Recorded::default()).collect();
        let (begin, active) = (today, [true; 2]);
        Self { server, prefix, today, begin, active, members, people, seats, recorded }
    }

    fn id(&self, account: usize) -> String {
        format!("{}-{account}", self.prefix)
    }

    /// Does what is allowed; what is refused changes nothing.
    async fn apply(&mut self, op: Op) {
        let server = self.server;
        match op {
            Op::Take { account, seat, person, from } => {
                let (name, on) = (&self.seats[account][seat], self.today + from);
                if move_from_to(server, &self.people[person], "", name, on).await.is_ok() {
                    self.recorded[account].seats[seat].push((on, Some(person)));
                }
            }
            Op::Leave { account, seat, person, from } => {
                let (name, on) = (&self.seats[account][seat], self.today + from);
                if move_from_to(server, &self.people[person], name, "", on).await.is_ok() {
                    self.recorded[account].seats[seat].push((on, None));
                }
            }
            Op::Meet { account, member, person, ago, two_way } => {
                let (ours, theirs) = (&*self.members[member], &*self.people[person]);
                let on = self.today - ago;
                let visit = held(InteractionChannel::Visit, on, &[ours], &[theirs]);
                let visit = pb::Interaction { two_way: Some(two_way), ..visit };
                record(server, &self.id(account), visit).await.expect("recorded");
                if two_way {
                    self.recorded[account].talks.push((on, member, person));
                }
            }
            Op::Turn { member } => self.turn(member).await,
            Op::Sell { account } => {
                let sold = document(pb::DocumentKind::Invoice, &fresh(), day(self.today), "5");
                let payer = format!("accounts/{}", self.id(account));
                Desk::new(server).post([pb::Document { payer, ..sold }]).await;
                let sold = self.recorded[account].sold.get_or_insert(self.today);
                *sold = self.today.min(*sold);
            }
            Op::Pass { days } => {
                self.today += days;
                server.clock().set(moment(self.today));
            }
        }
    }

    async fn turn(&mut self, member: usize) {
        let (name, mut client) = (self.members[member].clone(), self.server.accounts());
        if self.active[member] {
            let reason = "left".into();
            let request = pb::DeactivateMemberRequest { name, reason, ..Default::default() };
            client.deactivate_member(request).await.expect("deactivated");
        } else {
            let request = pb::ReactivateMemberRequest { name, ..Default::default() };
            client.reactivate_member(request).await.expect("reactivated");
        }
        self.active[member] ^= true;
    }

    /// What is so at an account; what is too near to a threshold is not said.
    fn expected(&self, account: usize, on: i64) -> Vec<(Found, Option<bool>)> {
        let of = &self.recorded[account];
        let first = of.seats.iter().flatten().filter(|(_, who)| who.is_some());
        let is_known = first.map(|(from, _)| *from).min().is_some_and(|from| from <= on);
        let ours = || (0..2).filter(|m| self.active[*m]);
        let sits: BTreeSet<usize> = (0..3).filter_map(|seat| of.incumbent(seat, on)).collect();
        let ties: Vec<(usize, usize)> =
            ours().flat_map(|m| sits.iter().map(move |p| (m, *p))).collect();
        let live = |person: usize| ours().any(|m| of.is_live(on, m, person));
        let finance = of.incumbent(0, on).is_some_and(live);
        let lives = ties.iter().filter(|(m, p)| of.is_live(on, *m, *p)).count();
        let strengths: Vec<(f64, usize)> =
            ties.iter().map(|(m, p)| (of.strength(on, *m, *p), *p)).collect();
        let all: f64 = strengths.iter().map(|(s, _)| s).sum();
        let most = strengths.iter().map(|(s, _)| *s).fold(0.0, f64::max);
        let near = |value: f64, to: f64| (value - to).abs() < 1e-3;
        let share = if all > 0.0 { most / all } else { 0.0 };
        let key = (!near(share, 0.6) && !near(all, 1.0)).then_some(share > 0.6 && all >= 1.0);
        let key = if all == 1.0 && share == 1.0 { Some(true) } else { key };
        let top: f64 =
            strengths.iter().filter(|(_, p)| of.incumbent(0, on) == Some(*p)).map(|(s, _)| s).sum();
        let top = if all > 0.0 { top / all } else { 0.0 };
        let told = [
            (Found::VacancyOverdue, Some((0..2).any(|seat| self.is_overdue(account, seat, on)))),
            (Found::NoLiveFinanceContact, Some(!finance && of.sold.is_some_and(|from| from <= on))),
            // Nobody is known in procurement, ever.
            (Found::CoverageGap, Some(true)),
            (Found::SingleThreaded, Some(lives == 1)),
            (Found::TopHeavy, (!near(top, 0.7)).then_some(top > 0.7)),
            (Found::KeyPersonDependency, key),
        ];
        told.map(|(code, so)| (code, so.map(|so| so && is_known))).to_vec()
    }

    fn is_overdue(&self, account: usize, seat: usize, on: i64) -> bool {
        let of = &self.recorded[account];
        let turns: Vec<Point> =
            of.turns(seat).into_iter().filter(|(from, _)| *from <= on).collect();
        let mut lost = None;
        for (n, (from, who)) in turns.iter().enumerate() {
            let Some(who) = who else { continue };
            let knew = |m: usize| of.last(on, m, *who).is_some_and(|last| from - last < 180);
            if (0..2).any(|m| self.active[m] && knew(m)) {
                lost = None;
            }
            // He is followed by somebody, or by nobody.
            if let Some((left, _)) = turns.get(n + 1) {
                lost = lost.or(Some(*left));
            }
        }
        lost.is_some_and(|since| overdue_from(since) <= on)
    }

    async fn check(&self) -> Tested {
        let days =
            (self.begin - 35..self.today + 40).step_by(7).chain([self.today, self.today + 181]);
        for on in days {
            let request = |parent: String| pb::ListFindingsRequest {
                parent,
                page_size: 4,
                codes: CODES.map(i32::from).into(),
                as_of: Some(day(on)),
                ..Default::default()
            };
            let book = list(self.server, request("accounts/-".into())).await.expect("findings");
            for account in 0..ACCOUNTS {
                let parent = format!("accounts/{}", self.id(account));
                let own = list(self.server, request(parent.clone())).await.expect("findings");
                let mut own: Vec<Found> = own.into_iter().map(|found| found.code()).collect();
                let of_it = book.iter().filter(|found| found.account == parent);
                let mut of_book: Vec<Found> = of_it.map(|found| found.code()).collect();
                own.sort();
                of_book.sort();
                prop_assert_eq!(&of_book, &own, "of the book on day {}", on);
                for (code, so) in self.expected(account, on) {
                    if let Some(so) = so {
                        prop_assert_eq!(
                            own.contains(&code),
                            so,
                            "{:?} of {} on day {}",
                            code,
                            account,
                            on
                        );
                    }
                }
            }
        }
        Ok(())
    }
}

on_both_engines! {
    async fn findings_about_people_are_what_was_recorded(server: TestServer) {
        let begins = std::sync::atomic::AtomicI64::new(0);
        hold(8, &vec(op(), 1..20), async |ops| {
            let begin = begins.fetch_add(2_500, std::sync::atomic::Ordering::Relaxed);
            let mut case = Case::new(&server, begin).await;
            for op in ops {
                case.apply(op).await;
            }
            case.check().await
        });
        contact::verify(&server).await;
    }
}
