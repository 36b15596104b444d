//! Any sequence of merges, undos, invoices, receipts, corrections and files that come again, posted or imported:
//! what was told is told again, the money of a group is that of its accounts, nothing that was posted is new, and each
//! document is posted to the account that an independent reading of the rule says.

use std::collections::{BTreeMap, BTreeSet};

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
    Invoice { payer: usize, cents: i64, by: Way },
    Receipt { payer: usize, pays: Vec<usize>, cents: i64, by: Way },
    Correct { document: usize, cents: i64, by: Way },
    Again { by: Way },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Post,
    Import,
}

fn op() -> impl Strategy<Value = Op> {
    let who = || 0..ACCOUNTS;
    let way = || prop_oneof![Just(Way::Post), Just(Way::Import)];
    prop_oneof![
        4 => (who(), who()).prop_map(|(survivor, loser)| Op::Merge { survivor, loser }),
        3 => who().prop_map(|loser| Op::Undo { loser }),
        4 => (who(), 1..900_i64, way())
            .prop_map(|(payer, cents, by)| Op::Invoice { payer, cents, by }),
        4 => (who(), vec(0..8_usize, 0..3), 1..900_i64, way())
            .prop_map(|(payer, pays, cents, by)| Op::Receipt { payer, pays, cents, by }),
        3 => (0..8_usize, 1..900_i64, way())
            .prop_map(|(document, cents, by)| Op::Correct { document, cents, by }),
        1 => way().prop_map(|by| Op::Again { by }),
    ]
}

/// As which each counts; `None`: as itself.
type Into = [Option<usize>; ACCOUNTS];

/// Where a document is, and as which each account counted when it was recorded.
#[derive(Clone, Copy)]
struct Home {
    account: usize,
    then: Into,
    is_debit: bool,
}

fn counts(into: &Into, one: usize) -> usize {
    into[one].unwrap_or(one)
}

/// The balance of each account by itself, each at its point.
type Picture = Vec<(String, Option<prost_types::Timestamp>)>;

struct Case<'a> {
    shop: Shop<'a>,
    ids: Vec<String>,
    /// As which each counts.
    into: Into,
    /// Accounts that were ever merged with each other have the same number.
    ever: [usize; ACCOUNTS],
    /// By number.
    homes: BTreeMap<String, Home>,
    /// As they were sent last and taken.
    documents: Vec<pb::Document>,
    pictures: Vec<Picture>,
}

