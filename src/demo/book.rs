//! Papers on their way into the books: which comes on which evening, under which number.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::customers::Customer;
use super::{Delivery, Fact, Plan, SOURCE_SYSTEM};
use crate::domain::document::{BaselineDates, ClearingInstruction, DocumentKey, Draft};
use crate::domain::item::DocumentKind;
use crate::domain::money::Currency;
use crate::domain::names::AccountRef;
use crate::domain::rates::Quote;

/// Collects deliveries.
pub struct Book {
    pub plan: Plan,
    deliveries: BTreeMap<NaiveDate, Delivery>,
    /// The last number given, by first digits.
    numbers: BTreeMap<&'static str, u64>,
}

impl Book {
    pub fn new(plan: Plan) -> Self {
        Self { plan, deliveries: BTreeMap::new(), numbers: BTreeMap::new() }
    }

    fn evening(&mut self, day: NaiveDate) -> &mut Delivery {
        self.deliveries.entry(day).or_insert_with(|| Delivery { day, ..Delivery::default() })
    }

    /// Quotes come on the evening of their day.
    pub fn rates(&mut self, quotes: Vec<Quote>) {
        for quote in quotes {
            let evening = self.plan.evening(quote.date);
            self.evening(evening).rates.push(quote);
        }
    }

    /// Recorded with the month it is posted in.
    pub fn document(&mut self, draft: Draft<AccountRef>) {
        let evening = self.plan.evening(draft.posting_date);
        self.evening(evening).documents.push(draft);
    }

    /// Recorded a month late.
    pub fn late_document(&mut self, draft: Draft<AccountRef>) {
        let evening = self.plan.late_evening(draft.posting_date);
        self.evening(evening).documents.push(draft);
    }

    /// Recorded with the month of the day.
    pub fn fact(&mut self, day: NaiveDate, fact: Fact) {
        let evening = self.plan.evening(day);
        self.evening(evening).facts.push(fact);
    }

    /// The next document number that begins with these digits.
    pub fn key(
        &mut self,
        digits: &'static str,
        customer: &Customer,
        date: NaiveDate,
    ) -> DocumentKey {
        let number = self.numbers.entry(digits).or_default();
        *number += 1;
        DocumentKey {
            source_system: SOURCE_SYSTEM.into(),
            company_code: customer.company_code.into(),
            fiscal_year: date.year(),
            document_no: format!("{digits}{number:0width$}", width = 10 - digits.len()),
            line_no: String::new(),
        }
    }

    pub fn finish(self) -> Vec<Delivery> {
        self.deliveries.into_values().collect()
    }
}

/// A document with nothing but what every document has.
pub fn draft(
    kind: DocumentKind,
    key: DocumentKey,
    payer: AccountRef,
    date: NaiveDate,
    currency: Currency,
    gross: i64,
) -> Draft<AccountRef> {
    Draft {
        key,
        source_version: 0,
        kind,
        side: kind.default_side(),
        payer,
        sold_to: None,
        bill_to: None,
        document_date: date,
        posting_date: date,
        currency,
        gross,
        net: None,
        tax: None,
        instalments: Vec::new(),
        terms: None,
        baseline_dates: BaselineDates::default(),
        clears: ClearingInstruction::default(),
        adjustment_reason: None,
        order_ref: String::new(),
        contract_ref: String::new(),
        project_ref: String::new(),
        note: Default::default(),
    }
}
