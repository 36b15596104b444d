//! Documents as they are asked to be posted, and the rules a single one must meet.

mod difference;
mod notice;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::currency::withdrawn;
use super::error::{Reason, Violation};
use super::item::{AdjustmentReason, DocumentKind, Side};
use super::money::{Currency, Money};
use super::names::OrderKey;
use super::personal::{self, Personal};
use super::stored::stored_enum;
use super::terms::{Baseline, Instalment, InstalmentKind, PaymentTerms};

pub use notice::{Notice, NoticeCode};

/// Source system of documents that are made here (write-offs).
pub const OWN_SOURCE_SYSTEM: &str = "ballast";
/// Instalments of one document.
pub const MAX_INSTALMENTS: usize = 60;
/// Documents one document may name to clear.
pub const MAX_TARGETS: usize = 100;

/// The key of a document in its source system; absent parts are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DocumentKey {
    pub source_system: String,
    pub company_code: String,
    pub fiscal_year: i32,
    pub document_no: String,
    pub line_no: String,
}

impl DocumentKey {
    /// The order that a document of this key names: one of its own system and company.
    pub fn order(&self, order_ref: &str) -> OrderKey {
        OrderKey {
            system: self.source_system.clone(),
            company_code: self.company_code.clone(),
            order_ref: order_ref.to_owned(),
        }
    }
}

/// A document to be posted. `A` is how accounts are named: as in the request
/// ([`super::names::AccountRef`]), then by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft<A> {
    pub key: DocumentKey,
    pub source_version: i64,
    pub kind: DocumentKind,
    pub side: Side,
    pub payer: A,
    pub sold_to: Option<A>,
    pub bill_to: Option<A>,
    pub document_date: NaiveDate,
    pub posting_date: NaiveDate,
    pub currency: Currency,
    /// Positive, in minor units, whatever the side.
    pub gross: i64,
    pub net: Option<i64>,
    pub tax: Option<i64>,
    /// As given; [`Draft::parts`] has what counts.
    pub instalments: Vec<Instalment>,
    pub terms: Option<PaymentTerms>,
    pub baseline_dates: BaselineDates,
    pub clears: ClearingInstruction,
    pub adjustment_reason: Option<AdjustmentReason>,
    pub order_ref: String,
    pub contract_ref: String,
    pub project_ref: String,
    /// What is said of a document is compared by the hash of its JSON; its row exposes the note.
    #[serde(serialize_with = "personal::digest::serialize", skip_deserializing)]
    pub note: Personal,
}

/// Dates of the events that terms count from, as far as they have happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineDates {
    pub delivery: Option<NaiveDate>,
    pub tax_invoice_receipt: Option<NaiveDate>,
    pub acceptance: Option<NaiveDate>,
    pub statement: Option<NaiveDate>,
}

/// What a document settles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearingInstruction {
    pub targets: Vec<ClearingTarget>,
    pub oldest_first: bool,
}

impl ClearingInstruction {
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty() && !self.oldest_first
    }
}

/// A document to settle, and how much of it, in its own currency: `None` is as much as both
/// sides have open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearingTarget {
    pub key: DocumentKey,
    pub amount: Option<Money>,
}

stored_enum! {
    /// What became of a document that was posted.
    pub enum PostOutcome {
        Posted => "POSTED",
        AlreadyPosted => "ALREADY_POSTED",
        Revised => "REVISED",
        Superseded => "SUPERSEDED",
        AlreadyReversed => "ALREADY_REVERSED",
        Refused => "REFUSED",
    }
}

stored_enum! {
    /// How a document stopped counting.
    pub enum EndState {
        Reversed => "REVERSED",
        Superseded => "SUPERSEDED",
    }
}

/// What became of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostResult {
    pub outcome: PostOutcome,
    pub account_id: String,
    pub document_id: Uuid,
    /// Documents it names that are still missing.
    pub waiting_for: Vec<DocumentKey>,
    pub clearings: Vec<Uuid>,
    /// What was taken and may be a mistake.
    #[serde(default)]
    pub notices: Vec<Notice>,
}

impl<A> Draft<A> {
    /// Names the accounts in another way.
    pub fn map_accounts<B>(self, mut name: impl FnMut(A) -> B) -> Draft<B> {
        Draft {
            key: self.key,
            source_version: self.source_version,
            kind: self.kind,
            side: self.side,
            payer: name(self.payer),
            sold_to: self.sold_to.map(&mut name),
            bill_to: self.bill_to.map(&mut name),
            document_date: self.document_date,
            posting_date: self.posting_date,
            currency: self.currency,
            gross: self.gross,
            net: self.net,
            tax: self.tax,
            instalments: self.instalments,
            terms: self.terms,
            baseline_dates: self.baseline_dates,
            clears: self.clears,
            adjustment_reason: self.adjustment_reason,
            order_ref: self.order_ref,
            contract_ref: self.contract_ref,
            project_ref: self.project_ref,
            note: self.note,
        }
    }

    /// The date that its terms count from, if the event has happened.
    pub fn baseline_date(&self) -> Option<NaiveDate> {
        match self.terms.as_ref().map_or(Baseline::Document, |t| t.baseline) {
            Baseline::Document => Some(self.document_date),
            Baseline::Delivery => self.baseline_dates.delivery,
            Baseline::TaxInvoiceReceipt => self.baseline_dates.tax_invoice_receipt,
            Baseline::Acceptance => self.baseline_dates.acceptance,
            Baseline::Statement => self.baseline_dates.statement,
        }
    }

