//! Cases made by hand, so that every kind of paper is in the books: a dispute, a promise, part
//! payment, an advance, money without reference, a retention, instalments, a correction, a
//! loss and what was recovered of it. Amounts are in cents.

use chrono::NaiveDate;

use super::Fact;
use super::book::{Book, draft};
use super::customers::{Customer, FEATURED, INSOLVENT, euros};
use super::sales::{before, terms};
use crate::domain::dates::add_days;
use crate::domain::document::{ClearingInstruction, ClearingTarget, DocumentKey, Draft};
use crate::domain::item::DocumentKind;
use crate::domain::money::{Money, split};
use crate::domain::names::AccountRef;
use crate::domain::terms::{Baseline, Instalment, InstalmentKind, PaymentTerms};

/// Rank of the member of the group whose invoice is corrected after the quarter.
const CORRECTED: usize = 4;
/// Rank of a customer that pays after acceptance of the work.
const ACCEPTING: usize = 9;
/// First digits of the invoices made by hand.
const INVOICES: &str = "0095";
const RECEIPTS: &str = "1495";
const CREDIT_NOTES: &str = "0096";

/// Puts them into the books; answers the disputed invoice of the featured customer.
pub fn deliver(book: &mut Book, customers: &[Customer]) -> DocumentKey {
    let mut desk = Desk { book, customer: &customers[FEATURED] };
    let disputed_invoice = desk.disputed();
    desk.promised();
    desk.part_paid();
    desk.in_euros();
    desk.open_credits();
    desk.retention();
    desk.instalments();
    Desk { book, customer: &customers[CORRECTED] }.corrected();
    Desk { book, customer: &customers[ACCEPTING] }.due_pending();
    Desk { book, customer: &customers[INSOLVENT] }.written_off();
    disputed_invoice
}

/// Where papers of one customer are written.
struct Desk<'a> {
    book: &'a mut Book,
    customer: &'a Customer,
}

