//! Findings of any day after any sequence of assignments, ends, deactivations, runs, deletions and days
//! that pass, against what is recorded then, gone through account by account.

use std::collections::{BTreeMap, BTreeSet};

use ballast::pb::{self, FindingCode as Found, TeamRole};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::hold;
use crate::findings::list;
use crate::support::TestServer;
use crate::support::credit::moment;
use crate::support::ledger::{Desk, day, document, fresh};
use crate::tiers::policies::{activate, class, create, quantile};

type Tested = Result<(), TestCaseError>;

const ACCOUNTS: usize = 4;
const MEMBERS: usize = 3;

#[derive(Debug, Clone)]
enum Op {
    Assign {
        account: usize,
        member: usize,
        role: TeamRole,
        from: i64,
        days: Option<i64>,
    },
    End {
        account: usize,
        nth: usize,
        last: i64,
    },
    Turn {
        member: usize,
    },
    /// Sells to an account and classifies the book.
    Run {
        account: usize,
        units: u32,
    },
    /// Gives a class to an account for some days.
    Give {
        account: usize,
        first: bool,
        from: i64,
        days: i64,
    },
    /// Ends what was given last.
    Take {
        account: usize,
    },
    Delete {
        account: usize,
    },
    Snooze {
        account: usize,
        code: Found,
        days: i64,
    },
    Pass {
        days: i64,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let (account, member) = (|| 0..ACCOUNTS, || 0..MEMBERS);
    let role = prop_oneof![
        Just(TeamRole::Owner),
        Just(TeamRole::Backup),
        Just(TeamRole::ExecutiveSponsor),
    ];
    let code = prop_oneof![Just(Found::OwnerMissing), Just(Found::SponsorMissing)];
    let days = || prop::option::of(0..6_i64);
    prop_oneof![
        6 => (account(), member(), role, -3..6_i64, days()).prop_map(
            |(account, member, role, from, days)| Op::Assign { account, member, role, from, days }),
        3 => (account(), any::<usize>(), -4..6_i64)
            .prop_map(|(account, nth, last)| Op::End { account, nth, last }),
        3 => member().prop_map(|member| Op::Turn { member }),
        3 => (account(), 1..1_000_u32).prop_map(|(account, units)| Op::Run { account, units }),
        3 => (account(), any::<bool>(), 0..4_i64, 0..4_i64)
            .prop_map(|(account, first, from, days)| Op::Give { account, first, from, days }),
        1 => account().prop_map(|account| Op::Take { account }),
        1 => account().prop_map(|account| Op::Delete { account }),
        1 => (account(), code, 0..4_i64)
            .prop_map(|(account, code, days)| Op::Snooze { account, code, days }),
        2 => (1..4_i64).prop_map(|days| Op::Pass { days }),
    ]
}

struct Case<'a> {
    server: &'a TestServer,
    prefix: String,
    begin: i64,
    today: i64,
    active: [bool; MEMBERS],
    deleted: BTreeSet<usize>,
    /// From when until before when, by account and code, as said last.
    hidden: BTreeMap<(usize, Found), (i64, i64)>,
}

impl<'a> Case<'a> {
    async fn new(server: &'a TestServer, today: i64) -> Self {
        server.clock().set(moment(today));
        let prefix = format!("c{}", fresh().replace('-', ""));
        let (deleted, hidden) = (BTreeSet::new(), BTreeMap::new());
        let active = [true; MEMBERS];
        let case = Self { server, prefix, begin: today, today, active, deleted, hidden };
        for n in 0..MEMBERS {
            let member =
                pb::Member { display_name: "x".into(), executive: true, ..Default::default() };
            let request = pb::CreateMemberRequest {
                member: Some(member),
                member_id: case.member(n).replace("members/", ""),
                ..Default::default()
            };
            server.accounts().create_member(request).await.expect("created");
        }
        for n in 0..ACCOUNTS {
            let account = pb::Account { display_name: "x".into(), ..Default::default() };
            let request = pb::CreateAccountRequest {
                account: Some(account),
                account_id: case.account(n).replace("accounts/", ""),
                ..Default::default()
            };
            server.accounts().create_account(request).await.expect("created");
        }
        case
    }

    fn account(&self, n: usize) -> String {
        format!("accounts/{}-{n}", self.prefix)
    }

