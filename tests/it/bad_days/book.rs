//! A generated book: documents in an unkind order, and what must come of them.

use std::collections::{BTreeMap, BTreeSet};

use ballast::pb;
use fastrand::Rng;

use super::{cents_of, invoice};
use crate::support::ledger::{date, key};

/// Documents to import, with what they leave behind however they arrive.
pub struct Book {
    /// With repetitions, payments before their invoices, and some that are refused.
    pub documents: Vec<pb::Document>,
    /// What is open at last, in cents by document number.
    pub open: BTreeMap<String, i64>,
    /// Documents that count.
    pub posted: usize,
    pub repeated: usize,
    pub refused: usize,
    /// Payments that settle something.
    pub clearings: usize,
    /// Invoices that are named and never come.
    pub missing: BTreeSet<String>,
    pub accounts: BTreeSet<String>,
}

impl Book {
    pub fn balance(&self) -> i64 {
        self.open.values().sum()
    }

    /// The same for every run with this seed. A third of the invoices has no payment.
    pub fn generate(seed: u64, invoices: usize, accounts: usize) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut book = Self {
            documents: Vec::new(),
            open: BTreeMap::new(),
            posted: 0,
            repeated: 0,
            refused: 0,
            clearings: 0,
            missing: BTreeSet::new(),
            accounts: BTreeSet::new(),
        };
        for number in 0..invoices {
            book.add_invoice(&mut rng, number, accounts);
        }
        book.posted = book.documents.len();
        rng.shuffle(&mut book.documents);
        for _ in 0..invoices / 10 {
            let again = book.documents[rng.usize(..book.documents.len())].clone();
            book.documents.insert(rng.usize(..book.documents.len()), again);
            book.repeated += 1;
        }
        for number in 0..invoices / 50 {
            let nothing = invoice(&format!("BAD-{number}"), "accounts/ERP~C000", 0);
            book.documents.insert(rng.usize(..book.documents.len()), nothing);
            book.refused += 1;
        }
        book
    }

    fn add_invoice(&mut self, rng: &mut Rng, number: usize, accounts: usize) {
        let account = format!("accounts/ERP~C{:03}", rng.usize(..accounts));
        let no = format!("I-{number}");
        let gross = rng.i64(1_000..1_000_000);
        let mut billed = invoice(&no, &account, gross);
        billed.document_date = Some(day(rng));
        self.documents.push(billed);
        // What is paid of it, each by a receipt of its own.
        let paid = match rng.u32(..20) {
            0..8 => vec![gross],
            8..11 => vec![gross / 3, gross / 4],
            11..13 => vec![gross + 500],
            _ => vec![],
        };
        let left = gross - paid.iter().sum::<i64>();
        self.note(&no, left.max(0));
        for (part, cents) in paid.into_iter().enumerate() {
            let receipt = format!("R-{number}-{part}");
            self.documents.push(receipt_for(rng, &receipt, &account, cents, &no));
            self.note(&receipt, left.min(0));
            self.clearings += 1;
        }
        if number.is_multiple_of(40) {
            let (receipt, missing) = (format!("P-{number}"), format!("MISSING-{number}"));
            self.documents.push(receipt_for(rng, &receipt, &account, 700, &missing));
            self.note(&receipt, -700);
            self.missing.insert(missing);
        }
        self.accounts.insert(account);
    }

    fn note(&mut self, no: &str, open: i64) {
        if open != 0 {
            self.open.insert(no.to_owned(), open);
        }
    }
}

fn receipt_for(rng: &mut Rng, no: &str, account: &str, cents: i64, target: &str) -> pb::Document {
    let mut receipt = invoice(no, account, cents);
    receipt.kind = pb::DocumentKind::Receipt.into();
    receipt.document_date = Some(day(rng));
    receipt.gross = Some(cents_of(cents));
    let target = pb::ClearingTarget { key: Some(key(target)), amount: None };
    receipt.clears.get_or_insert_default().targets.push(target);
    receipt
}

fn day(rng: &mut Rng) -> pb::Date {
    date(&format!("2019-{:02}-{:02}", rng.u32(1..6), rng.u32(1..=28)))
}
