//! Doing what documents ask to be cleared: in the order of effective day and key, so that the
//! books don't depend on the order in which documents came.

use std::collections::{BTreeSet, HashMap, VecDeque};

use chrono::NaiveDate;
use uuid::Uuid;

use super::rates::Rates;
use super::rivals::Component;
use super::{event, merged};
use crate::domain::books::{ActiveAllocation, Books, ClearingRequest, KnownKey, RequestState};
use crate::domain::document::{ClearingTarget, DocumentKey};
use crate::domain::error::{Error, Precondition, Reason, Result, Violation};
use crate::domain::event::EventType;
use crate::domain::item::DocumentKind;
use crate::domain::merge_sets::MergeSets;
use crate::domain::money::Currency;
use crate::domain::names::{self, child_name};
use crate::service::Settings;
use crate::store::WriteTx;

/// What became of a request.
#[derive(Debug)]
pub enum Tried {
    /// The clearings made; none if nothing was open.
    Applied(Vec<Uuid>),
    /// The document it names is not there (or does not count any more).
    Missing,
    Failed(Error),
}

/// The requests that were tried, with what became of each.
type Outcomes = Vec<(ClearingRequest, Tried)>;

/// Open debits that are looked at for the payments of one step, if there is nothing to be made
/// anew; if the payments reach further, they are tried again with all.
const DEBITS_LOOKED_AT: u64 = 1_000;

/// Debits of a book, oldest due first; those that nothing is open of any more fall out in front.
#[derive(Debug, Clone, Default)]
struct OpenDebits {
    ids: VecDeque<Uuid>,
    /// There are more.
    is_cut: bool,
    /// A payment came to the end of them and has something left.
    ran_dry: bool,
}

/// Requests to be tried together, with everything they touch loaded.
#[derive(Debug, Clone)]
pub(super) struct Settling<'a> {
    pub books: Books,
    rates: Rates,
    pub keys: HashMap<DocumentKey, KnownKey>,
    written_off: HashMap<Uuid, i64>,
    /// Open debits for payments that name nothing, by company and currency.
    debits: HashMap<(String, String, Currency), OpenDebits>,
    /// What each request has settled already, in the currency of its target.
    settled: HashMap<Uuid, i64>,
    settings: &'a Settings,
}

/// Tries the requests, writes what could be done, and notes where each of them stands now. The
/// accounts are locked, with those that they were ever merged with.
///
/// With `displace`, what imports brought is settled as if all of it had come at once: a request
/// takes back what later ones of the same books took before it came ([`Component`]).
pub(super) async fn settle(
    tx: &mut WriteTx,
    settings: &Settings,
    sets: &MergeSets,
    requests: Vec<ClearingRequest>,
    displace: bool,
) -> Result<Outcomes> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let component = Component::of(tx, sets, requests, displace).await?;
    let looked_at = component.removable.is_empty().then_some(DEBITS_LOOKED_AT);
    let (mut settling, mut tried, mut displaced) =
        try_component(tx, settings, sets, component.clone(), looked_at).await?;
    if settling.debits.values().any(|debits| debits.ran_dry && debits.is_cut) {
        (settling, tried, displaced) = try_component(tx, settings, sets, component, None).await?;
    }
    for (request, outcome) in &tried {
        if let Some(state) = settling.state(request, outcome) {
            settling.books.note_request(request.id, state);
        }
    }
    let changes = settling.books.take_changes()?;
    tx.write_changes(changes).await?;
    tx.publish(event::clearings(EventType::ClearingReset, &displaced)).await?;
    Ok(tried)
}

/// Tries the requests of a component in memory, with so many of the open debits of a book; answers
/// also the clearings that they took something from, with their accounts.
async fn try_component<'a>(
    tx: &WriteTx,
    settings: &'a Settings,
    sets: &MergeSets,
    component: Component,
    looked_at: Option<u64>,
) -> Result<(Settling<'a>, Outcomes, Vec<(String, Uuid)>)> {
    let mut settling = Settling::load(tx, settings, sets, &component, looked_at).await?;
    let Component { mut requests, mut removable, .. } = component;
    requests.sort_by_cached_key(|request| request.place(&settling.keys));
    settling.keep_fixed(&mut removable);
    let mut tried = Vec::with_capacity(requests.len());
    let mut displaced = Vec::new();
    if !removable.is_empty() {
        let contested = |request: &ClearingRequest| {
            let credit = settling.credit(request);
            request.is_imported() && credit.is_some_and(|(id, _)| settling.may_be_displaced(id))
        };
        let (contested, others) = requests.into_iter().partition(contested);
        requests = others;
        // What is settled and stays as it is has nothing left to be tried.
        requests.retain(|request| request.state != RequestState::Settled);
        (tried, displaced) = settling.replay(contested, &removable)?;
    }
    tried.extend(settling.try_all(requests));
    Ok((settling, tried, displaced))
}

