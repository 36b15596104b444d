//! A made-up company with its customers and what they owe: for `ballast demo`, for tests and
//! for benchmarks.
//!
//! [`Company::generate`] makes it from a seed and a day, the same each time, in the shape that
//! real receivables have: few customers with most of the sales, payment a little early or
//! late and now and then very late, weekends, duplicates, customer numbers in several
//! spellings. [`fill`] records it through the use cases that the API calls, so that nothing
//! here can be in the books that a caller could not have brought there.
//!
//! Names and figures are invented. What must not be here: SQL, wire types, floats.

mod book;
mod cases;
mod chance;
mod contacts;
mod customers;
mod facts;
mod fill;
mod gifts;
mod names;
mod payments;
mod people;
mod rates;
mod sales;
#[cfg(test)]
mod tests;

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::domain::dates::month_end;
use crate::domain::document::{DocumentKey, Draft};
use crate::domain::money::Money;
use crate::domain::names::AccountRef;
use crate::domain::rates::Quote;
use crate::domain::receivables::DisputeOutcome;

use book::Book;
use chance::Chance;
pub use customers::Customer;
pub use fill::{Filled, fill};

/// The source system of documents and customers. Its customer numbers are digits, exported with
/// and without leading zeros.
pub const SOURCE_SYSTEM: &str = "ERP";
/// Our legal entity at home, which invoices in dollars.
pub const HOME_COMPANY: &str = "1000";
/// The sister company, which invoices in euros.
pub const EURO_COMPANY: &str = "2000";

/// Fewer customers could not play all parts.
const CUSTOMERS_MIN: usize = 12;

/// What is to be generated. The same plan gives the same company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    /// The first day that nothing is known of: the books end on the eve.
    pub today: NaiveDate,
    /// At least 12.
    pub customers: usize,
    /// About so many; the shape needs five per customer or more.
    pub invoices: usize,
    /// How far back the books go.
    pub months: u32,
}

impl Plan {
    /// The company of `ballast demo`: 150 customers, 2,000 invoices, 18 months.
    pub fn demo(today: NaiveDate) -> Self {
        Self { seed: 4711, today, customers: 150, invoices: 2_000, months: 18 }
    }

    /// First day of the books.
    pub fn start(&self) -> NaiveDate {
        self.today.checked_sub_months(Months::new(self.months)).unwrap_or(self.today)
    }

    /// Last day of the books.
    pub fn eve(&self) -> NaiveDate {
        self.today.checked_sub_days(Days::new(1)).unwrap_or(self.today)
    }

    /// The evening on which what happened on a day is recorded: the last of its month, or the
    /// eve of today.
    pub fn evening(&self, day: NaiveDate) -> NaiveDate {
        month_end(day).min(self.eve())
    }

    /// The evening after that: when late papers of the day come in.
    pub fn late_evening(&self, day: NaiveDate) -> NaiveDate {
        let next = self.evening(day).checked_add_days(Days::new(1));
        self.evening(next.unwrap_or(day).min(self.eve()))
    }

    /// The last end of a quarter after which something was recorded.
    pub fn quarter_end(&self) -> NaiveDate {
        let eve = self.eve();
        let first = eve.with_day(1).and_then(|day| day.with_month(eve.month0() / 3 * 3 + 1));
        sales::before(first.unwrap_or(eve), 1)
    }
}

/// The generated company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    pub plan: Plan,
    /// The largest first.
    pub customers: Vec<Customer>,
    /// By day.
    pub deliveries: Vec<Delivery>,
    disputed_invoice: DocumentKey,
}

/// What is recorded on one evening, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    pub day: NaiveDate,
    pub rates: Vec<Quote>,
    pub documents: Vec<Draft<AccountRef>>,
    pub facts: Vec<Fact>,
}

/// Something about an invoice that is no document of the source system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    Dispute { invoice: DocumentKey, reason_code: &'static str, open_date: NaiveDate },
    DisputeEnd { invoice: DocumentKey, outcome: DisputeOutcome, resolve_date: NaiveDate },
    Promise { invoice: DocumentKey, amount: Money, promise_date: NaiveDate, pay_by: NaiveDate },
    WriteOff { invoice: DocumentKey, posting_date: NaiveDate, reason: &'static str },
}

impl Fact {
    /// The invoice it is about.
    pub fn invoice(&self) -> &DocumentKey {
        match self {
            Self::Dispute { invoice, .. }
            | Self::DisputeEnd { invoice, .. }
            | Self::Promise { invoice, .. }
            | Self::WriteOff { invoice, .. } => invoice,
        }
    }
}

impl Company {
    /// Makes the company that the plan describes.
    pub fn generate(plan: Plan) -> Self {
        let plan = Plan { customers: plan.customers.max(CUSTOMERS_MIN), ..plan };
        let mut chance = Chance::new(plan.seed);
        let customers = customers::all(plan.customers, &mut chance);
        let mut book = Book::new(plan);
        book.rates(rates::weekly(&plan, &mut chance));
        let invoices = sales::invoices(&plan, &customers, &mut chance);
        let payments = payments::plan(&plan, &customers, &invoices, &mut chance);
        sales::deliver(&mut book, &customers, &invoices, &mut chance);
        payments::deliver(&mut book, &customers, &invoices, &payments, &mut chance);
        facts::deliver(&mut book, &invoices, &payments);
        let disputed_invoice = cases::deliver(&mut book, &customers);
        Self { plan, customers, deliveries: book.finish(), disputed_invoice }
    }

    /// Owes in two currencies, disputes, promises, retains: has an example of everything.
    pub fn featured(&self) -> &Customer {
        &self.customers[customers::FEATURED]
    }

    /// Head of a group two levels deep.
    pub fn holding(&self) -> &Customer {
        &self.customers[customers::HOLDING]
    }

    /// An invoice of the featured customer that is disputed.
    pub fn disputed_invoice(&self) -> &DocumentKey {
        &self.disputed_invoice
    }

    /// Buys most.
    pub fn biggest(&self) -> &Customer {
        &self.customers[0]
    }
}
