//! Who is accountable after any sequence of assignments, ends, transfers, deactivations,
//! reparentings and days that pass, against the facts gone through one after the other.

use std::sync::atomic::{AtomicI64, Ordering};

use ballast::pb::{self, AccountableStep as Step, TeamRole};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use prost_types::FieldMask;

use super::hold;
use crate::support::TestServer;
use crate::support::credit::moment;
use crate::support::ledger::{day, fresh};

pub type Tested<T = ()> = Result<T, TestCaseError>;

pub const ACCOUNTS: usize = 4;
pub const MEMBERS: usize = 5;
pub const UNASSIGNED: &str = "members/unassigned";

/// Days count from the one a case is at; who stands above whom has the higher number.
#[derive(Debug, Clone)]
pub enum Op {
    Own { account: usize, member: usize, from: i64 },
    Backup { account: usize, member: usize, from: i64, days: Option<i64> },
    End { account: usize, nth: usize, last: i64 },
    Transfer { from: Option<usize>, to: usize, on: i64 },
    Turn { member: usize, active: bool },
    Report { member: usize, manager: usize },
    Reparent { account: usize, parent: usize, from: i64 },
    Pass { days: i64 },
}

pub fn op() -> impl Strategy<Value = Op> {
    let (account, member, on) = (|| 0..ACCOUNTS, || 0..MEMBERS, || -3..6_i64);
    prop_oneof![
        4 => (account(), member(), on())
            .prop_map(|(account, member, from)| Op::Own { account, member, from }),
        3 => (account(), member(), on(), prop::option::of(0..6_i64))
            .prop_map(|(account, member, from, days)| Op::Backup { account, member, from, days }),
        3 => (account(), any::<usize>(), -4..6_i64)
            .prop_map(|(account, nth, last)| Op::End { account, nth, last }),
        2 => (prop::option::weighted(0.8, member()), member(), on())
            .prop_map(|(from, to, on)| Op::Transfer { from, to, on }),
        3 => (member(), any::<bool>()).prop_map(|(member, active)| Op::Turn { member, active }),
        2 => (member(), member()).prop_map(|(member, manager)| Op::Report { member, manager }),
        3 => (account(), account(), -3..1_i64)
            .prop_map(|(account, parent, from)| Op::Reparent { account, parent, from }),
        2 => (1..4_i64).prop_map(|days| Op::Pass { days }),
    ]
}

/// A value that holds from a day on, until the next; in the order they were recorded.
struct Fact<T> {
    of: usize,
    on: i64,
    value: Option<T>,
}

struct Backup {
    name: String,
    account: usize,
    member: usize,
    first: i64,
    last: Option<i64>,
}

/// What was recorded in a case, in days since the test began.
pub struct Case<'a> {
    pub server: &'a TestServer,
    pub prefix: String,
    begin: i64,
    pub today: i64,
    owners: Vec<Fact<usize>>,
    links: Vec<Fact<usize>>,
    backups: Vec<Backup>,
    pub active: [bool; MEMBERS],
    managers: [Option<usize>; MEMBERS],
}

/// What holds on a day of one of several things.
fn value(facts: &[Fact<usize>], of: usize, on: i64) -> Option<usize> {
    let mut holds: Option<&Fact<usize>> = None;
    for fact in facts.iter().filter(|fact| fact.of == of && fact.on <= on) {
        if holds.is_none_or(|held| held.on <= fact.on) {
            holds = Some(fact);
        }
    }
    holds.and_then(|fact| fact.value)
}

impl<'a> Case<'a> {
    pub async fn new(server: &'a TestServer, today: i64) -> Self {
        let case = Self {
            server,
            prefix: format!("c{}", fresh().replace('-', "")),
            begin: today,
            today,
            owners: vec![],
            links: vec![],
            backups: vec![],
            active: [true; MEMBERS],
            managers: [None; MEMBERS],
        };
        server.clock().set(moment(today));
        for n in 0..MEMBERS {
            let request = pb::CreateMemberRequest {
                member: Some(pb::Member { display_name: "x".into(), ..Default::default() }),
                member_id: case.member(n).replace("members/", ""),
                ..Default::default()
            };
            server.accounts().create_member(request).await.expect("created");
        }
        for n in 0..ACCOUNTS {
            let display_name = format!("{} {n}", case.prefix);
            let request = pb::CreateAccountRequest {
                account: Some(pb::Account { display_name, ..Default::default() }),
                account_id: case.account(n).replace("accounts/", ""),
                ..Default::default()
            };
            server.accounts().create_account(request).await.expect("created");
        }
        case
    }

    pub fn account(&self, n: usize) -> String {
        format!("accounts/{}-{n}", self.prefix)
    }

    pub fn member(&self, n: usize) -> String {
        format!("members/{}-{n}", self.prefix)
    }