impl<'a> Settling<'a> {
    async fn load(
        tx: &WriteTx,
        settings: &'a Settings,
        sets: &MergeSets,
        component: &Component,
        looked_at: Option<u64>,
    ) -> Result<Self> {
        let Component { requests, keys, removable, fixed } = component;
        let credits: Vec<Uuid> = requests.iter().map(|r| r.document).collect();
        let targets: Vec<Uuid> = keys.values().map(|k| k.document).collect();
        let days = requests.iter().map(|r| r.effective);
        let days = days.chain(keys.values().map(|k| k.posting_date));
        let days = days.chain(removable.iter().map(|allocation| allocation.apply_date));
        let days: Vec<NaiveDate> = days.collect();
        let floor = days.iter().min().copied().unwrap_or_default();
        let last = days.iter().max().copied().unwrap_or_default();
        let companies = requests.iter().map(|r| r.key.company_code.clone());
        let closed = tx.closed_periods(companies).await?;
        let mut books = Books::new(closed).joining(sets.clone());
        books.load(tx.items_of(&credits, floor).await?);
        books.load(tx.items_of(&targets, floor).await?);
        let touched: Vec<Uuid> = removable
            .iter()
            .flat_map(|allocation| [allocation.row.credit_item, allocation.row.debit_item])
            .filter(|item| books.item(*item).is_none())
            .collect();
        books.load(tx.items(&touched, floor).await?);
        let mut settled: HashMap<Uuid, i64> = HashMap::new();
        for allocation in fixed {
            *settled.entry(allocation.cause.request).or_default() += allocation.row.amount;
        }
        let mut settling = Self {
            books,
            rates: Rates::none(),
            keys: keys.clone(),
            written_off: HashMap::new(),
            debits: HashMap::new(),
            settled,
            settings,
        };
        settling.load_debits(tx, sets, component, floor, looked_at).await?;
        settling.load_written_off(tx, requests).await?;
        settling.load_rates(tx, requests, floor, last).await?;
        Ok(settling)
    }

    async fn load_debits(
        &mut self,
        tx: &WriteTx,
        sets: &MergeSets,
        component: &Component,
        floor: NaiveDate,
        looked_at: Option<u64>,
    ) -> Result<()> {
        let also: Vec<Uuid> = component.removable.iter().map(|a| a.row.debit_item).collect();
        for request in component.requests.iter().filter(|r| r.target.is_none()) {
            let Some(book) = self.credit(request).map(|(_, book)| book) else { continue };
            if self.debits.contains_key(&book) {
                continue;
            }
            let (account, company, currency) = &book;
            let accounts = sets.counting_as(account);
            let book_of = (company.as_str(), *currency);
            let items =
                merged::open_debits(tx, &accounts, book_of, floor, &also, looked_at).await?;
            let ids: VecDeque<Uuid> = items.iter().map(|t| t.item.id).collect();
            let is_cut = looked_at.is_some_and(|limit| ids.len() as u64 >= limit);
            self.books.load(items);
            self.debits.insert(book, OpenDebits { ids, is_cut, ran_dry: false });
        }
        Ok(())
    }

