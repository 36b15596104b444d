//! What source systems say of whether their documents are cleared: what was said last counts, and
//! the documents that were made because of it.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Books, Cause, Item, KnownKey, NewDocument, Payment, content_hash};
use crate::domain::document::{
    BaselineDates, ClearingInstruction, DocumentKey, Draft, OWN_SOURCE_SYSTEM,
};
use crate::domain::error::Result;
use crate::domain::item::{DocumentKind, Side};
use crate::domain::money::to_minor;
use crate::domain::rates::UsedRate;

/// What was said of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownStatus {
    pub key: DocumentKey,
    /// The day that the source was of.
    pub as_of: NaiveDate,
    /// Since when it is cleared; `None`: it is open.
    pub clearing_date: Option<NaiveDate>,
    /// The import that said so, and at whose finish it is done.
    pub import_id: String,
    pub due: bool,
    /// The document that was made to settle it.
    pub settled_by: Option<Uuid>,
    /// Why it could not be done, as stored; else empty.
    pub fault: String,
}

/// A document that was made to settle another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    pub document: Uuid,
    pub clearing: Option<Uuid>,
    /// What was open and is settled; positive.
    pub amount: i64,
    /// It was owed.
    pub is_debit: bool,
}

impl Books {
    /// Settles what is open of a document from a day on, by a document made for it; `None` if
    /// nothing is. Its items are loaded, and the day is not before its posting date.
    ///
    /// # Errors
    /// `PERIOD_CLOSED`; then nothing was changed.
    pub fn settle_rest(&mut self, known: &KnownKey, day: NaiveDate) -> Result<Option<Settled>> {
        let open: Vec<(Item, i64)> = self
            .items_of(known.document)
            .into_iter()
            .filter_map(|id| self.item(id))
            .map(|tracked| (tracked.item.clone(), tracked.available(day)))
            .filter(|(_, open)| *open > 0)
            .collect();
        let Some((first, _)) = open.first() else { return Ok(None) };
        self.check_period(&first.company_code, day)?;
        let is_debit = first.is_debit();
        let amount = to_minor(open.iter().map(|(_, open)| i128::from(*open)).sum())?;
        let document = Uuid::now_v7();
        let draft = settling(known, first, document, amount, day);
        let hash = content_hash(&draft)?;
        let own =
            self.post(NewDocument { id: document, draft, content_hash: hash, returns: None })?;
        let pairs = own.into_iter().flat_map(|own| open.iter().map(move |of| (own, of)));
        let payments: Vec<Payment> = pairs
            .map(|(own, (item, open))| {
                let (credit, debit) = if is_debit { (own, item.id) } else { (item.id, own) };
                Payment { credit, debit, amount: Some(*open), credit_amount: None }
            })
            .collect();
        let cause = Cause { document, ..Cause::PERSON };
        let clearing = self.clear(cause, day, &payments, &no_rate)?;
        Ok(Some(Settled { document, clearing, amount, is_debit }))
    }
}

fn no_rate(
    _: crate::domain::money::Currency,
    _: crate::domain::money::Currency,
    _: NaiveDate,
) -> Option<UsedRate> {
    None
}

/// The key of a document that was made to settle one of that company.
pub fn settling_key(company_code: &str, document: Uuid) -> DocumentKey {
    DocumentKey {
        source_system: OWN_SOURCE_SYSTEM.to_owned(),
        company_code: company_code.to_owned(),
        fiscal_year: 0,
        document_no: document.to_string(),
        line_no: String::new(),
    }
}

fn settling(
    known: &KnownKey,
    item: &Item,
    document: Uuid,
    amount: i64,
    day: NaiveDate,
) -> Draft<String> {
    let (kind, side) = match item.is_debit() {
        true => (DocumentKind::Receipt, Side::Credit),
        false => (DocumentKind::Refund, Side::Debit),
    };
    let number = &known.key.document_no;
    Draft {
        key: settling_key(&item.company_code, document),
        source_version: 0,
        kind,
        side,
        payer: item.account_id.clone(),
        sold_to: None,
        bill_to: None,
        document_date: day,
        posting_date: day,
        currency: item.currency,
        gross: amount,
        net: None,
        tax: None,
        instalments: Vec::new(),
        terms: None,
        baseline_dates: BaselineDates::default(),
        clears: ClearingInstruction::default(),
        adjustment_reason: None,
        // With its order a receipt would be an advance on it.
        order_ref: String::new(),
        contract_ref: String::new(),
        project_ref: String::new(),
        note: format!("{number} is cleared in its source system").into(),
    }
}