impl Desk<'_> {
    fn ago(&self, days: u64) -> NaiveDate {
        before(self.book.plan.today, days)
    }

    fn paper(
        &mut self,
        kind: DocumentKind,
        digits: &'static str,
        date: NaiveDate,
        cents: i64,
    ) -> Draft<AccountRef> {
        let key = self.book.key(digits, self.customer, date);
        let customer = self.customer;
        draft(kind, key, customer.account(), date, customer.currency, cents)
    }

    /// Due thirty days later.
    fn invoice(&mut self, date: NaiveDate, cents: i64) -> Draft<AccountRef> {
        let plain = self.paper(DocumentKind::Invoice, INVOICES, date, cents);
        Draft { terms: Some(terms(30)), ..plain }
    }

    fn receipt(&mut self, date: NaiveDate, cents: i64) -> Draft<AccountRef> {
        self.paper(DocumentKind::Receipt, RECEIPTS, date, cents)
    }

    /// Posts an invoice; answers its key.
    fn owe(&mut self, date: NaiveDate, cents: i64) -> DocumentKey {
        let invoice = self.invoice(date, cents);
        let key = invoice.key.clone();
        self.book.document(invoice);
        key
    }

    fn pay(&mut self, invoice: &DocumentKey, date: NaiveDate, cents: i64) {
        let money = self.receipt(date, cents);
        self.book.document(clearing(money, invoice, cents));
    }

    fn disputed(&mut self) -> DocumentKey {
        let key = self.owe(self.ago(80), 4_830_050);
        let (invoice, open_date) = (key.clone(), self.ago(45));
        self.book.fact(open_date, Fact::Dispute { invoice, reason_code: "QUALITY", open_date });
        key
    }

    fn promised(&mut self) {
        let (invoice, amount) = (self.owe(self.ago(50), 3_124_000), 3_124_000);
        let promise_date = self.ago(5);
        let promise = Fact::Promise {
            invoice,
            amount: Money { minor: amount, currency: self.customer.currency },
            promise_date,
            pay_by: add_days(promise_date, 14),
        };
        self.book.fact(promise_date, promise);
    }

    fn part_paid(&mut self) {
        let invoice = self.owe(self.ago(75), 2_200_000);
        self.pay(&invoice, self.ago(30), 900_000);
    }

    fn in_euros(&mut self) {
        let invoice = self.invoice(self.ago(40), 1_280_000);
        self.book.document(Draft { currency: euros(), ..invoice });
    }

    /// An advance on an order, money that nobody can place, and a bonus.
    fn open_credits(&mut self) {
        let advance = self.receipt(self.ago(12), 1_500_000);
        self.book.document(Draft { order_ref: "SO-88231".into(), ..advance });
        let unplaced = self.receipt(self.ago(8), 500_000);
        self.book.document(Draft { note: "No reference given".into(), ..unplaced });
        let bonus = self.paper(DocumentKind::CreditNote, CREDIT_NOTES, self.ago(6), 248_000);
        self.book.document(Draft { note: "Annual bonus".into(), ..bonus });
    }

    /// Three percent are held back for a year after acceptance; the rest is paid.
    fn retention(&mut self) {
        let date = self.ago(100);
        let parts = split(6_400_000, &[9_700, 300]);
        let (paid, kept) = (parts[0], parts[1]);
        let invoice = self.invoice(date, paid + kept);
        let key = invoice.key.clone();
        let instalments = vec![
            part(InstalmentKind::Normal, add_days(date, 30), paid),
            Instalment {
                release_condition: Some("12 months after acceptance".into()),
                ..part(InstalmentKind::Retention, add_days(date, 365), kept)
            },
        ];
        let contract_ref = "Cold store fit-out 7".into();
        self.book.document(Draft { terms: None, instalments, contract_ref, ..invoice });
        self.pay(&key, self.ago(65), paid);
    }

    /// In three parts, the first of them overdue.
    fn instalments(&mut self) {
        let date = self.ago(35);
        let days = [30, 60, 90];
        let amounts = split(2_700_001, &[3_333, 3_333, 3_334]);
        let parts = days.iter().zip(amounts);
        let instalments =
            parts.map(|(days, cents)| part(InstalmentKind::Normal, add_days(date, *days), cents));
        let instalments = instalments.collect();
        let invoice = self.invoice(date, 2_700_001);
        self.book.document(Draft { terms: None, instalments, ..invoice });
    }

    /// Figures of the amount were exchanged; noticed after the end of the quarter.
    fn corrected(&mut self) {
        let wrong = self.invoice(before(self.book.plan.quarter_end(), 12), 9_640_000);
        let right = Draft { source_version: 1, gross: 6_940_000, ..wrong.clone() };
        self.book.document(wrong);
        self.book.late_document(right);
    }

    /// Payable when the work is accepted, which it is not yet.
    fn due_pending(&mut self) {
        let invoice = self.invoice(self.ago(25), 1_875_000);
        let terms = PaymentTerms { baseline: Baseline::Acceptance, ..terms(30) };
        self.book.document(Draft { terms: Some(terms), ..invoice });
    }

    /// The customer went bankrupt; the administrator paid a part of the loss later.
    fn written_off(&mut self) {
        let start = self.book.plan.start();
        let (billed, lost, recovered) =
            (add_days(start, 40), add_days(start, 200), add_days(start, 330));
        if recovered > self.book.plan.eve() {
            return;
        }
        let invoice = self.owe(billed, 864_000);
        let loss = Fact::WriteOff {
            invoice: invoice.clone(),
            posting_date: lost,
            reason: "Insolvency proceedings opened",
        };
        self.book.fact(lost, loss);
        let quota = self.paper(DocumentKind::Recovery, RECEIPTS, recovered, 129_600);
        self.book.document(clearing(quota, &invoice, 129_600));
    }
}

fn clearing(credit: Draft<AccountRef>, invoice: &DocumentKey, cents: i64) -> Draft<AccountRef> {
    let amount = Money { minor: cents, currency: credit.currency };
    let target = ClearingTarget { key: invoice.clone(), amount: Some(amount) };
    let clears = ClearingInstruction { targets: vec![target], oldest_first: false };
    Draft { clears, ..credit }
}

fn part(kind: InstalmentKind, due: NaiveDate, cents: i64) -> Instalment {
    Instalment { kind, due_date: Some(due), amount_minor: cents, release_condition: None }
}