    async fn team(&self, account: usize) -> pb::ListTeamMembersResponse {
        let request =
            pb::ListTeamMembersRequest { parent: self.account(account), ..Default::default() };
        self.server.accounts().list_team_members(request).await.expect("a team").into_inner()
    }

    pub async fn apply(&mut self, op: Op) -> Tested {
        match op {
            Op::Own { account, member, from } => {
                self.assign(account, member, TeamRole::Owner, self.today + from, None).await
            }
            Op::Backup { account, member, from, days } => {
                let first = self.today + from;
                let last = days.map(|days| first + days);
                self.assign(account, member, TeamRole::Backup, first, last).await
            }
            Op::End { account, nth, last } => self.end(account, nth, self.today + last).await,
            Op::Transfer { from, to, on } => self.transfer(from, to, self.today + on).await,
            Op::Turn { member, active } => self.turn(member, active).await,
            Op::Report { member, manager } => self.report(member, manager).await,
            Op::Reparent { account, parent, from } => {
                self.reparent(account, parent, (self.today + from).max(self.begin)).await
            }
            Op::Pass { days } => {
                self.today += days;
                self.server.clock().set(moment(self.today));
                Ok(())
            }
        }
    }

    async fn assign(
        &mut self,
        account: usize,
        member: usize,
        role: TeamRole,
        first: i64,
        last: Option<i64>,
    ) -> Tested {
        let request = pb::AssignTeamMemberRequest {
            account: self.account(account),
            member: self.member(member),
            role: role.into(),
            valid_from: Some(day(first)),
            valid_to: last.map(day),
            etag: self.team(account).await.etag,
            ..Default::default()
        };
        let answer = self.server.accounts().assign_team_member(request).await;
        prop_assert!(self.active[member] || answer.is_err(), "nobody inactive is assigned");
        let Ok(answer) = answer else { return Ok(()) };
        let name = answer.into_inner().name;
        match role {
            TeamRole::Owner => {
                self.owners.push(Fact { of: account, on: first, value: Some(member) });
            }
            _ => self.backups.push(Backup { name, account, member, first, last }),
        }
        Ok(())
    }

    async fn end(&mut self, account: usize, nth: usize, last: i64) -> Tested {
        let team = self.team(account).await;
        let Some(nth) = nth.checked_rem(team.team_members.len()) else { return Ok(()) };
        let ended = &team.team_members[nth];
        let request = pb::EndTeamMembershipRequest {
            name: ended.name.clone(),
            valid_to: Some(day(last)),
            reason: "left".into(),
            etag: team.etag.clone(),
            ..Default::default()
        };
        if self.server.accounts().end_team_membership(request).await.is_err() {
            return Ok(());
        }
        match self.backups.iter_mut().find(|backup| backup.name == ended.name) {
            Some(backup) => backup.last = Some(last),
            None => self.owners.push(Fact { of: account, on: last + 1, value: None }),
        }
        Ok(())
    }

    async fn transfer(&mut self, from: Option<usize>, to: usize, on: i64) -> Tested {
        let request = pb::TransferAccountsRequest {
            from: from.map_or(UNASSIGNED.into(), |from| self.member(from)),
            to: self.member(to),
            effective_date: Some(day(on)),
            filter: Some(pb::TransferFilter {
                display_name_prefix: self.prefix.clone(),
                ..Default::default()
            }),
            reason: "another territory".into(),
            ..Default::default()
        };
        let his = |n: &usize| value(&self.owners, *n, on) == from;
        let moved: Vec<usize> = (0..ACCOUNTS).filter(his).collect();
        let answer = self.server.accounts().transfer_accounts(request).await;
        if from == Some(to) || (!self.active[to] && !moved.is_empty()) {
            prop_assert!(answer.is_err());
            return Ok(());
        }
        let answer = answer.expect("transferred").into_inner().accounts;
        let names: Vec<String> = moved.iter().map(|n| self.account(*n)).collect();
        prop_assert_eq!(answer, names);
        let moved = moved.into_iter().map(|of| Fact { of, on, value: Some(to) });
        self.owners.extend(moved);
        Ok(())
    }

    async fn turn(&mut self, member: usize, active: bool) -> Tested {
        if self.active[member] == active {
            return Ok(());
        }
        let (name, mut client) = (self.member(member), self.server.accounts());
        if active {
            let request = pb::ReactivateMemberRequest { name, ..Default::default() };
            client.reactivate_member(request).await.expect("reactivated");
        } else {
            let reason = "left".into();
            let request = pb::DeactivateMemberRequest { name, reason, ..Default::default() };
            client.deactivate_member(request).await.expect("deactivated");
        }
        self.active[member] = active;
        Ok(())
    }

