//! The timeline of an account after any sequence of talks, plans, amendments, promises and what becomes of
//! them, holds and ties: as many entries of each type as the lists have resources, and each fact where
//! `verify` makes it anew.

use std::collections::BTreeMap;

use ballast::pb::{
    self, CommitmentSettlement, CommitmentState, Interaction, InteractionChannel, InteractionState,
    TimelineType as Of,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::hold;
use crate::contact::{self, person};
use crate::interaction::{held, member, record};
use crate::support::TestServer;
use crate::support::credit::{Counter, moment};
use crate::support::ledger::{day, fresh};
use crate::timeline::scene::{amend, shown, shown_by};
use crate::timeline::{list, of, page};

type Tested = Result<(), TestCaseError>;

#[derive(Debug, Clone)]
enum Op {
    Meet { who: usize, ago: i64 },
    Plan { who: usize, ahead: i64 },
    Cancel { nth: usize },
    Amend { nth: usize, who: usize, ago: i64 },
    Promise { who: usize, due: i64 },
    Show { nth: usize, ago: i64 },
    ShowBy { nth: usize, visit: usize },
    Withdraw { nth: usize },
    Delegate { nth: usize, to: usize },
    Hold,
    Release { nth: usize },
    Pass { days: i64 },
}

fn op() -> impl Strategy<Value = Op> {
    let (who, nth) = (|| 0..2_usize, || any::<usize>());
    prop_oneof![
        4 => (who(), 0..15_i64).prop_map(|(who, ago)| Op::Meet { who, ago }),
        2 => (who(), 0..9_i64).prop_map(|(who, ahead)| Op::Plan { who, ahead }),
        2 => nth().prop_map(|nth| Op::Cancel { nth }),
        4 => (nth(), who(), 0..15_i64).prop_map(|(nth, who, ago)| Op::Amend { nth, who, ago }),
        4 => (who(), 0..9_i64).prop_map(|(who, due)| Op::Promise { who, due }),
        2 => (nth(), 0..5_i64).prop_map(|(nth, ago)| Op::Show { nth, ago }),
        2 => (nth(), nth()).prop_map(|(nth, visit)| Op::ShowBy { nth, visit }),
        1 => nth().prop_map(|nth| Op::Withdraw { nth }),
        2 => (nth(), who()).prop_map(|(nth, to)| Op::Delegate { nth, to }),
        1 => Just(Op::Hold),
        1 => nth().prop_map(|nth| Op::Release { nth }),
        2 => (1..6_i64).prop_map(|days| Op::Pass { days }),
    ]
}

struct Case<'a> {
    server: &'a TestServer,
    account: String,
    today: i64,
    ours: [String; 2],
    theirs: [String; 2],
    talks: Vec<Interaction>,
    words: Vec<String>,
    holds: Vec<String>,
    delegations: i32,
}

/// The one that is meant, if there is any.
fn nth<T>(of: &[T], nth: usize) -> Option<&T> {
    nth.checked_rem(of.len()).and_then(|at| of.get(at))
}

impl<'a> Case<'a> {
    async fn new(server: &'a TestServer, today: i64) -> Self {
        server.clock().set(moment(today));
        let id = format!("t{}", fresh().replace('-', ""));
        contact::account(server, &id, &[]).await;
        let ours =
            [member(server, &format!("{id}-0")).await, member(server, &format!("{id}-1")).await];
        let theirs = [person(server, "x").await, person(server, "y").await];
        let account = format!("accounts/{id}");
        let (talks, words, holds) = (vec![], vec![], vec![]);
        Self { server, account, today, ours, theirs, talks, words, holds, delegations: 0 }
    }

    fn talk(&self, who: usize, on: i64) -> Interaction {
        held(InteractionChannel::Call, on, &[&self.ours[0]], &[&self.theirs[who]])
    }

    /// Does what is allowed; what is refused changes nothing.
    async fn apply(&mut self, op: Op) {
        let server = self.server;
        match op {
            Op::Meet { who, ago } => {
                let id = self.account.trim_start_matches("accounts/");
                let talk = record(server, id, self.talk(who, self.today - ago)).await;
                self.talks.push(talk.expect("recorded"));
            }
            Op::Plan { who, ahead } => {
                let request = pb::PlanInteractionRequest {
                    account: self.account.clone(),
                    interaction: Some(self.talk(who, self.today + ahead)),
                    request_id: fresh(),
                };
                let plan = server.interactions().plan_interaction(request).await;
                self.talks.push(plan.expect("planned").into_inner());
            }
            Op::Cancel { nth: at } => {
                let Some(talk) = nth(&self.talks, at) else { return };
                let request = pb::CancelInteractionRequest {
                    name: talk.name.clone(),
                    reason: "shut".into(),
                    version: 0,
                    request_id: fresh(),
                };
                _ = server.interactions().cancel_interaction(request).await;
            }
            Op::Amend { nth: at, who, ago } => {
                let Some(talk) = nth(&self.talks, at) else { return };
                let now = self.talk(who, self.today - ago);
                _ = amend(server, Interaction { name: talk.name.clone(), ..now }).await;
            }
            Op::Pass { days } => {
                self.today += days;
                server.clock().set(moment(self.today));
            }
            Op::Hold => {
                let scope = pb::CreditHoldScope::Account;
                self.holds.push(Counter::at(server).hold(&self.account, scope).await);
            }
            Op::Release { nth: at } => {
                let Some(name) = nth(&self.holds, at).cloned() else { return };
                let request = pb::ReleaseCreditHoldRequest {
                    name,
                    reason: "false".into(),
                    request_id: fresh(),
                };
                _ = server.credit().release_credit_hold(request).await;
            }
            word => self.apply_word(word).await,
        }
    }

