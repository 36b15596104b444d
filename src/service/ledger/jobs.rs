//! Applying clearings that documents asked for: in the order of effective day and key, so that
//! the books don't depend on the order in which documents came.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::rates::Rates;
use crate::domain::books::{Books, KnownKey};
use crate::domain::document::{ClearingTarget, DocumentKey};
use crate::domain::error::{Error, Precondition, Reason, Result, Violation};
use crate::domain::item::DocumentKind;
use crate::domain::money::Currency;
use crate::domain::names::{self, child_name};
use crate::service::Settings;
use crate::store::{WaitingClearing, WriteTx};

/// What became of a clearing.
pub enum JobResult {
    /// The clearings made; none if nothing was open.
    Applied(Vec<Uuid>),
    /// The document it names is not there (or does not count any more).
    Missing,
    Failed(Error),
}

/// Clearings to be tried together, with everything they touch loaded.
struct Jobs<'a> {
    books: Books,
    rates: Rates,
    keys: HashMap<DocumentKey, KnownKey>,
    written_off: HashMap<Uuid, i64>,
    /// Open debits for payments that name nothing, by company and currency.
    debits: HashMap<(String, String, Currency), Vec<Uuid>>,
    settings: &'a Settings,
}

/// Tries the clearings and writes those that could be applied. The accounts are locked.
pub async fn run(
    tx: &mut WriteTx,
    settings: &Settings,
    closed: &HashMap<String, NaiveDate>,
    mut waiting: Vec<WaitingClearing>,
) -> Result<Vec<(WaitingClearing, JobResult)>> {
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let mut jobs = Jobs::load(tx, settings, closed, &waiting).await?;
    waiting.sort_by_cached_key(|w| jobs.order(w));
    let mut results = Vec::with_capacity(waiting.len());
    for clearing in waiting {
        let result = jobs.apply(&clearing);
        results.push((clearing, result));
    }
    let changes = jobs.books.take_changes()?;
    tx.write_changes(changes).await?;
    Ok(results)
}

impl<'a> Jobs<'a> {
    async fn load(
        tx: &WriteTx,
        settings: &'a Settings,
        closed: &HashMap<String, NaiveDate>,
        waiting: &[WaitingClearing],
    ) -> Result<Self> {
        let keys =
            tx.known_keys(waiting.iter().filter_map(|w| w.target.as_ref().map(|t| &t.key))).await?;
        let credits: Vec<Uuid> = waiting.iter().map(|w| w.document).collect();
        let targets: Vec<Uuid> = keys.values().map(|k| k.document).collect();
        let days = waiting.iter().map(|w| w.effective);
        let days: Vec<NaiveDate> = days.chain(keys.values().map(|k| k.posting_date)).collect();
        let floor = days.iter().min().copied().unwrap_or_default();
        let last = days.iter().max().copied().unwrap_or_default();
        let mut books = Books::new(closed.clone());
        books.load(tx.items_of(&credits, floor).await?);
        books.load(tx.items_of(&targets, floor).await?);
        let mut jobs = Self {
            books,
            rates: Rates::none(),
            keys,
            written_off: HashMap::new(),
            debits: HashMap::new(),
            settings,
        };
        jobs.load_debits(tx, waiting, floor).await?;
        jobs.load_written_off(tx, waiting).await?;
        jobs.load_rates(tx, waiting, floor, last).await?;
        Ok(jobs)
    }

    async fn load_debits(
        &mut self,
        tx: &WriteTx,
        waiting: &[WaitingClearing],
        floor: NaiveDate,
    ) -> Result<()> {
        for clearing in waiting.iter().filter(|w| w.target.is_none()) {
            let Some(book) = self.credit(clearing).map(|(_, book)| book) else { continue };
            if self.debits.contains_key(&book) {
                continue;
            }
            let (account, company, currency) = &book;
            let items = tx.open_debits(account, company, *currency, floor).await?;
            let ids = items.iter().map(|t| t.item.id).collect();
            self.books.load(items);
            self.debits.insert(book, ids);
        }
        Ok(())
    }

    async fn load_written_off(&mut self, tx: &WriteTx, waiting: &[WaitingClearing]) -> Result<()> {
        let mut items = Vec::new();
        for clearing in waiting {
            let recovers = self.credit(clearing).and_then(|(id, _)| self.books.item(id));
            if recovers.is_some_and(|t| t.item.kind == DocumentKind::Recovery) {
                items.extend(self.targets(clearing));
            }
        }
        if !items.is_empty() {
            self.written_off = tx.written_off(&items).await?.into_iter().collect();
        }
        Ok(())
    }

