//! What is sold: how many invoices each customer gets, when, and over how much.

use chrono::{Days, NaiveDate};

use super::book::{Book, draft};
use super::chance::Chance;
use super::customers::{Customer, FEATURED, dollars, euros};
use super::rates::DOLLARS_PER_EURO_E4;
use super::{EURO_COMPANY, Plan};
use crate::domain::dates::add_days;
use crate::domain::document::{DocumentKey, Draft};
use crate::domain::item::DocumentKind;
use crate::domain::money::Currency;
use crate::domain::names::AccountRef;
use crate::domain::terms::{
    Baseline, Discount, InstalmentKind, PaymentTerms, Share, TermStep, WHOLE_BP,
};

/// Of a hundred invoices the largest customer gets so many.
const LARGEST_PERCENT: usize = 24;
/// What half of the customers get at most.
const MEDIAN_INVOICES: usize = 3;
/// The first fifth of the customers makes this much of the sales.
const TOP_SALES_PERCENT: i128 = 93;
/// One invoice in so many is exported twice: 2.4 %.
const DUPLICATE_EVERY: usize = 42;
/// An ordinary invoice in cents, before chance.
const USUAL_CENTS: i64 = 250_000;
/// Of a hundred cents net come so many with the tax of the sister company.
const WITH_TAX_PERCENT: i64 = 119;

/// An invoice before it is a document.
#[derive(Debug, Clone)]
pub struct Invoice {
    /// Rank of the customer.
    pub customer: usize,
    pub key: DocumentKey,
    pub date: NaiveDate,
    pub due: NaiveDate,
    pub currency: Currency,
    /// In minor units.
    pub gross: i64,
}

/// All invoices in order of date.
pub fn invoices(plan: &Plan, customers: &[Customer], chance: &mut Chance) -> Vec<Invoice> {
    let top = customers.len().div_ceil(5);
    let days = (plan.eve() - plan.start()).num_days();
    let mut drawn = Vec::with_capacity(plan.invoices);
    for (rank, count) in counts(customers.len(), plan.invoices).into_iter().enumerate() {
        for _ in 0..count {
            let date = add_days(plan.start(), chance.between(0, days) as u32);
            drawn.push((date, rank, cents(chance)));
        }
    }
    scale_down(&mut drawn, top);
    drawn.sort_by_key(|(date, rank, _)| (*date, *rank));
    let mut numbers = Book::new(*plan);
    drawn
        .into_iter()
        .enumerate()
        .map(|(i, (date, rank, dollar_cents))| {
            let customer = &customers[rank];
            // One of them buys in both currencies.
            let currency = if rank == FEATURED && i % 6 == 0 { euros() } else { customer.currency };
            Invoice {
                customer: rank,
                key: numbers.key("0090", customer, date),
                date,
                due: add_days(date, customer.terms_days),
                currency,
                gross: in_currency(dollar_cents, currency),
            }
        })
        .collect()
}

/// Invoices by rank: the largest has its share, half the customers hardly any, the rest falls
/// with the rank.
fn counts(customers: usize, invoices: usize) -> Vec<usize> {
    let largest = invoices * LARGEST_PERCENT / 100;
    let half = (customers - 1) / 2;
    let small = (0..customers - half).map(|i| MEDIAN_INVOICES - i * 3 / (customers - half));
    let small: Vec<usize> = small.collect();
    let taken = largest + MEDIAN_INVOICES * (half - 1) + small.iter().sum::<usize>();
    let spare = invoices.saturating_sub(taken);
    let weight = |rank: usize| 1_000_000 / (rank + 1);
    let all: usize = (1..half).map(weight).sum();
    let mut counts = vec![largest];
    counts.extend((1..half).map(|rank| MEDIAN_INVOICES + spare * weight(rank) / all));
    counts.extend(small);
    // Whole invoices: what division left over goes to the second.
    let given: usize = counts.iter().sum();
    counts[1] += invoices.saturating_sub(given);
    counts
}

/// Most invoices are ordinary, some are many times larger.
fn cents(chance: &mut Chance) -> i64 {
    USUAL_CENTS * chance.between(20, 180) / 100 * chance.choose(&[1, 1, 1, 1, 2, 2, 4, 8])
}

/// Makes invoices of small customers smaller, until the sales of the large are what they are.
fn scale_down(drawn: &mut [(NaiveDate, usize, i64)], top: usize) {
    let sales = |large: bool, drawn: &[(NaiveDate, usize, i64)]| -> i128 {
        let of = drawn.iter().filter(|(_, rank, _)| (*rank < top) == large);
        of.map(|(.., cents)| i128::from(*cents)).sum()
    };
    let (large, small) = (sales(true, drawn), sales(false, drawn).max(1));
    let target = large * (100 - TOP_SALES_PERCENT) / TOP_SALES_PERCENT;
    for (_, rank, cents) in drawn.iter_mut() {
        if *rank >= top {
            let scaled = i128::from(*cents) * target / small;
            *cents = i64::try_from(scaled).unwrap_or(*cents).max(100);
        }
    }
}

fn in_currency(dollar_cents: i64, currency: Currency) -> i64 {
    if currency == dollars() { dollar_cents } else { dollar_cents * 10_000 / DOLLARS_PER_EURO_E4 }
}

/// Puts the invoices into the books, some of them twice.
pub fn deliver(book: &mut Book, customers: &[Customer], all: &[Invoice], chance: &mut Chance) {
    for (i, invoice) in all.iter().enumerate() {
        let customer = &customers[invoice.customer];
        let document = document(invoice, customer, customer.any_spelling(chance));
        if i % DUPLICATE_EVERY == 0 {
            // The same paper again, the customer spelled in another way.
            let spelled = customer.spelled(chance.choose(&[1, 3, 5]));
            let again = Draft { payer: spelled, ..document.clone() };
            if i % (2 * DUPLICATE_EVERY) == 0 {
                book.late_document(again);
            } else {
                book.document(again);
            }
        }
        book.document(document);
    }
}

fn document(invoice: &Invoice, customer: &Customer, payer: AccountRef) -> Draft<AccountRef> {
    let Invoice { key, date, currency, gross, .. } = invoice;
    let plain = draft(DocumentKind::Invoice, key.clone(), payer, *date, *currency, *gross);
    let taxed = customer.company_code == EURO_COMPANY;
    let net = gross * 100 / WITH_TAX_PERCENT;
    Draft {
        net: taxed.then_some(net),
        tax: taxed.then_some(gross - net),
        terms: Some(terms(customer.terms_days)),
        order_ref: format!("SO-{}", &key.document_no[4..]),
        ..plain
    }
}

/// So many days net, two percent off within ten days where there is time.
pub fn terms(days: u32) -> PaymentTerms {
    let step = TermStep::AddDays(u16::try_from(days).unwrap_or(u16::MAX));
    PaymentTerms {
        baseline: Baseline::Document,
        shares: vec![Share { share_bp: WHOLE_BP, steps: vec![step], kind: InstalmentKind::Normal }],
        discounts: match days {
            30.. => vec![Discount { days: 10, rate_bp: 200 }],
            _ => Vec::new(),
        },
    }
}

/// The day so many days before another.
pub fn before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}