    async fn report(&mut self, member: usize, manager: usize) -> Tested {
        let (name, mut client) = (self.member(member), self.server.accounts());
        let request = pb::GetMemberRequest { name };
        let mut read = client.get_member(request).await.expect("read").into_inner();
        self.managers[member] = Some(manager).filter(|manager| *manager > member);
        read.manager = self.managers[member].map(|n| self.member(n)).unwrap_or_default();
        let request = pb::UpdateMemberRequest {
            member: Some(read),
            update_mask: Some(FieldMask { paths: vec!["manager".into()] }),
            ..Default::default()
        };
        client.update_member(request).await.expect("updated");
        Ok(())
    }

    async fn reparent(&mut self, account: usize, parent: usize, from: i64) -> Tested {
        let (name, mut client) = (self.account(account), self.server.accounts());
        let request = pb::GetAccountRequest { name };
        let mut read = client.get_account(request).await.expect("read").into_inner();
        let parent = Some(parent).filter(|parent| *parent > account);
        read.parent = parent.map(|n| self.account(n)).unwrap_or_default();
        let request = pb::UpdateAccountRequest {
            account: Some(read),
            update_mask: Some(FieldMask { paths: vec!["parent".into()] }),
            parent_effective_date: Some(day(from)),
            ..Default::default()
        };
        client.update_account(request).await.expect("updated");
        self.links.push(Fact { of: account, on: from, value: parent });
        Ok(())
    }

    /// By the facts, one step after the other.
    pub fn expected(&self, account: usize, on: i64) -> (String, Step) {
        let active = |n: &usize| self.active[*n];
        if let Some(owner) = value(&self.owners, account, on).filter(active) {
            return (self.member(owner), Step::Owner);
        }
        let mut standing: Vec<&Backup> = self
            .backups
            .iter()
            .filter(|b| b.account == account && b.first <= on && b.last.is_none_or(|l| on <= l))
            .collect();
        standing.sort_by_key(|backup| backup.first);
        if let Some(backup) = standing.into_iter().find(|backup| self.active[backup.member]) {
            return (self.member(backup.member), Step::Backup);
        }
        let mut above = value(&self.links, account, on);
        while let Some(parent) = above {
            if let Some(owner) = value(&self.owners, parent, on).filter(active) {
                return (self.member(owner), Step::AncestorOwner);
            }
            above = value(&self.links, parent, on);
        }
        let first = self.owners.iter().map(|fact| fact.on).min().unwrap_or(on);
        let last = (first..=on).rev().find_map(|on| value(&self.owners, account, on));
        let mut superior = last.and_then(|last| self.managers[last]);
        while let Some(member) = superior {
            if self.active[member] {
                return (self.member(member), Step::ReportingLine);
            }
            superior = self.managers[member];
        }
        (UNASSIGNED.into(), Step::DefaultOwner)
    }

    async fn check(&self) -> Tested {
        let names: Vec<String> = (0..ACCOUNTS).map(|n| self.account(n)).collect();
        for on in self.begin..self.today + 8 {
            let request = pb::BatchGetAccountStatusesRequest {
                names: names.clone(),
                as_of: Some(day(on)),
                ..Default::default()
            };
            let answer = self.server.accounts().batch_get_account_statuses(request).await;
            for (n, status) in answer.expect("told").into_inner().statuses.into_iter().enumerate() {
                let team = status.team.expect("a team");
                let told = (team.accountable.clone(), team.accountable_step());
                prop_assert_eq!(told, self.expected(n, on), "account {} on day {}", n, on);
                let owner = value(&self.owners, n, on).map(|n| self.member(n));
                prop_assert_eq!(team.owner, owner.unwrap_or_default());
            }
        }
        let request = pb::ListAccountsRequest {
            display_name_prefix: self.prefix.clone(),
            ..Default::default()
        };
        let page = self.server.accounts().list_accounts(request).await.expect("a page");
        for (n, told) in page.into_inner().accountability.into_iter().enumerate() {
            let told = (told.accountable.clone(), told.accountable_step());
            prop_assert_eq!(told, self.expected(n, self.today), "account {} in a list", n);
        }
        Ok(())
    }
}

on_both_engines! {
    async fn whoever_is_accountable_is_whom_the_recorded_facts_name(server: TestServer) {
        let today = AtomicI64::new(0);
        hold(12, &vec(op(), 10..40), async |ops| {
            let mut case = Case::new(&server, today.load(Ordering::Acquire)).await;
            for (n, op) in ops.into_iter().enumerate() {
                case.apply(op).await?;
                if n % 12 == 11 {
                    case.check().await?;
                }
            }
            case.check().await?;
            today.store(case.today + 1, Ordering::Release);
            Ok(())
        });
        crate::contact::verify(&server).await;
    }
}
