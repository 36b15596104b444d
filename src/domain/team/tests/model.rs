//! What was recorded, and who is accountable by it: by the functions, and by going through the
//! records day after day.

use std::collections::HashMap;

use proptest::prelude::*;

use super::day;
use crate::domain::dated::{ChangePoint, Interval};
use crate::domain::team::accountable::{Accountable, Person, Step, accountable};
use crate::domain::team::{Assignment, Team, TeamRole};

pub const ACCOUNTS: usize = 4;
pub const DAYS: u32 = 12;
const MEMBERS: usize = 5;
const DEFAULT: &str = "unassigned";

#[derive(Debug, Clone)]
pub enum Act {
    Own { account: usize, from: u32, member: Option<usize> },
    Transfer { from_member: usize, to: usize, from: u32 },
    Backup { account: usize, member: usize, first: u32, last: Option<u32> },
    EndBackup { nth: usize, last: u32 },
    Turn { member: usize, active: bool },
    Reparent { account: usize, parent: usize },
    Report { member: usize, manager: usize },
}

impl Act {
    pub fn any() -> impl Strategy<Value = Self> {
        let (account, member) = (0..ACCOUNTS, 0..MEMBERS);
        let last = prop::option::of(0..DAYS);
        prop_oneof![
            (account.clone(), 0..DAYS, prop::option::weighted(0.8, member.clone()))
                .prop_map(|(account, from, member)| Self::Own { account, from, member }),
            (member.clone(), member.clone(), 0..DAYS)
                .prop_map(|(from_member, to, from)| Self::Transfer { from_member, to, from }),
            (account.clone(), member.clone(), 0..DAYS, last).prop_map(
                |(account, member, first, last)| { Self::Backup { account, member, first, last } }
            ),
            (0..8usize, 0..DAYS).prop_map(|(nth, last)| Self::EndBackup { nth, last }),
            (member.clone(), any::<bool>())
                .prop_map(|(member, active)| Self::Turn { member, active }),
            (account.clone(), account)
                .prop_map(|(account, parent)| Self::Reparent { account, parent }),
            (member.clone(), member).prop_map(|(member, manager)| Self::Report { member, manager }),
        ]
    }
}

struct Owned {
    account: usize,
    from: u32,
    us: i64,
    member: Option<usize>,
}

struct Backup {
    account: usize,
    member: usize,
    first: u32,
    last: Option<u32>,
    us: i64,
    /// The first day it does not hold any more, and when that was recorded.
    ended: Option<(u32, i64)>,
}

pub struct Model {
    owned: Vec<Owned>,
    backups: Vec<Backup>,
    active: [bool; MEMBERS],
    /// Only ever of a higher number, so that there is no cycle.
    parents: [Option<usize>; ACCOUNTS],
    managers: [Option<usize>; MEMBERS],
    teams: Vec<Team>,
}

fn id(member: usize) -> String {
    format!("m{member}")
}

impl Model {
    pub fn new() -> Self {
        Self {
            owned: Vec::new(),
            backups: Vec::new(),
            active: [true; MEMBERS],
            parents: [None; ACCOUNTS],
            managers: [None; MEMBERS],
            teams: vec![Team::default(); ACCOUNTS],
        }
    }

    pub fn record(&mut self, act: Act, us: i64) {
        match act {
            Act::Own { account, from, member } => self.own(account, from, member, us),
            Act::Transfer { from_member, to, from } => {
                for account in 0..ACCOUNTS {
                    if self.owner(account, from, us).0 == Some(from_member) {
                        self.own(account, from, Some(to), us);
                    }
                }
            }
            Act::Backup { account, member, first, last } => {
                let last = last.map(|last| last.max(first));
                self.backups.push(Backup { account, member, first, last, us, ended: None });
                let days = Interval {
                    first_day: day(first),
                    last_day: last.map(day),
                    recorded_us: us,
                    end: None,
                };
                let backup = Assignment {
                    member_id: id(member),
                    role: TeamRole::Backup,
                    days,
                    embedded: false,
                };
                self.teams[account].others.push(backup);
            }
            Act::EndBackup { nth, last } => self.end_backup(nth, last, us),
            Act::Turn { member, active } => self.active[member] = active,
            Act::Reparent { account, parent } => {
                self.parents[account] = Some(parent).filter(|parent| *parent > account);
            }
            Act::Report { member, manager } => {
                self.managers[member] = Some(manager).filter(|manager| *manager > member);
            }
        }
    }

