//! Any sequence of postings, clearings, resets, reversals, corrections and write-offs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use ballast::pb;
use ballast::pb::DocumentKind as Kind;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use prost::Message as _;
use tonic::{Code, Status};

use super::hold;
use crate::support::ledger::*;
use crate::support::{TestServer, details};

type Tested<T = ()> = Result<T, TestCaseError>;

/// An operation; an index counts modulo what there is.
#[derive(Debug, Clone)]
enum Op {
    Post { kind: Kind, euros: bool, on: i64, parts: Vec<u8>, member: bool },
    Clear { credit: usize, debit: usize, amount: Option<u8>, on: i64 },
    ClearAndReset { credit: usize, debit: usize, on: i64 },
    OldestFirst { credit: usize, on: i64 },
    Reset { clearing: usize, on: i64 },
    Reverse { document: usize, on: i64 },
    Version { document: usize, shift: i64, parts: Vec<u8> },
    WriteOff { document: usize, amount: Option<u8>, on: i64 },
    Dispute { document: usize, on: i64 },
}

fn op() -> impl Strategy<Value = Op> {
    let on = || -30..40_i64;
    let index = || any::<usize>();
    let parts = || vec(1..99_u8, 1..4);
    let kind = prop_oneof![Just(Kind::Invoice), Just(Kind::Receipt), Just(Kind::CreditNote)];
    prop_oneof![
        6 => (kind, prop::bool::weighted(0.2), on(), parts(), any::<bool>())
            .prop_map(|(kind, euros, on, parts, member)| Op::Post { kind, euros, on, parts, member }),
        4 => (index(), index(), prop::option::of(1..60_u8), on())
            .prop_map(|(credit, debit, amount, on)| Op::Clear { credit, debit, amount, on }),
        2 => (index(), index(), on())
            .prop_map(|(credit, debit, on)| Op::ClearAndReset { credit, debit, on }),
        2 => (index(), on()).prop_map(|(credit, on)| Op::OldestFirst { credit, on }),
        2 => (index(), on()).prop_map(|(clearing, on)| Op::Reset { clearing, on }),
        2 => (index(), on()).prop_map(|(document, on)| Op::Reverse { document, on }),
        3 => (index(), -5..6_i64, parts())
            .prop_map(|(document, shift, parts)| Op::Version { document, shift, parts }),
        1 => (index(), prop::option::of(1..60_u8), on())
            .prop_map(|(document, amount, on)| Op::WriteOff { document, amount, on }),
        1 => (index(), on()).prop_map(|(document, on)| Op::Dispute { document, on }),
    ]
}

/// A group of two accounts, what was posted to them and what was answered about them.
struct Case<'a> {
    desk: Desk,
    server: &'a TestServer,
    prefix: String,
    accounts: [String; 2],
    posted: Vec<Posted>,
    clearings: Vec<String>,
    answers: Vec<Answers>,
}

struct Posted {
    draft: pb::Document,
    on: i64,
    account: String,
    name: String,
    items: Vec<String>,
}

/// What was answered about both accounts on a day.
struct Answers {
    on: i64,
    known_at: prost_types::Timestamp,
    bytes: Vec<u8>,
}

fn cents(units: u8) -> String {
    format!("{units}.00")
}

/// Refused by the state is fine, anything else is not.
fn or_refused<T>(answer: Result<T, Status>) -> Tested<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(status) if status.code() == Code::FailedPrecondition => {
            details(&status);
            Ok(None)
        }
        Err(status) => Err(TestCaseError::fail(format!("{status:?}"))),
    }
}

/// Every amount of an aging by column, with the number of items.
fn cells(columns: &pb::AgingColumns) -> BTreeMap<String, (i64, i64)> {
    let pb::AgingColumns { not_due, buckets, retention, due_pending, unapplied_cash, open_credits } =
        columns;
    let minor = |m: &Option<pb::Money>| {
        m.as_ref().map_or(0, |m| m.units * 100 + i64::from(m.nanos / 10_000_000))
    };
    let mut cells = BTreeMap::new();
    for (name, cell) in [
        ("not_due", not_due),
        ("retention", retention),
        ("due_pending", due_pending),
        ("unapplied_cash", unapplied_cash),
        ("open_credits", open_credits),
    ] {
        let cell = cell.clone().unwrap_or_default();
        cells.insert(name.to_owned(), (minor(&cell.amount), cell.items));
    }
    for bucket in buckets {
        cells.insert(bucket.label.clone(), (minor(&bucket.amount), bucket.items));
    }
    cells
}

type Cells = BTreeMap<(String, String), (i64, i64)>;

/// All cells by currency; those with nothing in them are left out.
fn all_cells(answer: &pb::GetAgingResponse) -> Cells {
    let mut all = Cells::new();
    for currency in &answer.currencies {
        for (column, cell) in cells(&currency.columns.clone().unwrap_or_default()) {
            if cell != (0, 0) {
                all.insert((currency.currency_code.clone(), column), cell);
            }
        }
    }
    all
}