    fn member(&self, n: usize) -> String {
        format!("members/{}-{n}", self.prefix)
    }

    async fn team(&self, account: usize, on: Option<i64>) -> pb::ListTeamMembersResponse {
        let request = pb::ListTeamMembersRequest {
            parent: self.account(account),
            as_of: on.map(day),
            ..Default::default()
        };
        self.server.accounts().list_team_members(request).await.expect("a team").into_inner()
    }

    /// Does what is allowed; what is refused changes nothing.
    async fn apply(&mut self, op: Op) {
        let mut client = self.server.accounts();
        match op {
            Op::Assign { account, member, role, from, days } => {
                let first = self.today + from;
                let last = days.filter(|_| role != TeamRole::Owner).map(|days| day(first + days));
                let request = pb::AssignTeamMemberRequest {
                    account: self.account(account),
                    member: self.member(member),
                    role: role.into(),
                    valid_from: Some(day(first)),
                    valid_to: last,
                    etag: self.team(account, None).await.etag,
                    ..Default::default()
                };
                client.assign_team_member(request).await.ok();
            }
            Op::End { account, nth, last } => {
                let team = self.team(account, None).await;
                let Some(nth) = nth.checked_rem(team.team_members.len()) else { return };
                let request = pb::EndTeamMembershipRequest {
                    name: team.team_members[nth].name.clone(),
                    valid_to: Some(day(self.today + last)),
                    reason: "left".into(),
                    etag: team.etag,
                    ..Default::default()
                };
                client.end_team_membership(request).await.ok();
            }
            Op::Turn { member } => self.turn(member).await,
            Op::Run { account, units } => self.run(account, units).await,
            Op::Give { account, first, from, days } => {
                let from = self.today + from;
                let request = pb::OverrideTierRequest {
                    account: self.account(account),
                    tier: if first { "A" } else { "C" }.into(),
                    valid_from: Some(day(from)),
                    valid_to: Some(day(from + days)),
                    reason: "for a while".into(),
                    request_id: fresh(),
                };
                self.server.tiers().override_tier(request).await.ok();
            }
            Op::Take { account } => {
                let Some(last) = self.given(account, None).await.pop() else { return };
                let request = pb::EndTierOverrideRequest {
                    name: last.name,
                    reason: "over".into(),
                    request_id: fresh(),
                    ..Default::default()
                };
                self.server.tiers().end_tier_override(request).await.ok();
            }
            Op::Delete { account } => {
                let request =
                    pb::DeleteAccountRequest { name: self.account(account), ..Default::default() };
                if client.delete_account(request).await.is_ok() {
                    self.deleted.insert(account);
                }
            }
            Op::Snooze { account, code, days } => {
                let until = self.today + days;
                let request = pb::SnoozeFindingRequest {
                    account: self.account(account),
                    code: code.into(),
                    until_date: Some(day(until)),
                    reason: "later".into(),
                    request_id: fresh(),
                };
                if client.snooze_finding(request).await.is_ok() {
                    self.hidden.insert((account, code), (self.today, until));
                }
            }
            Op::Pass { days } => {
                self.today += days;
                self.server.clock().set(moment(self.today));
            }
        }
    }

