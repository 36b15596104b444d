//! Any sequence of merges, undos and what is recorded between, against what was recorded, gone through by
//! hand.

use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::properties::hold;

const PEOPLE: usize = 4;

#[derive(Debug, Clone)]
enum Op {
    Merge { survivor: usize, loser: usize },
    Undo { loser: usize },
    Talk { theirs: BTreeSet<usize>, ago: i64 },
    Promise { contact: usize },
}

fn op() -> impl Strategy<Value = Op> {
    let who = || 0..PEOPLE;
    prop_oneof![
        4 => (who(), who()).prop_map(|(survivor, loser)| Op::Merge { survivor, loser }),
        3 => who().prop_map(|loser| Op::Undo { loser }),
        5 => (btree_set(who(), 1..3), 0..60_i64).prop_map(|(theirs, ago)| Op::Talk { theirs, ago }),
        2 => who().prop_map(|contact| Op::Promise { contact }),
    ]
}

/// What is on record: whom it names, by the record that it named.
#[derive(Default)]
struct Recorded {
    talks: Vec<(String, BTreeSet<usize>)>,
    words: Vec<(String, usize)>,
    /// As whom each counts.
    into: [Option<usize>; PEOPLE],
}

impl Recorded {
    fn counts_as(&self, one: usize) -> usize {
        self.into[one].unwrap_or(one)
    }

    fn may_merge(&self, survivor: usize, loser: usize) -> bool {
        survivor != loser
            && self.into[survivor].is_none()
            && self.into[loser].is_none()
            && !self.into.contains(&Some(loser))
    }

    /// The names of talks and words of a person, by whichever record.
    fn of(&self, person: usize) -> (BTreeSet<&str>, BTreeSet<&str>) {
        let is_he = |record: &usize| self.counts_as(*record) == self.counts_as(person);
        let talks = self.talks.iter().filter(|(_, theirs)| theirs.iter().any(is_he));
        let words = self.words.iter().filter(|(_, record)| is_he(record));
        let talks = talks.map(|(name, _)| name.as_str()).collect();
        (talks, words.map(|(name, _)| name.as_str()).collect())
    }
}

struct Case<'a> {
    world: World<'a>,
    people: Vec<String>,
    recorded: Recorded,
}

impl Case<'_> {
    async fn apply(&mut self, op: &Op) -> Result<(), TestCaseError> {
        let name = |one: &usize| self.people[*one].clone();
        match op {
            Op::Merge { survivor, loser } => {
                let may = self.recorded.may_merge(*survivor, *loser);
                let done = self.world.try_merge(&name(survivor), &[&name(loser)], false).await;
                prop_assert_eq!(done.is_ok(), may, "{:?}", done);
                if may {
                    self.recorded.into[*loser] = Some(*survivor);
                }
            }
            Op::Undo { loser } => {
                let done = self.world.undo(&name(loser)).await;
                prop_assert_eq!(done.is_ok(), self.recorded.into[*loser].is_some(), "{:?}", done);
                self.recorded.into[*loser] = None;
            }
            Op::Talk { theirs, ago } => {
                let named: BTreeSet<usize> =
                    theirs.iter().map(|one| self.recorded.counts_as(*one)).collect();
                let names: Vec<String> = named.iter().map(name).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let talk = self.world.talk(-ago, &names).await;
                self.recorded.talks.push((talk, named));
            }
            Op::Promise { contact } => {
                let word = self.world.promise(&name(contact), 3).await;
                self.recorded.words.push((word, self.recorded.counts_as(*contact)));
            }
        }
        Ok(())
    }

    async fn check(&self) -> Result<(), TestCaseError> {
        for (one, name) in self.people.iter().enumerate() {
            let he = self.world.ok("ContactService.GetContact", json!({"name": name})).await;
            prop_assert_eq!(&he["name"], &json!(self.people[self.recorded.counts_as(one)]));
            let (talks, words) = self.recorded.of(one);
            let asked = json!({"parent": "accounts/-", "contact": name, "page_size": 200});
            let told = self.world.ok("InteractionService.ListInteractions", asked.clone()).await;
            prop_assert_eq!(
                names(&told, "interactions").into_iter().collect::<BTreeSet<_>>(),
                talks
            );
            let told = self.world.ok("InteractionService.ListCommitments", asked).await;
            prop_assert_eq!(
                names(&told, "commitments").into_iter().collect::<BTreeSet<_>>(),
                words
            );
        }
        Ok(())
    }
}

async fn holds(server: &TestServer, ops: Vec<Op>) -> Result<(), TestCaseError> {
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        people.push(person(server, &format!("P{n}")).await);
    }
    let world = World::bare(server);
    let mut case = Case { world, people, recorded: Recorded::default() };
    for op in &ops {
        case.apply(op).await?;
    }
    case.check().await?;
    case.world.verify().await;
    for loser in 0..PEOPLE {
        if case.recorded.into[loser].is_some() {
            case.apply(&Op::Undo { loser }).await?;
        }
    }
    case.check().await?;
    case.world.verify().await;
    Ok(())
}

on_both_engines! {
    async fn a24_any_merges_and_undos_leave_each_record_what_it_was(server: TestServer) {
        account(&server, "acme", &[]).await;
        member(&server, "wang").await;
        hold(24, &vec(op(), 1..16), async |ops| holds(&server, ops).await);
    }
}
