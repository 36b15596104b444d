//! Any sequence of merges, undos, invoices, receipts, corrections and files that come again: what was told
//! is told again, the money of a group is that of its accounts, and nothing that was posted is new.

use ballast::pb;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::accounts::{Shop, by};
use super::*;
use crate::properties::hold;
use crate::support::ledger::{Settles, receipt, usd};

const ACCOUNTS: usize = 3;

#[derive(Debug, Clone)]
enum Op {
    Merge { survivor: usize, loser: usize },
    Undo { loser: usize },
    Invoice { payer: usize, cents: i64 },
    Receipt { payer: usize, pays: usize, cents: i64 },
    Correct { document: usize, cents: i64 },
    Again,
}

fn op() -> impl Strategy<Value = Op> {
    let who = || 0..ACCOUNTS;
    prop_oneof![
        4 => (who(), who()).prop_map(|(survivor, loser)| Op::Merge { survivor, loser }),
        3 => who().prop_map(|loser| Op::Undo { loser }),
        4 => (who(), 1..900_i64).prop_map(|(payer, cents)| Op::Invoice { payer, cents }),
        4 => (who(), 0..8_usize, 1..900_i64)
            .prop_map(|(payer, pays, cents)| Op::Receipt { payer, pays, cents }),
        3 => (0..8_usize, 1..900_i64).prop_map(|(document, cents)| Op::Correct { document, cents }),
        1 => Just(Op::Again),
    ]
}

/// The balance of each account by itself, each at its point.
type Picture = Vec<(String, Option<prost_types::Timestamp>)>;

struct Case<'a> {
    shop: Shop<'a>,
    ids: Vec<String>,
    /// As which each counts.
    into: [Option<usize>; ACCOUNTS],
    /// As they were sent last and taken.
    documents: Vec<pb::Document>,
    pictures: Vec<Picture>,
}

fn amount(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

impl Case<'_> {
    fn name(&self, one: usize) -> String {
        format!("accounts/{}", self.ids[one])
    }

    fn next_no(&self) -> String {
        format!("{}-{}", self.ids[0], self.documents.len())
    }

    /// Posts a document; one that is refused leaves nothing.
    async fn send(&mut self, document: pb::Document) {
        if self.shop.desk.try_post(vec![document.clone()]).await.is_ok() {
            self.documents.retain(|other| other.key != document.key);
            self.documents.push(document);
        }
    }

    async fn apply(&mut self, op: &Op) -> Result<(), TestCaseError> {
        match *op {
            Op::Merge { survivor, loser } => {
                let may = survivor != loser
                    && self.into[survivor].is_none()
                    && self.into[loser].is_none()
                    && !self.into.contains(&Some(loser));
                let (to, from) = (self.name(survivor), self.name(loser));
                let done = self.shop.world.try_merge(&to, &[&from], false).await;
                prop_assert_eq!(done.is_ok(), may, "{:?}", done);
                if may {
                    self.into[loser] = Some(survivor);
                }
            }
            Op::Undo { loser } => {
                let done = self.shop.world.undo(&self.name(loser)).await;
                prop_assert_eq!(done.is_ok(), self.into[loser].is_some(), "{:?}", done);
                self.into[loser] = None;
            }
            Op::Invoice { payer, cents } => {
                let gross = amount(cents);
                let no = self.next_no();
                let new = invoice(&no, day(-5), &gross, &[(day(25), &gross)]);
                self.send(by(&self.ids[payer].clone(), new)).await;
            }
            Op::Receipt { payer, pays, cents } => {
                let mut new = receipt(&self.next_no(), day(-1), &amount(cents));
                if let Some(paid) = self.documents.get(pays) {
                    new = new.settles(&paid.key.as_ref().expect("a key").document_no);
                }
                self.send(by(&self.ids[payer].clone(), new)).await;
            }
            Op::Correct { document, cents } => {
                let Some(mut corrected) = self.documents.get(document).cloned() else {
                    return Ok(());
                };
                corrected.source_version += 1;
                corrected.gross = Some(usd(&amount(cents)));
                for part in &mut corrected.instalments {
                    part.amount.clone_from(&corrected.gross);
                }
                self.send(corrected).await;
            }
            Op::Again => self.send_all_again().await?,
        }
        Ok(())
    }

    async fn send_all_again(&mut self) -> Result<(), TestCaseError> {
        let all = self.documents.clone();
        if all.is_empty() {
            return Ok(());
        }
        let results = self.shop.post(all).await;
        prop_assert!(results.iter().all(|(told, _)| told == "ALREADY_POSTED"), "{:?}", results);
        Ok(())
    }

    async fn balances(&mut self, before: Option<&Picture>) -> Picture {
        let mut told = Vec::new();
        for one in 0..ACCOUNTS {
            let name = self.name(one);
            let known_at = before.and_then(|before| before[one].1);
            told.push(self.shop.balance(&name, false, day(0), known_at).await);
        }
        told
    }

    async fn check(&mut self) -> Result<(), TestCaseError> {
        let now = self.balances(None).await;
        let cents = |text: &str| text.replace('.', "").parse::<i64>().expect("an amount");
        for one in (0..ACCOUNTS).filter(|one| self.into[*one].is_none()) {
            let its = (0..ACCOUNTS).filter(|of| *of == one || self.into[*of] == Some(one));
            let sum: i64 = its.map(|of| cents(&now[of].0)).sum();
            let group = self.shop.now(&self.name(one), true).await;
            prop_assert_eq!(cents(&group), sum);
        }
        for before in std::mem::take(&mut self.pictures) {
            prop_assert_eq!(self.balances(Some(&before)).await, before);
        }
        self.send_all_again().await?;
        self.shop.verify().await;
        Ok(())
    }
}

async fn holds(server: &TestServer, ops: Vec<Op>) -> Result<(), TestCaseError> {
    let shop = Shop::bare(server);
    let mut ids = Vec::new();
    for n in 0..ACCOUNTS {
        let id = format!("a{n}-{}", fresh());
        shop.account(&id, "").await;
        ids.push(id);
    }
    let into = Default::default();
    let mut case = Case { shop, ids, into, documents: Vec::new(), pictures: Vec::new() };
    for op in &ops {
        let picture = case.balances(None).await;
        case.pictures.push(picture);
        case.apply(op).await?;
    }
    case.check().await?;
    for loser in 0..ACCOUNTS {
        if case.into[loser].is_some() {
            case.apply(&Op::Undo { loser }).await?;
        }
    }
    case.check().await
}

on_both_engines! {
    async fn a24_any_merges_and_postings_leave_what_was_told_and_post_nothing_twice(server: TestServer) {
        hold(16, &vec(op(), 1..16), async |ops| holds(&server, ops).await);
    }
}