impl<'a> Case<'a> {
    async fn new(server: &'a TestServer) -> Case<'a> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("P{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let (root, member) = (format!("{prefix}-root"), format!("{prefix}-member"));
        for (id, parent) in [(&root, String::new()), (&member, format!("accounts/{root}"))] {
            let request = pb::CreateAccountRequest {
                account_id: id.clone(),
                account: Some(pb::Account {
                    display_name: id.clone(),
                    parent,
                    ..pb::Account::default()
                }),
                ..pb::CreateAccountRequest::default()
            };
            server.accounts().create_account(request).await.expect("created");
        }
        let accounts = [root, member].map(|id| format!("accounts/{id}"));
        let (posted, clearings, answers) = (Vec::new(), Vec::new(), Vec::new());
        Case { desk: Desk::new(server), server, prefix, accounts, posted, clearings, answers }
    }

    fn document(
        &self,
        kind: Kind,
        no: &str,
        on: i64,
        parts: &[u8],
        currency: &str,
    ) -> pb::Document {
        let gross: i64 = parts.iter().map(|part| i64::from(*part)).sum();
        let mut document = document(kind, no, day(on), "1");
        document.gross = Some(money(&gross.to_string(), currency));
        if kind == Kind::Invoice {
            document.instalments = (0..)
                .zip(parts)
                .map(|(i, part)| pb::Instalment {
                    due_date: Some(day(on + 12 * (i % 2))),
                    amount: Some(money(&cents(*part), currency)),
                    ..pb::Instalment::default()
                })
                .collect();
        }
        document
    }

    /// Posts a document and notes it, in the place of an earlier version if there is one.
    async fn post(&mut self, draft: pb::Document, on: i64, replaces: Option<usize>) -> Tested {
        let answer = self.desk.try_post(vec![draft.clone()]).await;
        let Some(results) = or_refused(answer)? else { return Ok(()) };
        let request = pb::GetDocumentRequest {
            name: results[0].document.clone(),
            as_of: Some(day(20_000)),
            ..pb::GetDocumentRequest::default()
        };
        let whole = self.desk.client.get_document(request).await.expect("a document").into_inner();
        let account = draft.payer.clone();
        let items = whole.items.into_iter().map(|i| i.name).collect();
        let posted = Posted { draft, on, account, name: whole.name, items };
        match replaces {
            Some(i) => self.posted[i] = posted,
            None => self.posted.push(posted),
        }
        Ok(())
    }

    fn one_of(&self, debits: bool, index: usize) -> Option<&Posted> {
        let of: Vec<&Posted> =
            self.posted.iter().filter(|p| (p.draft.kind() == Kind::Invoice) == debits).collect();
        (!of.is_empty()).then(|| of[index % of.len()])
    }

    async fn clear(
        &mut self,
        credit: usize,
        debit: usize,
        amount: Option<u8>,
        on: i64,
    ) -> Tested<Option<pb::Clearing>> {
        let (Some(credit), Some(debit)) = (self.one_of(false, credit), self.one_of(true, debit))
        else {
            return Ok(None);
        };
        let currency = debit.draft.gross.clone().unwrap_or_default().currency_code;
        let allocations = debit.items.iter().map(|item| pb::Allocation {
            credit_item: credit.items[0].clone(),
            debit_item: item.clone(),
            amount: amount.map(|amount| money(&cents(amount), &currency)),
            ..pb::Allocation::default()
        });
        let request = pb::ClearItemsRequest {
            account: debit.account.clone(),
            allocations: allocations.take(2).collect(),
            apply_date: Some(day(on)),
            request_id: fresh(),
            ..pb::ClearItemsRequest::default()
        };
        match self.desk.client.clear_items(request).await {
            // The credit belongs to the other account of the case.
            Err(status) if status.code() == Code::NotFound => Ok(None),
            answer => or_refused(answer.map(tonic::Response::into_inner)),
        }
    }

    async fn reset(&mut self, name: &str, on: i64) -> Tested<Option<pb::Clearing>> {
        or_refused(self.desk.try_reset(name, Some(day(on))).await)
    }

    async fn apply(&mut self, op: Op) -> Tested {
        match op {
            Op::Post { kind, euros, on, parts, member } => {
                let no = format!("{}-{}", self.prefix, self.posted.len());
                let currency = if euros { "EUR" } else { "USD" };
                let mut draft = self.document(kind, &no, on, &parts, currency);
                draft.payer = self.accounts[usize::from(member)].clone();
                self.post(draft, on, None).await
            }
            Op::Clear { credit, debit, amount, on } => {
                let cleared = self.clear(credit, debit, amount, on).await?;
                self.clearings.extend(cleared.map(|c| c.name));
                Ok(())
            }
            Op::ClearAndReset { credit, debit, on } => {
                let before = self.seen().await;
                let Some(clearing) = self.clear(credit, debit, None, on).await? else {
                    return Ok(());
                };
                self.clearings.push(clearing.name.clone());
                let reset = self.reset(&clearing.name, on).await?;
                prop_assert!(reset.is_some(), "what was cleared can be reset");
                prop_assert_eq!(before, self.seen().await, "resetting restores");
                Ok(())
            }
            Op::OldestFirst { credit, on } => {
                let Some(credit) = self.one_of(false, credit) else { return Ok(()) };
                let request = pb::ClearItemsRequest {
                    account: credit.account.clone(),
                    oldest_first_credits: vec![credit.items[0].clone()],
                    apply_date: Some(day(on)),
                    request_id: fresh(),
                    ..pb::ClearItemsRequest::default()
                };
                let cleared = self.desk.client.clear_items(request).await;
                let cleared = or_refused(cleared.map(tonic::Response::into_inner))?;
                self.clearings.extend(cleared.map(|c| c.name));
                Ok(())
            }
            Op::Reset { clearing, on } => {
                if self.clearings.is_empty() {
                    return Ok(());
                }
                let name = self.clearings[clearing % self.clearings.len()].clone();
                self.reset(&name, on).await.map(|_| ())
            }
            Op::Reverse { document, on } => {
                if self.posted.is_empty() {
                    return Ok(());
                }
                let posted = &self.posted[document % self.posted.len()];
                let request = pb::ReverseDocumentRequest {
                    name: posted.name.clone(),
                    effective_date: Some(day(on)),
                    reason: "posted in error".into(),
                    request_id: fresh(),
                };
                or_refused(self.desk.client.reverse_document(request).await).map(|_| ())
            }
            Op::Version { document, shift, parts } => {
                if self.posted.is_empty() {
                    return Ok(());
                }
                let at = document % self.posted.len();
                let old = &self.posted[at];
                let on = old.on + shift;
                let no = old.draft.key.clone().unwrap_or_default().document_no;
                let currency = old.draft.gross.clone().unwrap_or_default().currency_code;
                let mut draft = self.document(old.draft.kind(), &no, on, &parts, &currency);
                draft.payer.clone_from(&old.draft.payer);
                draft.source_version = old.draft.source_version + 1;
                self.post(draft, on, Some(at)).await
            }
            Op::WriteOff { document, amount, on } => {
                let Some(debit) = self.one_of(true, document) else { return Ok(()) };
                let currency = debit.draft.gross.clone().unwrap_or_default().currency_code;
                let request = pb::WriteOffItemRequest {
                    item: debit.items[0].clone(),
                    amount: amount.map(|amount| money(&cents(amount), &currency)),
                    posting_date: Some(day(on)),
                    reason: "insolvent".into(),
                    request_id: fresh(),
                };
                or_refused(self.desk.client.write_off_item(request).await).map(|_| ())
            }
            Op::Dispute { document, on } => {
                let Some(debit) = self.one_of(true, document) else { return Ok(()) };
                let request = pb::OpenDisputeRequest {
                    item: debit.items[0].clone(),
                    reason_code: "QUALITY".into(),
                    open_date: Some(day(on)),
                    request_id: fresh(),
                    ..pb::OpenDisputeRequest::default()
                };
                or_refused(self.desk.client.open_dispute(request).await).map(|_| ())
            }
        }
    }

    async fn aging(
        &mut self,
        account: &str,
        group: bool,
        on: i64,
        known_at: Option<prost_types::Timestamp>,
    ) -> pb::GetAgingResponse {
        let request = pb::GetAgingRequest {
            account: account.into(),
            include_group: group,
            as_of: Some(day(on)),
            known_at,
            ..pb::GetAgingRequest::default()
        };
        self.desk.aging(request).await
    }

    /// Both accounts on some days, as of now.
    async fn seen(&mut self) -> Vec<Cells> {
        let mut seen = Vec::new();
        for on in [-31, -10, 0, 10, 60] {
            for account in self.accounts.clone() {
                seen.push(all_cells(&self.aging(&account, false, on, None).await));
            }
        }
        seen
    }

    /// Everything that is answered about an account at a point, as bytes.
    async fn answer(&mut self, on: i64, known_at: prost_types::Timestamp) -> Vec<u8> {
        let mut bytes = Vec::new();
        for account in self.accounts.clone() {
            let aging = self.aging(&account, false, on, Some(known_at)).await;
            bytes.extend(aging.encode_to_vec());
            let risk = pb::GetReceivablesRiskRequest {
                account: account.clone(),
                as_of: Some(day(on)),
                known_at: Some(known_at),
                ..pb::GetReceivablesRiskRequest::default()
            };
            let risk = self.desk.client.get_receivables_risk(risk).await.expect("a risk");
            bytes.extend(risk.into_inner().encode_to_vec());
            let items = self.items(&account, on, known_at).await;
            bytes.extend(items.encode_to_vec());
            let statement = pb::GetStatementRequest {
                account,
                from_date: Some(day(on - 15)),
                to_date: Some(day(on)),
                known_at: Some(known_at),
                page_size: 1000,
                ..pb::GetStatementRequest::default()
            };
            let statement = self.desk.client.get_statement(statement).await.expect("a statement");
            bytes.extend(statement.into_inner().encode_to_vec());
        }
        bytes
    }

    async fn items(
        &mut self,
        account: &str,
        on: i64,
        known_at: prost_types::Timestamp,
    ) -> pb::ListOpenItemsResponse {
        let request = pb::ListOpenItemsRequest {
            parent: account.into(),
            as_of: Some(day(on)),
            known_at: Some(known_at),
            page_size: 1000,
            ..pb::ListOpenItemsRequest::default()
        };
        self.desk.client.list_open_items(request).await.expect("items").into_inner()
    }

    /// Columns = balance = sum of the open items, per currency; group = sum of its members;
    /// several answers = each on its own. Notes what is answered.
    async fn check(&mut self, on: i64) -> Tested {
        let root = self.accounts[0].clone();
        let group = self.aging(&root, true, on, None).await;
        let known_at = group.point.and_then(|p| p.known_at).expect("a point");
        let mut members = Cells::new();
        for account in self.accounts.clone() {
            let aging = self.aging(&account, false, on, Some(known_at)).await;
            for (cell, (amount, items)) in all_cells(&aging) {
                let sum = members.entry(cell).or_default();
                *sum = (sum.0 + amount, sum.1 + items);
            }
            let mut open: BTreeMap<String, (i64, i64)> = BTreeMap::new();
            for item in self.items(&account, on, known_at).await.items {
                let amount = item.open.unwrap_or_default();
                let sum = open.entry(amount.currency_code).or_default();
                *sum = (sum.0 + amount.units, sum.1 + 1);
            }
            for currency in &aging.currencies {
                let columns = cells(&currency.columns.clone().unwrap_or_default());
                let sum = columns.values().fold((0, 0), |s, c| (s.0 + c.0, s.1 + c.1));
                let balance = currency.balance.clone().unwrap_or_default().units;
                let (amount, items) = open.remove(&currency.currency_code).unwrap_or_default();
                prop_assert_eq!(sum, (100 * balance, currency.items));
                prop_assert_eq!((balance, currency.items), (amount, items));
            }
            prop_assert!(open.is_empty(), "open but in no column: {:?}", open);
        }
        // The one account came under the other on the first day of the test.
        if on < 0 {
            members = all_cells(&self.aging(&root, false, on, Some(known_at)).await);
        }
        members.retain(|_, cell| *cell != (0, 0));
        prop_assert_eq!(&all_cells(&group), &members);

        let both = pb::BatchGetReceivablesRiskRequest {
            accounts: self.accounts.to_vec(),
            as_of: Some(day(on)),
            known_at: Some(known_at),
            ..pb::BatchGetReceivablesRiskRequest::default()
        };
        let both = self.desk.client.batch_get_receivables_risk(both).await.expect("risks");
        for (account, of) in self.accounts.clone().into_iter().zip(both.into_inner().risks) {
            let one = pb::GetReceivablesRiskRequest {
                account,
                as_of: Some(day(on)),
                known_at: Some(known_at),
                ..pb::GetReceivablesRiskRequest::default()
            };
            let one = self.desk.client.get_receivables_risk(one).await.expect("a risk");
            prop_assert_eq!(one.into_inner(), of);
        }
        let bytes = self.answer(on, known_at).await;
        self.answers.push(Answers { on, known_at, bytes });
        Ok(())
    }

    async fn finish(mut self) -> Tested {
        for Answers { on, known_at, bytes } in std::mem::take(&mut self.answers) {
            let again = self.answer(on, known_at).await;
            prop_assert!(again == bytes, "day {} as known at {:?} changed", on, known_at);
        }
        let server = self.server;
        self.desk.verify(server).await;
        Ok(())
    }
}

on_both_engines! {
    async fn the_books_add_up_and_answers_stay(server: TestServer) {
        let steps = vec((op(), -35..60_i64), 12..28);
        hold(10, &steps, async |steps| {
            let mut case = Case::new(&server).await;
            for (i, (op, on)) in steps.into_iter().enumerate() {
                case.apply(op).await?;
                if i % 4 == 3 {
                    case.check(on).await?;
                }
            }
            case.check(0).await?;
            case.finish().await
        });
    }
}