    /// The parts it leaves: the instalments given, those of its terms, or the whole at the
    /// document date. A credit is one part.
    pub fn parts(&self) -> Vec<Instalment> {
        let whole = || {
            vec![Instalment {
                kind: InstalmentKind::Normal,
                due_date: Some(self.document_date),
                amount_minor: self.gross,
                release_condition: None,
            }]
        };
        match (&self.terms, self.side) {
            (_, Side::Credit) => whole(),
            _ if !self.instalments.is_empty() => self.instalments.clone(),
            (Some(terms), Side::Debit) => terms.instalments(self.gross, self.baseline_date()),
            (None, Side::Debit) => whole(),
        }
    }

    /// The rules of a single document; `field` is its path in the request.
    pub fn violations(&self, field: &str) -> Vec<Violation> {
        let at = |name: &str| match field {
            "" => name.to_owned(),
            _ => format!("{field}.{name}"),
        };
        let mut found = Vec::new();
        let mut add = |name: &str, reason, text: &str| {
            found.push(Violation::new(at(name), reason, text));
        };
        if self.gross <= 0 {
            add("gross", Reason::AmountOutOfRange, "must be positive; the kind says which side");
        }
        if self.side != self.kind.default_side() && !self.kind.may_choose_side() {
            add("side", Reason::FieldInvalid, "is given by the kind of this document");
        }
        if self.net.is_some() || self.tax.is_some() {
            let parts = i128::from(self.net.unwrap_or(0)) + i128::from(self.tax.unwrap_or(0));
            if parts != i128::from(self.gross) {
                add("gross", Reason::NetTaxGrossMismatch, "must be net + tax");
            }
        }
        if self.key.source_system == OWN_SOURCE_SYSTEM {
            add("key.source_system", Reason::FieldInvalid, "is reserved for documents made here");
        }
        match (self.kind, self.adjustment_reason) {
            (DocumentKind::Adjustment, None) => {
                add("adjustment_reason", Reason::FieldRequired, "is required on an adjustment");
            }
            (DocumentKind::Adjustment, Some(_)) | (_, None) => {}
            (_, Some(_)) => {
                add("adjustment_reason", Reason::FieldInvalid, "is for adjustments only");
            }
        }
        if let Some(last) = self.currency.last_day().filter(|last| self.document_date > *last) {
            found.push(withdrawn(&at("gross.currency_code"), self.currency, last));
        }
        let mut add = |name: &str, reason, text: &str| {
            found.push(Violation::new(at(name), reason, text));
        };
        self.clearing_violations(&mut add);
        self.due_violations(&at, &mut found);
        found
    }

    fn clearing_violations(&self, add: &mut impl FnMut(&str, Reason, &str)) {
        if self.side == Side::Debit && !self.clears.is_empty() {
            add("clears", Reason::FieldInvalid, "is for credits; a debit is cleared by them");
        }
        if self.kind == DocumentKind::Recovery
            && (self.clears.targets.len() != 1 || self.clears.oldest_first)
        {
            add(
                "clears.targets",
                Reason::FieldRequired,
                "a recovery names the one document that was written off",
            );
        }
        if self.clears.targets.len() > MAX_TARGETS {
            add("clears.targets", Reason::TooManyElements, "at most 100");
        }
        for (i, target) in self.clears.targets.iter().enumerate() {
            if target.amount.is_some_and(|amount| amount.minor <= 0) {
                add(
                    &format!("clears.targets[{i}].amount"),
                    Reason::AmountOutOfRange,
                    "must be positive",
                );
            }
        }
    }

    fn due_violations(&self, at: &impl Fn(&str) -> String, found: &mut Vec<Violation>) {
        if let Some(terms) = &self.terms {
            found.extend(terms.validate(&at("terms")));
            if !self.instalments.is_empty() {
                found.push(Violation::new(
                    at("terms"),
                    Reason::FieldInvalid,
                    "give instalments or terms, not both",
                ));
            }
        }
        if self.instalments.is_empty() {
            return;
        }
        if self.side == Side::Credit {
            found.push(Violation::new(
                at("instalments"),
                Reason::FieldInvalid,
                "are for debits; a credit is open from its posting date",
            ));
        }
        if self.instalments.len() > MAX_INSTALMENTS {
            found.push(Violation::new(at("instalments"), Reason::TooManyElements, "at most 60"));
        }
        for (i, part) in self.instalments.iter().enumerate() {
            let part_at = |name: &str| at(&format!("instalments[{i}].{name}"));
            if part.amount_minor <= 0 {
                found.push(Violation::new(
                    part_at("amount"),
                    Reason::AmountOutOfRange,
                    "must be positive",
                ));
            }
            if part.due_date.is_none() && part.kind == InstalmentKind::Normal {
                found.push(Violation::new(
                    part_at("due_date"),
                    Reason::FieldRequired,
                    "is required, except on a retention",
                ));
            }
        }
        let total: i128 = self.instalments.iter().map(|p| i128::from(p.amount_minor)).sum();
        if total != i128::from(self.gross) {
            found.push(Violation::new(
                at("instalments"),
                Reason::InstalmentsMismatch,
                "must add up to the gross amount, to the last minor unit",
            ));
        }
    }
}