fn no(document: &pb::Document) -> String {
    document.key.as_ref().expect("a key").document_no.clone()
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

    /// Posts a document, which has to be posted to this account. One that is refused leaves nothing; only one
    /// that settles what it may not is, and no such one is imported: there it would be posted, and settle nothing.
    async fn send(
        &mut self,
        document: pb::Document,
        account: usize,
        settles: &[Home],
        by: Way,
    ) -> Result<(), TestCaseError> {
        let may = |of: &Home| of.is_debit && self.ever[of.account] == self.ever[account];
        let may = settles.iter().all(may);
        let posted = match by {
            Way::Import if may => {
                Ok(self.import(vec![document.clone()]).await?.swap_remove(0).document)
            }
            _ => {
                let posted = self.shop.desk.try_post(vec![document.clone()]).await;
                posted.map(|mut results| results.swap_remove(0).document)
            }
        };
        prop_assert_eq!(posted.is_ok(), may, "{:?} {:?}", document, posted);
        if let Ok(posted) = posted {
            let of = posted.split("/documents/").next().unwrap_or_default();
            prop_assert_eq!(of, self.name(account), "{:?} {:?}", by, document);
            let is_debit = document.kind() == pb::DocumentKind::Invoice;
            let home = Home { account, then: self.into, is_debit };
            self.homes.insert(no(&document), home);
            self.documents.retain(|other| other.key != document.key);
            self.documents.push(document);
        }
        Ok(())
    }

    /// Imports documents, of which none may be refused nor wait for anything; answers what became of each.
    async fn import(
        &mut self,
        documents: Vec<pb::Document>,
    ) -> Result<Vec<pb::ImportResult>, TestCaseError> {
        let (results, summary) =
            self.shop.desk.import(&fresh(), false, vec![documents.clone()]).await;
        let faults = (summary.refused, summary.clearing_fault_count, summary.waiting_for.len());
        prop_assert_eq!(faults, (0, 0, 0), "{:?} {:?}", documents, summary);
        Ok(results)
    }

    /// The account of a receipt: that of what it settles, if it is one account's and counts as its payer or did
    /// when that was recorded.
    fn home(&self, payer: usize, settles: &[Home]) -> usize {
        let own = counts(&self.into, payer);
        let is_one = |of: &Home| {
            [self.into, of.then].iter().any(|into| counts(into, payer) == counts(into, of.account))
        };
        let place = |of: &Home| if is_one(of) { of.account } else { own };
        let places: BTreeSet<usize> = settles.iter().map(place).collect();
        if places.len() == 1 { places.into_iter().next().unwrap_or(own) } else { own }
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
                    let (kept, joins) = (self.ever[survivor], self.ever[loser]);
                    for ever in self.ever.iter_mut().filter(|ever| **ever == joins) {
                        *ever = kept;
                    }
                }
            }
            Op::Undo { loser } => {
                let done = self.shop.world.undo(&self.name(loser)).await;
                prop_assert_eq!(done.is_ok(), self.into[loser].is_some(), "{:?}", done);
                self.into[loser] = None;
            }
            Op::Invoice { payer, cents, by: way } => {
                let gross = amount(cents);
                let new = invoice(&self.next_no(), day(-5), &gross, &[(day(25), &gross)]);
                let account = counts(&self.into, payer);
                self.send(by(&self.ids[payer].clone(), new), account, &[], way).await?;
            }
            Op::Receipt { payer, ref pays, cents, by: way } => {
                let mut new = receipt(&self.next_no(), day(-1), &amount(cents));
                let pays: BTreeSet<usize> = pays.iter().copied().collect();
                let paid: Vec<String> =
                    pays.iter().filter_map(|at| self.documents.get(*at)).map(no).collect();
                for no in &paid {
                    new = new.settles(no);
                }
                let settles: Vec<Home> = paid.iter().map(|no| self.homes[no]).collect();
                let account = self.home(payer, &settles);
                self.send(by(&self.ids[payer].clone(), new), account, &settles, way).await?;
            }
            Op::Correct { document, cents, by: way } => {
                let Some(mut corrected) = self.documents.get(document).cloned() else {
                    return Ok(());
                };
                corrected.source_version += 1;
                corrected.gross = Some(usd(&amount(cents)));
                for part in &mut corrected.instalments {
                    part.amount.clone_from(&corrected.gross);
                }
                // What is known stays where it is.
                let account = self.homes[&no(&corrected)].account;
                self.send(corrected, account, &[], way).await?;
            }
            Op::Again { by: way } => self.send_all_again(way).await?,
        }
        Ok(())
    }

    async fn send_all_again(&mut self, by: Way) -> Result<(), TestCaseError> {
        let all = self.documents.clone();
        if all.is_empty() {
            return Ok(());
        }
        if by == Way::Import {
            let homes = all.iter().map(|document| self.name(self.homes[&no(document)].account));
            let homes: Vec<String> = homes.collect();
            let results = self.import(all).await?;
            let is_known = |of: &pb::ImportResult| of.outcome() == pb::PostOutcome::AlreadyPosted;
            prop_assert!(results.iter().all(is_known), "{:?}", results);
            let of = |one: &pb::ImportResult| {
                one.document.split("/documents/").next().unwrap_or_default().to_owned()
            };
            prop_assert_eq!(results.iter().map(of).collect::<Vec<_>>(), homes);
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
        for way in [Way::Post, Way::Import] {
            self.send_all_again(way).await?;
        }
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
    let mut case = Case {
        shop,
        ids,
        into: Into::default(),
        ever: std::array::from_fn(|n| n),
        homes: BTreeMap::new(),
        documents: Vec::new(),
        pictures: Vec::new(),
    };
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
