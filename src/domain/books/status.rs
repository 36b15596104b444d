//! What source systems say of whether their documents are cleared: what was said last counts, and
//! the documents that were made because of it.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Books, Cause, KnownKey, NewDocument, Payment, TrackedItem, content_hash, made_here};
use crate::domain::document::DocumentKey;
use crate::domain::error::Result;
use crate::domain::item::DocumentKind;
use crate::domain::money::{Currency, to_minor};
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
    /// The last import of a complete list that named it; empty: none.
    pub listed_by: String,
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
    /// Settles what is open of a document by a document made for it; `None` if nothing is. It does
    /// from `day` on, or from the first later day on which that leaves nothing open: what settled
    /// it before may have been taken back with a later date. Its items are loaded, and the day is
    /// not before its posting date.
    ///
    /// # Errors
    /// `PERIOD_CLOSED`; then nothing was changed.
    pub fn settle_rest(&mut self, known: &KnownKey, day: NaiveDate) -> Result<Option<Settled>> {
        let items = self.tracked_items(known.document);
        let first = items.first().map(|tracked| tracked.item.clone());
        let Some(first) = first.filter(|_| items.iter().any(|item| item.open() != 0)) else {
            return Ok(None);
        };
        let later = items.iter().flat_map(|tracked| tracked.days_after(day));
        let days: BTreeSet<NaiveDate> = later.chain([day]).collect();
        let all_of_it = |on: NaiveDate| items.iter().all(|of| of.available(on) == of.open().abs());
        let day = days.into_iter().find(|on| all_of_it(*on)).unwrap_or(day);
        let open: Vec<(Uuid, i64)> = items
            .iter()
            .map(|tracked| (tracked.item.id, tracked.available(day)))
            .filter(|(_, open)| *open > 0)
            .collect();
        self.check_period(&first.company_code, day)?;
        let is_debit = first.is_debit();
        let kind = if is_debit { DocumentKind::Receipt } else { DocumentKind::Refund };
        let amount = to_minor(open.iter().map(|(_, open)| i128::from(*open)).sum())?;
        let document = Uuid::now_v7();
        let note = format!("{} is cleared in its source system", known.key.document_no);
        let draft = made_here(document, kind, &first, amount, day, note);
        let hash = content_hash(&draft)?;
        let own =
            self.post(NewDocument { id: document, draft, content_hash: hash, returns: None })?;
        let pairs = own.into_iter().flat_map(|own| open.iter().map(move |of| (own, of)));
        let payments: Vec<Payment> = pairs
            .map(|(own, (item, open))| {
                let (credit, debit) = if is_debit { (own, *item) } else { (*item, own) };
                Payment { credit, debit, amount: Some(*open), credit_amount: None }
            })
            .collect();
        let cause = Cause { document, ..Cause::PERSON };
        let clearing = self.clear(cause, day, &payments, &no_rate)?;
        Ok(Some(Settled { document, clearing, amount, is_debit }))
    }

    /// Whether nothing is open of a document on that day or a later one.
    pub fn is_settled_from(&self, document: Uuid, day: NaiveDate) -> bool {
        !self.tracked_items(document).iter().any(|tracked| tracked.is_open_from(day))
    }

    fn tracked_items(&self, document: Uuid) -> Vec<&TrackedItem> {
        self.items_of(document).into_iter().filter_map(|id| self.item(id)).collect()
    }
}

/// Both sides have one currency.
fn no_rate(_: Currency, _: Currency, _: NaiveDate) -> Option<UsedRate> {
    None
}