    async fn load_written_off(&mut self, tx: &WriteTx, requests: &[ClearingRequest]) -> Result<()> {
        let mut items = Vec::new();
        for request in requests {
            let recovers = self.credit(request).and_then(|(id, _)| self.books.item(id));
            if recovers.is_some_and(|t| t.item.kind == DocumentKind::Recovery) {
                items.extend(self.targets(request));
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
        requests: &[ClearingRequest],
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<()> {
        let mixed = requests.iter().any(|r| {
            let Some((_, (.., currency))) = self.credit(r) else { return false };
            let target = r.target.as_ref().and_then(|t| self.keys.get(&t.key));
            target.is_some_and(|k| k.currency != currency)
        });
        if mixed {
            self.rates = Rates::load(tx, self.settings, first, last).await?;
        }
        Ok(())
    }

    /// The item of the credit, and whose books it is in.
    fn credit(&self, request: &ClearingRequest) -> Option<(Uuid, (String, String, Currency))> {
        let id = *self.books.items_of(request.document).first()?;
        let item = &self.books.item(id)?.item;
        Some((id, (item.account_id.clone(), item.company_code.clone(), item.currency)))
    }

    fn targets(&self, request: &ClearingRequest) -> Vec<Uuid> {
        let key = request.target.as_ref().and_then(|t| self.keys.get(&t.key));
        key.filter(|k| !k.reversed).map_or_else(Vec::new, |k| self.books.items_of(k.document))
    }

    /// Takes out what may not be made anew: it counts as settled.
    fn keep_fixed(&mut self, removable: &mut Vec<ActiveAllocation>) {
        removable.retain(|allocation| {
            let may = self.may_be_displaced(allocation.row.credit_item);
            if !may {
                let settled = self.settled.entry(allocation.cause.request).or_default();
                *settled += allocation.row.amount;
            }
            may
        });
    }

    /// What was written off and recovered rests on each other, and stays as it is.
    fn may_be_displaced(&self, credit: Uuid) -> bool {
        let kind = self.books.item(credit).map(|tracked| tracked.item.kind);
        !matches!(kind, Some(DocumentKind::WriteOff | DocumentKind::Recovery))
    }

    fn try_all(&mut self, requests: Vec<ClearingRequest>) -> Outcomes {
        let mut tried = Vec::with_capacity(requests.len());
        for request in requests {
            let outcome = self.attempt(&request);
            tried.push((request, outcome));
        }
        tried
    }

    /// Tries the requests as if the removable allocations had not been made yet, and changes
    /// only what comes out differently. Answers also the clearings it took something from, with
    /// their accounts.
    fn replay(
        &mut self,
        requests: Vec<ClearingRequest>,
        removable: &[ActiveAllocation],
    ) -> Result<(Outcomes, Vec<(String, Uuid)>)> {
        const REASON: &str = "an earlier document of a later import settles it";
        let mut trial = self.clone();
        for allocation in removable {
            trial.books.reset(allocation, allocation.apply_date, REASON)?;
        }
        let mut tried = trial.try_all(requests);
        let (kept, made) = trial.books.compare(removable);
        let mut displaced = BTreeSet::new();
        for allocation in removable.iter().filter(|a| !kept.contains(&a.id)) {
            self.books.reset(allocation, allocation.apply_date, REASON)?;
            displaced.insert((allocation.account_id.clone(), allocation.id.clearing));
        }
        let mut ids: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for clearing in made {
            ids.entry(clearing.cause.request).or_default().push(clearing.id);
            self.books.place(clearing)?;
        }
        // Its open amounts are the same now, with fewer entries.
        for (request, outcome) in &mut tried {
            if let Tried::Applied(clearings) = outcome {
                *clearings = ids.remove(&request.id).unwrap_or_default();
            }
        }
        self.settled = trial.settled;
        Ok((tried, displaced.into_iter().collect()))
    }

    fn attempt(&mut self, request: &ClearingRequest) -> Tried {
        let Some((credit, book)) = self.credit(request) else { return Tried::Missing };
        let result = match &request.target {
            None => self.oldest_first(request.id, credit, &book),
            Some(target) => {
                let debits = self.targets(request);
                if debits.is_empty() {
                    return Tried::Missing;
                }
                self.amount_of(target, &debits).and_then(|amount| match amount {
                    Some(amount) => self.rest_of(request.id, credit, &debits, amount),
                    None => self.clear(request.id, credit, &debits, None),
                })
            }
        };
        match result {
            Ok(clearings) => Tried::Applied(clearings),
            Err(error) => Tried::Failed(error),
        }
    }

    /// What is left to be settled of the amount that was named.
    fn rest_of(
        &mut self,
        request: Uuid,
        credit: Uuid,
        debits: &[Uuid],
        amount: i64,
    ) -> Result<Vec<Uuid>> {
        let settled = self.settled.get(&request).copied().unwrap_or(0);
        if settled >= amount {
            return Ok(Vec::new());
        }
        let made = self.clear(request, credit, debits, Some(amount - settled))?;
        self.settled.insert(request, amount);
        Ok(made)
    }

    /// Where a request stands after it was tried; `None`: it could not be done, for a reason
    /// that is told apart.
    fn state(&self, request: &ClearingRequest, outcome: &Tried) -> Option<RequestState> {
        match outcome {
            Tried::Failed(_) => None,
            Tried::Missing => Some(RequestState::Waiting),
            Tried::Applied(_) => {
                let open = self.credit(request).and_then(|(id, _)| self.books.item(id));
                let exhausted = open.is_none_or(|tracked| tracked.open() == 0);
                let amount = request.target.as_ref().and_then(|target| target.amount);
                let settled = self.settled.get(&request.id).copied().unwrap_or(0);
                let reached = amount.is_some_and(|amount| settled >= amount.minor);
                let done = exhausted || reached;
                Some(if done { RequestState::Settled } else { RequestState::Waiting })
            }
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

    fn clear(
        &mut self,
        request: Uuid,
        credit: Uuid,
        debits: &[Uuid],
        amount: Option<i64>,
    ) -> Result<Vec<Uuid>> {
        let kind = self.books.item(credit).map(|t| t.item.kind);
        let (rates, written_off) = (&self.rates, &self.written_off);
        let made = self.books.attempt(|books| match kind {
            Some(DocumentKind::Recovery) => {
                let off: Vec<(Uuid, i64)> = debits
                    .iter()
                    .map(|id| (*id, written_off.get(id).copied().unwrap_or(0)))
                    .collect();
                books.recover(request, credit, &off, rates)
            }
            _ => books.clear_document(request, credit, debits, amount, rates),
        })?;
        if kind == Some(DocumentKind::WriteOff) {
            for row in made.iter().flat_map(|id| self.books.made(*id)) {
                *self.written_off.entry(row.debit_item).or_default() += row.amount;
            }
        }
        Ok(made.into_iter().collect())
    }

    fn oldest_first(
        &mut self,
        request: Uuid,
        credit: Uuid,
        book: &(String, String, Currency),
    ) -> Result<Vec<Uuid>> {
        let mut debits = self.debits.remove(book).unwrap_or_default();
        let made = self.through(request, credit, &mut debits);
        self.debits.insert(book.clone(), debits);
        made
    }

    fn through(
        &mut self,
        request: Uuid,
        credit: Uuid,
        debits: &mut OpenDebits,
    ) -> Result<Vec<Uuid>> {
        let is_open =
            |books: &Books, id: Uuid| books.item(id).is_some_and(|tracked| tracked.open() != 0);
        let mut made = Vec::new();
        let mut at = 0;
        while is_open(&self.books, credit) {
            let Some(debit) = debits.ids.get(at).copied() else {
                debits.ran_dry = true;
                break;
            };
            if is_open(&self.books, debit) {
                made.extend(self.clear(request, credit, &[debit], None)?);
            }
            match at == 0 && !is_open(&self.books, debit) {
                true => drop(debits.ids.pop_front()),
                false => at += 1,
            }
        }
        Ok(made)
    }
}

/// The refusal of a request, naming the document that asks, which is the one at
/// `index` of the request.
pub fn named(error: Error, request: &ClearingRequest, index: usize) -> Error {
    let document = child_name(&request.account_id, names::DOCUMENTS, request.document);
    match error {
        Error::FailedPrecondition(list) => Error::FailedPrecondition(
            list.into_iter().map(|p| p.with("document", &document)).collect(),
        ),
        Error::Invalid(list) => Error::Invalid(
            list.into_iter()
                .map(|v| {
                    let at = request.position;
                    let field = format!("documents[{index}].clears.targets[{at}].{}", v.field);
                    Violation { field, ..v }
                })
                .collect(),
        ),
        other => other,
    }
}

/// Whether the credit of a request is a recovery.
pub async fn is_recovery(tx: &WriteTx, request: &ClearingRequest) -> Result<bool> {
    let draft = tx.drafts(&[request.document]).await?.remove(&request.document);
    Ok(draft.is_some_and(|d| d.kind == DocumentKind::Recovery))
}

/// A recovery must find what was written off at once: it never waits.
pub fn recovery_without_target(request: &ClearingRequest) -> Error {
    Precondition::new(
        Reason::RecoveryExceedsWriteOff,
        child_name(&request.account_id, names::DOCUMENTS, request.document),
        "the document it names was not written off",
    )
    .into()
}