    async fn turn(&mut self, member: usize) {
        let (name, mut client) = (self.member(member), self.server.accounts());
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

    async fn run(&self, account: usize, units: u32) {
        let (no, units) = (fresh(), units.to_string());
        let sold = document(pb::DocumentKind::Invoice, &no, day(self.today), &units);
        let sold = pb::Document { payer: self.account(account), ..sold };
        if Desk::new(self.server).try_post(vec![sold]).await.is_err() {
            return;
        }
        let request = pb::EvaluateTiersRequest {
            apply: true,
            as_of: Some(day(self.today)),
            request_id: fresh(),
            ..Default::default()
        };
        // A second run of a day has to name the first, and is left out.
        self.server.tiers().evaluate_tiers(request).await.ok();
    }

    /// What people gave to an account, ever or on a day.
    async fn given(&self, account: usize, on: Option<i64>) -> Vec<pb::TierOverride> {
        let parent = self.account(account);
        let request =
            pb::ListTierOverridesRequest { parent, as_of: on.map(day), ..Default::default() };
        let given = self.server.tiers().list_tier_overrides(request).await.expect("overrides");
        given.into_inner().tier_overrides
    }

    /// The class that a person gave for a day, or was recorded last for it.
    async fn class(&self, account: usize, on: i64) -> Option<String> {
        if let Some(given) = self.given(account, Some(on)).await.pop() {
            return Some(given.tier);
        }
        let request =
            pb::ListTierAssignmentsRequest { parent: self.account(account), ..Default::default() };
        let all = self.server.tiers().list_tier_assignments(request).await.expect("classes");
        let key = |date: Option<pb::Date>| date.map(|d| (d.year, d.month, d.day));
        let until = key(Some(day(on)));
        let all = all.into_inner().tier_assignments.into_iter();
        let effective = all.filter(|point| key(point.from_date) <= until);
        effective.max_by_key(|point| key(point.from_date)).map(|point| point.tier)
    }

    async fn expected(&self, on: i64) -> BTreeSet<(String, i32)> {
        let mut expected = BTreeSet::new();
        for n in (0..ACCOUNTS).filter(|n| !self.deleted.contains(n)) {
            let team = self.team(n, Some(on)).await.team_members;
            let has = |roles: &[TeamRole]| {
                team.iter().any(|one| {
                    let active =
                        (0..MEMBERS).any(|m| self.active[m] && one.member == self.member(m));
                    active && roles.contains(&one.role())
                })
            };
            let shown = |code: Found| {
                self.hidden.get(&(n, code)).is_none_or(|(from, until)| on < *from || *until <= on)
            };
            if !has(&[TeamRole::Owner, TeamRole::Backup]) && shown(Found::OwnerMissing) {
                expected.insert((self.account(n), Found::OwnerMissing.into()));
            }
            let wanted = self.class(n, on).await.as_deref() == Some("A");
            if wanted && !has(&[TeamRole::ExecutiveSponsor]) && shown(Found::SponsorMissing) {
                expected.insert((self.account(n), Found::SponsorMissing.into()));
            }
        }
        expected
    }

    async fn check(&self) -> Tested {
        let codes = [Found::OwnerMissing, Found::SponsorMissing].map(i32::from);
        for on in self.begin - 2..self.today + 8 {
            let request = |parent: String| pb::ListFindingsRequest {
                parent,
                page_size: 3,
                codes: codes.into(),
                as_of: Some(day(on)),
                ..Default::default()
            };
            let expected = self.expected(on).await;
            let found = list(self.server, request("accounts/-".into())).await.expect("findings");
            let ours = found.into_iter().filter(|found| found.account.contains(&self.prefix));
            let ours: Vec<_> = ours.map(|found| (found.account, found.code)).collect();
            let distinct: BTreeSet<_> = ours.iter().cloned().collect();
            prop_assert_eq!(ours.len(), distinct.len());
            prop_assert_eq!(&distinct, &expected, "on day {}", on);
            let mut one_by_one = BTreeSet::new();
            for n in 0..ACCOUNTS {
                let found = list(self.server, request(self.account(n))).await.expect("findings");
                one_by_one.extend(found.into_iter().map(|found| (found.account, found.code)));
            }
            prop_assert_eq!(one_by_one, expected, "one by one on day {}", on);
        }
        Ok(())
    }
}

on_both_engines! {
    async fn findings_of_any_day_are_what_the_recorded_facts_say(server: TestServer) {
        let mut first = class("A", 4);
        first.service.get_or_insert_default().sponsor_required = true;
        let policy = quantile(&[5_000], vec![first, class("C", 48)]);
        let policy = pb::TierPolicy { band_bp: Some(0), dwell_days: Some(0), demotion_approval: Some(false), ..policy };
        let created = create(&server, "p", policy).await.expect("created");
        activate(&server, "p", Some(day(-100)), &created.etag).await.expect("in force");
        let begins = std::sync::atomic::AtomicI64::new(0);
        hold(6, &vec(op(), 1..14), async |ops| {
            let begin = begins.fetch_add(60, std::sync::atomic::Ordering::Relaxed);
            let mut case = Case::new(&server, begin).await;
            for op in ops {
                case.apply(op).await;
            }
            case.check().await
        });
    }
}