    fn own(&mut self, account: usize, from: u32, member: Option<usize>, us: i64) {
        self.owned.push(Owned { account, from, us, member });
        let point = ChangePoint { from_date: day(from), recorded_us: us, value: member.map(id) };
        self.teams[account].owners.push(point);
    }

    fn end_backup(&mut self, nth: usize, last: u32, us: i64) {
        let Some(account) = self.backups.get(nth).map(|backup| backup.account) else { return };
        let before = self.backups[..nth].iter().filter(|other| other.account == account).count();
        let assigned = &mut self.teams[account].others[before];
        if assigned.days.end(day(last), us).is_ok() {
            self.backups[nth].ended = Some((last + 1, us));
        }
    }

    /// The owner of an account on a day, and the last there was.
    fn owner(&self, account: usize, on: u32, known: i64) -> (Option<usize>, Option<usize>) {
        let (mut owner, mut last) = (None, None);
        for n in 0..=on {
            let today =
                |owned: &&Owned| owned.account == account && owned.from == n && owned.us <= known;
            // Of several from one day only the one recorded last ever held.
            if let Some(owned) = self.owned.iter().rfind(today) {
                owner = owned.member;
                last = owner.or(last);
            }
        }
        (owner, last)
    }

    fn stands_in(&self, backup: &Backup, on: u32, known: i64) -> bool {
        let ended = backup.ended.filter(|(_, us)| *us <= known);
        let behind = ended.map(|(behind, _)| behind).or(backup.last.map(|last| last + 1));
        backup.us <= known && backup.first <= on && behind.is_none_or(|behind| on < behind)
    }

    /// By the records, one step after the other.
    pub fn expected(&self, account: usize, on: u32, known: i64) -> Accountable {
        let says = |member, step| Accountable { member_id: id(member), step };
        let (owner, last) = self.owner(account, on, known);
        if let Some(owner) = owner.filter(|owner| self.active[*owner]) {
            return says(owner, Step::Owner);
        }
        for first in 0..=on {
            for backup in &self.backups {
                let his = backup.account == account && backup.first == first;
                if his && self.stands_in(backup, on, known) && self.active[backup.member] {
                    return says(backup.member, Step::Backup);
                }
            }
        }
        let mut above = self.parents[account];
        while let Some(account) = above {
            if let Some(owner) = self.owner(account, on, known).0.filter(|id| self.active[*id]) {
                return says(owner, Step::AncestorOwner);
            }
            above = self.parents[account];
        }
        let mut superior = last.and_then(|last| self.managers[last]);
        while let Some(member) = superior {
            if self.active[member] {
                return says(member, Step::ReportingLine);
            }
            superior = self.managers[member];
        }
        Accountable { member_id: DEFAULT.into(), step: Step::DefaultOwner }
    }

    /// By the functions.
    pub fn answered(&self, account: usize, on: u32, known: i64) -> Accountable {
        let team = |account: usize| self.teams[account].on(day(on), known);
        let mut above = Vec::new();
        let mut parent = self.parents[account];
        while let Some(account) = parent {
            above.push(team(account));
            parent = self.parents[account];
        }
        let person = |member: usize| {
            let manager_id = self.managers[member].map(id);
            (id(member), Person { active: self.active[member], manager_id })
        };
        let people: HashMap<_, _> = (0..MEMBERS).map(person).collect();
        accountable(&team(account), &above, &people, DEFAULT)
    }
}