    async fn apply_word(&mut self, op: Op) {
        let mut client = self.server.interactions();
        match op {
            Op::Promise { who, due } => {
                let commitment = pb::Commitment {
                    side: pb::CommitmentSide::Ours.into(),
                    member: self.ours[0].clone(),
                    contact: self.theirs[who].clone(),
                    text: "the report".into(),
                    made_date: Some(day(self.today)),
                    due_date: Some(day(self.today + due)),
                    ..Default::default()
                };
                let request = pb::CreateCommitmentRequest {
                    account: self.account.clone(),
                    commitment: Some(commitment),
                    request_id: fresh(),
                };
                let made = client.create_commitment(request).await.expect("made").into_inner();
                self.words.push(made.commitment.expect("one").name);
            }
            Op::Show { nth: at, ago } => {
                let Some(name) = nth(&self.words, at) else { return };
                _ = client.settle_commitment(shown(name, self.today - ago)).await;
            }
            Op::ShowBy { nth: at, visit } => {
                let (Some(name), Some(talk)) = (nth(&self.words, at), nth(&self.talks, visit))
                else {
                    return;
                };
                let request = pb::GetInteractionRequest { name: talk.name.clone(), version: 0 };
                let talk = client.get_interaction(request).await.expect("read").into_inner();
                let start = talk.start_time.expect("a start").seconds;
                let on = (start - moment(0).timestamp()) / 86_400;
                _ = client.settle_commitment(shown_by(name, on, &talk.name)).await;
            }
            Op::Withdraw { nth: at } => {
                let Some(name) = nth(&self.words, at) else { return };
                let request = pb::SettleCommitmentRequest {
                    settlement: CommitmentSettlement::Withdrawn.into(),
                    evidence: vec![],
                    reason: "they asked".into(),
                    ..shown(name, 0)
                };
                _ = client.settle_commitment(request).await;
            }
            Op::Delegate { nth: at, to } => {
                let Some(name) = nth(&self.words, at).cloned() else { return };
                let member = self.ours[to].clone();
                let request = pb::DelegateCommitmentRequest { name, member, request_id: fresh() };
                let delegated = client.delegate_commitment(request).await;
                self.delegations += i32::from(delegated.is_ok());
            }
            other => unreachable!("{other:?}"),
        }
    }

    async fn talks_in(&self, state: InteractionState) -> i32 {
        let request = pb::ListInteractionsRequest {
            parent: self.account.clone(),
            state: state.into(),
            page_size: 1_000,
            ..Default::default()
        };
        let page = self.server.interactions().list_interactions(request).await.expect("a list");
        page.into_inner().interactions.len() as i32
    }

    async fn words_in(&self, state: CommitmentState) -> i32 {
        let request = pb::ListCommitmentsRequest {
            parent: self.account.clone(),
            state: state.into(),
            page_size: 1_000,
            ..Default::default()
        };
        let page = self.server.interactions().list_commitments(request).await.expect("a list");
        page.into_inner().commitments.len() as i32
    }

    async fn check(&self) -> Tested {
        let request = pb::ListCreditHoldsRequest {
            parent: self.account.clone(),
            show_released: true,
            ..Default::default()
        };
        let holds = self.server.credit().list_credit_holds(request).await.expect("holds");
        let holds = holds.into_inner().holds;
        let released = holds.iter().filter(|hold| hold.release_time.is_some()).count();
        let expected = [
            (Of::InteractionHeld, self.talks_in(InteractionState::Held).await),
            (Of::InteractionCanceled, self.talks_in(InteractionState::Canceled).await),
            (Of::CommitmentMade, self.words_in(CommitmentState::Unspecified).await),
            (Of::CommitmentKept, self.words_in(CommitmentState::Kept).await),
            (Of::CommitmentKeptLate, self.words_in(CommitmentState::KeptLate).await),
            (Of::CommitmentWithdrawn, self.words_in(CommitmentState::Withdrawn).await),
            (Of::CommitmentDelegated, self.delegations),
            (Of::HoldPlaced, holds.len() as i32),
            (Of::HoldReleased, released as i32),
        ];
        let expected: BTreeMap<i32, i32> =
            expected.into_iter().filter(|(_, n)| *n > 0).map(|(of, n)| (of.into(), n)).collect();
        let counted = pb::ListTimelineRequest { with_counts: true, ..of(&self.account) };
        let counts = page(self.server, counted).await.expect("a page").counts;
        let counts: BTreeMap<i32, i32> = counts.iter().map(|of| (of.r#type, of.entries)).collect();
        prop_assert_eq!(&counts, &expected);
        let entries = list(self.server, of(&self.account)).await;
        let mut listed: BTreeMap<i32, i32> = BTreeMap::new();
        entries.iter().for_each(|one| *listed.entry(one.r#type).or_default() += 1);
        prop_assert_eq!(&listed, &expected);
        Ok(())
    }
}

on_both_engines! {
    async fn d4_39_timelines_have_what_the_lists_have(server: TestServer) {
        let begins = std::sync::atomic::AtomicI64::new(0);
        hold(12, &vec(op(), 1..25), async |ops| {
            let begin = begins.fetch_add(200, std::sync::atomic::Ordering::Relaxed);
            let mut case = Case::new(&server, begin).await;
            for op in ops {
                case.apply(op).await;
            }
            case.check().await
        });
        contact::verify(&server).await;
    }
}