    async fn load_rates(
        &mut self,
        tx: &WriteTx,
        waiting: &[WaitingClearing],
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<()> {
        let mixed = waiting.iter().any(|w| {
            let Some((_, (.., currency))) = self.credit(w) else { return false };
            let target = w.target.as_ref().and_then(|t| self.keys.get(&t.key));
            target.is_some_and(|k| k.currency != currency)
        });
        if mixed {
            self.rates = Rates::load(tx, self.settings, first, last).await?;
        }
        Ok(())
    }

    /// The item of the credit, and whose books it is in.
    fn credit(&self, clearing: &WaitingClearing) -> Option<(Uuid, (String, String, Currency))> {
        let id = *self.books.items_of(clearing.document).first()?;
        let item = &self.books.item(id)?.item;
        Some((id, (item.account_id.clone(), item.company_code.clone(), item.currency)))
    }

    fn targets(&self, clearing: &WaitingClearing) -> Vec<Uuid> {
        let key = clearing.target.as_ref().and_then(|t| self.keys.get(&t.key));
        key.filter(|k| !k.reversed).map_or_else(Vec::new, |k| self.books.items_of(k.document))
    }

    /// The key that clearings are applied in the order of: nothing in it depends on when a
    /// document arrived.
    fn order(&self, w: &WaitingClearing) -> (NaiveDate, DocumentKey, i32) {
        let target = w.target.as_ref().and_then(|t| self.keys.get(&t.key));
        let day = target.map_or(w.effective, |k| k.posting_date.max(w.effective));
        (day, w.key.clone(), w.position)
    }

    fn apply(&mut self, clearing: &WaitingClearing) -> JobResult {
        let Some((credit, book)) = self.credit(clearing) else { return JobResult::Missing };
        let result = match &clearing.target {
            None => self.oldest_first(credit, &book),
            Some(target) => {
                let debits = self.targets(clearing);
                if debits.is_empty() {
                    return JobResult::Missing;
                }
                self.amount_of(target, &debits)
                    .and_then(|amount| self.settle(credit, &debits, amount))
                    .map(|clearing| clearing.into_iter().collect())
            }
        };
        match result {
            Ok(clearings) => JobResult::Applied(clearings),
            Err(error) => JobResult::Failed(error),
        }
    }

    /// How much of a target is to be settled; it is in the target's own currency.
    fn amount_of(&self, target: &ClearingTarget, debits: &[Uuid]) -> Result<Option<i64>> {
        let Some(amount) = target.amount else { return Ok(None) };
        let own = debits.first().and_then(|id| self.books.item(*id)).map(|t| t.item.currency);
        match own.filter(|own| *own != amount.currency) {
            None => Ok(Some(amount.minor)),
            Some(own) => Err(Error::invalid(
                "amount",
                Reason::CurrencyMismatch,
                format!("is in {}, the document to settle in {own}", amount.currency),
            )),
        }
    }

    fn settle(
        &mut self,
        credit: Uuid,
        debits: &[Uuid],
        amount: Option<i64>,
    ) -> Result<Option<Uuid>> {
        let kind = self.books.item(credit).map(|t| t.item.kind);
        let (rates, written_off) = (&self.rates, &self.written_off);
        self.books.attempt(|books| match kind {
            Some(DocumentKind::Recovery) => {
                let off: Vec<(Uuid, i64)> = debits
                    .iter()
                    .map(|id| (*id, written_off.get(id).copied().unwrap_or(0)))
                    .collect();
                books.recover(credit, &off, rates)
            }
            _ => books.clear_document(credit, debits, amount, rates),
        })
    }

    fn oldest_first(
        &mut self,
        credit: Uuid,
        book: &(String, String, Currency),
    ) -> Result<Vec<Uuid>> {
        let debits = self.debits.get(book).cloned().unwrap_or_default();
        let mut made = Vec::new();
        for debit in debits {
            if self.books.item(credit).is_none_or(|t| t.open() == 0) {
                break;
            }
            if let Some(id) = self.settle(credit, &[debit], None)? {
                made.push(id);
            }
        }
        Ok(made)
    }
}

/// The refusal of a clearing, naming the document that asked for it, which is the one at
/// `index` of the request.
pub fn named(error: Error, clearing: &WaitingClearing, index: usize) -> Error {
    let document = child_name(&clearing.account_id, names::DOCUMENTS, clearing.document);
    match error {
        Error::FailedPrecondition(list) => Error::FailedPrecondition(
            list.into_iter().map(|p| p.with("document", &document)).collect(),
        ),
        Error::Invalid(list) => Error::Invalid(
            list.into_iter()
                .map(|v| {
                    let at = clearing.position;
                    let field = format!("documents[{index}].clears.targets[{at}].{}", v.field);
                    Violation { field, ..v }
                })
                .collect(),
        ),
        other => other,
    }
}

/// Whether the credit of a clearing is a recovery.
pub async fn is_recovery(tx: &WriteTx, clearing: &WaitingClearing) -> Result<bool> {
    let draft = tx.drafts(&[clearing.document]).await?.remove(&clearing.document);
    Ok(draft.is_some_and(|d| d.kind == DocumentKind::Recovery))
}

/// A recovery must find what was written off at once: it never waits.
pub fn recovery_without_target(clearing: &WaitingClearing) -> Error {
    Precondition::new(
        Reason::RecoveryExceedsWriteOff,
        child_name(&clearing.account_id, names::DOCUMENTS, clearing.document),
        "the document it names was not written off",
    )
    .into()
}
