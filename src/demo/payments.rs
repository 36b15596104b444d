//! How invoices are settled: when the money comes, in how many parts, and what is credited
//! before.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};

use super::Plan;
use super::book::{Book, draft};
use super::chance::Chance;
use super::customers::Customer;
use super::sales::{Invoice, before};
use crate::domain::dates::add_days;
use crate::domain::document::{ClearingInstruction, ClearingTarget, Draft, MAX_TARGETS};
use crate::domain::item::DocumentKind;
use crate::domain::money::{Currency, Money};
use crate::domain::names::AccountRef;

/// How often money comes on Monday to Friday, of a thousand payments; never on weekends.
const WEEKDAYS: [u32; 5] = [235, 235, 166, 151, 209];
/// Days by which the payments of one customer differ.
const MOOD_DEVIATION: i64 = 4;
/// One invoice in so many is paid very late: 0.4 %.
const TAIL_EVERY: usize = 250;
/// One in so many is paid in two parts, and one in so many reduced by a credit note.
const PARTS_EVERY: usize = 25;
const CREDIT_EVERY: usize = 33;

/// How one invoice is settled. Days may lie after the books end.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// A credit note over so much.
    pub credit: Option<(NaiveDate, i64)>,
    /// Day and amount of each payment; together with the credit the gross.
    pub payments: Vec<(NaiveDate, i64)>,
    /// Paid more than 60 days late.
    pub very_late: bool,
}

impl Settlement {
    pub fn first_payment(&self) -> Option<NaiveDate> {
        self.payments.first().map(|(day, _)| *day)
    }
}

/// The settlement of each invoice, in their order.
pub fn plan(
    plan: &Plan,
    customers: &[Customer],
    invoices: &[Invoice],
    chance: &mut Chance,
) -> Vec<Settlement> {
    let one = |(i, invoice)| settlement(plan, customers, i, invoice, chance);
    invoices.iter().enumerate().map(one).collect()
}

fn settlement(
    plan: &Plan,
    customers: &[Customer],
    i: usize,
    invoice: &Invoice,
    chance: &mut Chance,
) -> Settlement {
    let very_late = i % TAIL_EVERY == TAIL_EVERY / 2;
    let late = match very_late {
        true => 64 + chance.between(0, 90) * chance.between(20, 100) / 100,
        false => customers[invoice.customer].habit_days + chance.bell(MOOD_DEVIATION),
    };
    let day = pay_day(shift(invoice.due, late), invoice.date, chance);
    let credit_day = add_days(invoice.date, 3);
    let credited = i % CREDIT_EVERY == 7 && credit_day < day && credit_day <= plan.eve();
    let credit =
        credited.then(|| (credit_day, (invoice.gross * chance.between(5, 20) / 100).max(1)));
    let owed = invoice.gross - credit.map_or(0, |(_, amount)| amount);
    let payments = if i % PARTS_EVERY == 3 && owed > 1 {
        let first = (owed * 6 / 10).max(1);
        vec![(day, first), (pay_day(add_days(day, 21), day, chance), owed - first)]
    } else {
        vec![(day, owed)]
    };
    Settlement { credit, payments, very_late }
}

fn shift(day: NaiveDate, days: i64) -> NaiveDate {
    match u64::try_from(days) {
        Ok(days) => day.checked_add_days(Days::new(days)).unwrap_or(day),
        Err(_) => before(day, days.unsigned_abs()),
    }
}

/// A working day near the day aimed at, not before the other.
fn pay_day(aim: NaiveDate, earliest: NaiveDate, chance: &mut Chance) -> NaiveDate {
    let weekday = u64::from(aim.weekday().num_days_from_monday());
    let drawn = chance.weighted(&WEEKDAYS) as u32;
    let monday = before(aim, weekday);
    let mut day = add_days(monday, drawn);
    // A weekend goes to the week before as often as to the week after.
    if weekday > 4 {
        day = add_days(day, 7 * u32::from(chance.between(0, 1) == 1));
    }
    while day < earliest {
        day = add_days(day, 7);
    }
    day
}

/// Puts credit notes and receipts into the books, as far as they have come.
pub fn deliver(
    book: &mut Book,
    customers: &[Customer],
    invoices: &[Invoice],
    settlements: &[Settlement],
    chance: &mut Chance,
) {
    let eve = book.plan.eve();
    let mut receipts: BTreeMap<(NaiveDate, usize, &str), Receipt> = BTreeMap::new();
    for (i, (invoice, settlement)) in invoices.iter().zip(settlements).enumerate() {
        let customer = &customers[invoice.customer];
        if let Some((day, amount)) = settlement.credit {
            let payer = customer.any_spelling(chance);
            let note = credit_note(book, invoice, customer, payer, day, amount);
            if i % (2 * CREDIT_EVERY) == 7 {
                book.late_document(note);
            } else {
                book.document(note);
            }
        }
        for (day, amount) in settlement.payments.iter().filter(|(day, _)| *day <= eve) {
            let place = (*day, invoice.customer, invoice.currency.code());
            let receipt = receipts.entry(place).or_insert_with(|| Receipt::new(invoice.currency));
            let amount = Money { minor: *amount, currency: invoice.currency };
            receipt.targets.push(ClearingTarget { key: invoice.key.clone(), amount: Some(amount) });
        }
    }
    for ((day, rank, _), receipt) in receipts {
        for targets in receipt.targets.chunks(MAX_TARGETS) {
            let customer = &customers[rank];
            let payer = customer.any_spelling(chance);
            let gross = targets.iter().filter_map(|t| t.amount).map(|m| m.minor).sum();
            let key = book.key("1400", customer, day);
            let money = draft(DocumentKind::Receipt, key, payer, day, receipt.currency, gross);
            let clears = ClearingInstruction { targets: targets.to_vec(), oldest_first: false };
            book.document(Draft { clears, ..money });
        }
    }
}

/// What a customer pays in one currency on one day.
struct Receipt {
    currency: Currency,
    targets: Vec<ClearingTarget>,
}

impl Receipt {
    fn new(currency: Currency) -> Self {
        Self { currency, targets: Vec::new() }
    }
}

fn credit_note(
    book: &mut Book,
    invoice: &Invoice,
    customer: &Customer,
    payer: AccountRef,
    day: NaiveDate,
    amount: i64,
) -> Draft<AccountRef> {
    let key = book.key("0091", customer, day);
    let note = draft(DocumentKind::CreditNote, key, payer, day, invoice.currency, amount);
    let amount = Money { minor: amount, currency: invoice.currency };
    let target = ClearingTarget { key: invoice.key.clone(), amount: Some(amount) };
    let clears = ClearingInstruction { targets: vec![target], oldest_first: false };
    Draft { clears, note: "Goods returned".into(), ..note }
}
