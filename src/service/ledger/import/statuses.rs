//! What a source says of whether its documents are cleared: noted with each chunk, and done at
//! the finish, after what the documents ask to be cleared themselves.
//!
//! So payments that are known settle first, in whatever import they came, and only what is still
//! open then is settled by a document made for it.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::books::{
    ActiveAllocation, Books, KnownKey, KnownStatus, Outgoing, Settled, made_key,
};
use crate::domain::document::DocumentKey;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::event::EventType;
use crate::domain::import::{ClearingStatus, ImportOutcome};
use crate::domain::item::Side;
use crate::service::ledger::fault::encode;
use crate::service::ledger::{event, merged, revise};
use crate::store::{ImportRun, WriteTx};

/// Statuses that are looked at in one transaction.
const STATUSES_PER_STEP: u64 = 250;
const REASON: &str = "the source system does not take it as cleared";
const AGAIN: &str = "what is open is settled again";

/// Notes what a chunk says, under the locks of the accounts. `changed`: documents that it posted or
/// revised.
pub(super) async fn note(
    tx: &WriteTx,
    run: &ImportRun,
    said: Vec<ClearingStatus>,
    changed: &HashSet<DocumentKey>,
) -> Result<()> {
    if said.is_empty() {
        return Ok(());
    }
    let known = tx.clearing_statuses(said.iter().map(|status| &status.key)).await?;
    let cleared = said.iter().filter(|status| status.clearing_date.is_some());
    let open = tx.open_among(cleared.map(|status| &status.key)).await?;
    let mut noted: HashMap<DocumentKey, KnownStatus> = HashMap::new();
    for ClearingStatus { key, clearing_date } in said {
        let before = known.get(&key);
        if before.is_some_and(|before| before.as_of > run.as_of) {
            continue;
        }
        let other = before.and_then(|before| before.clearing_date) != clearing_date;
        let undone = before.is_some_and(|before| before.due || !before.fault.is_empty());
        // What was settled may be open again: corrected, or taken back by a person.
        let again = clearing_date.is_some() && (changed.contains(&key) || open.contains(&key));
        let status = KnownStatus {
            clearing_date,
            due: other || undone || again,
            fault: String::new(),
            ..said_now(run, key.clone(), before)
        };
        noted.insert(key, status);
    }
    tx.save_statuses(noted.into_values().collect()).await
}

/// What is noted of a document that this import names.
fn said_now(run: &ImportRun, key: DocumentKey, before: Option<&KnownStatus>) -> KnownStatus {
    let listed_by = match run.complete {
        true => run.id.clone(),
        false => before.map(|before| before.listed_by.clone()).unwrap_or_default(),
    };
    KnownStatus {
        key,
        as_of: run.as_of,
        clearing_date: before.and_then(|before| before.clearing_date),
        import_id: run.id.clone(),
        due: before.is_some_and(|before| before.due),
        settled_by: before.and_then(|before| before.settled_by),
        fault: before.map(|before| before.fault.clone()).unwrap_or_default(),
        listed_by,
    }
}

/// Notes that a whole list named these, and nothing else: what it says of them was tried chunk by
/// chunk.
pub(super) async fn note_as_listed(
    tx: &WriteTx,
    run: &ImportRun,
    keys: Vec<DocumentKey>,
) -> Result<()> {
    let known = tx.clearing_statuses(&keys).await?;
    let keys: HashSet<DocumentKey> = keys.into_iter().collect();
    let listed = |key: DocumentKey| {
        let before = known.get(&key);
        KnownStatus { due: false, ..said_now(run, key, before) }
    };
    tx.save_statuses(keys.into_iter().map(listed).collect()).await
}

/// Takes back what was settled because of a status where a payment has come that names the same
/// document: the payment goes first. `after`: the last request that was looked at. Answers whether
/// there was any.
pub(super) async fn make_room(tx: &mut WriteTx, run: &ImportRun, after: &mut Uuid) -> Result<bool> {
    let found = tx.statuses_in_the_way(&run.id, run.opened_us, *after, STATUSES_PER_STEP).await?;
    let Some((last, _)) = found.last() else { return Ok(false) };
    *after = *last;
    let keys = found.into_iter().map(|(_, key)| key).collect();
    let mut work = Work::load(tx, keys, |status| status.settled_by.is_some()).await?;
    for mut status in std::mem::take(&mut work.statuses) {
        let settling = work.live_settling(&status);
        let day = settling.map(|settling| settling.posting_date);
        let closed = |day| work.books.check_period(&status.key.company_code, day).is_err();
        if day.is_some_and(closed) {
            // It stays, and the payment that finds nothing open is told why.
            continue;
        }
        if let Some(day) = day {
            work.take_back(&mut status, day, AGAIN)?;
        }
        status.import_id.clone_from(&run.id);
        (status.due, status.settled_by) = (true, None);
        work.statuses.push(status);
    }
    work.write(tx).await?;
    Ok(true)
}

/// Of these documents those that a document made for them settles: what payments of them found in
/// their way stays there only on closed days.
pub(super) async fn settled_for_good(
    tx: &WriteTx,
    keys: Vec<DocumentKey>,
) -> Result<HashSet<DocumentKey>> {
    let statuses = tx.clearing_statuses(&keys).await?.into_values();
    Ok(statuses.filter(|of| of.settled_by.is_some()).map(|of| of.key).collect())
}

/// Why a payment waits whose document is settled on a closed day.
pub(super) fn in_the_way(key: &DocumentKey) -> Error {
    Error::precondition(
        Reason::PeriodClosed,
        format!("document {}", key.document_no),
        "is settled on a closed day, as its source says; the payment waits",
    )
}

/// Notes that what a complete list leaves out is settled as of its day. Answers whether there was
/// any.
pub(super) async fn settle_left_out(tx: &mut WriteTx, run: &ImportRun) -> Result<bool> {
    if !run.complete || is_incomplete(run) {
        return Ok(false);
    }
    let left = tx.left_out_of_list(&run.id, run.as_of, STATUSES_PER_STEP).await?;
    if left.is_empty() {
        return Ok(false);
    }
    lock_accounts_of(tx, &left).await?;
    // Read again under the locks: another import may have said something of them.
    let still = tx.left_out_of_list(&run.id, run.as_of, STATUSES_PER_STEP).await?;
    let left: Vec<DocumentKey> = still.into_iter().filter(|key| left.contains(key)).collect();
    let known = tx.clearing_statuses(&left).await?;
    let status = |key: DocumentKey| {
        let before = known.get(&key);
        KnownStatus {
            clearing_date: Some(run.as_of),
            due: true,
            fault: String::new(),
            ..said_now(run, key, before)
        }
    };
    tx.save_statuses(left.into_iter().map(status).collect()).await?;
    Ok(true)
}

/// Locks the accounts of documents.
async fn lock_accounts_of(tx: &mut WriteTx, keys: &[DocumentKey]) -> Result<()> {
    let accounts = tx.known_keys(keys).await?.into_values().map(|known| known.account_id);
    merged::lock(tx, &accounts.collect()).await?;
    Ok(())
}

/// A list that was to be complete is not: nobody knows what it leaves out.
pub(super) fn is_incomplete(run: &ImportRun) -> bool {
    run.complete && (run.done.refused > 0 || run.left_out > 0)
}

/// Whether statuses were done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    Nothing,
    Some,
    /// And documents are open again, which payments may wait for.
    Reopened,
}

/// Does what the next statuses say.
pub(super) async fn apply(tx: &mut WriteTx, run: &mut ImportRun) -> Result<Applied> {
    let found = tx.due_statuses(&run.id, run.opened_us, STATUSES_PER_STEP).await?;
    if found.is_empty() {
        return Ok(Applied::Nothing);
    }
    let keys = found.into_iter().map(|status| status.key).collect();
    let mut work = Work::load(tx, keys, |status| status.due).await?;
    for mut status in std::mem::take(&mut work.statuses) {
        status.import_id.clone_from(&run.id);
        status.due = false;
        status.fault = match work.apply(&mut status, run) {
            Ok(()) => String::new(),
            Err(internal @ Error::Internal { .. }) => return Err(internal),
            Err(refused) => encode(refused),
        };
        work.statuses.push(status);
    }
    let reopens = !work.freed.is_empty();
    work.write(tx).await?;
    Ok(if reopens { Applied::Reopened } else { Applied::Some })
}

/// Statuses to be done together, with the books of what they are about.
struct Work {
    books: Books,
    statuses: Vec<KnownStatus>,
    known: HashMap<DocumentKey, KnownKey>,
    allocations: Vec<ActiveAllocation>,
    posted: Vec<(String, Uuid)>,
    cleared: Vec<(String, Uuid)>,
    reversed: Vec<(String, Uuid)>,
    /// Documents that are open again: what waits for them may be tried.
    freed: Vec<Uuid>,
}

impl Work {
    /// Locks the accounts, and reads the statuses again under the locks: another finish may have
    /// been faster.
    async fn load(
        tx: &mut WriteTx,
        keys: Vec<DocumentKey>,
        is_left: impl Fn(&KnownStatus) -> bool,
    ) -> Result<Self> {
        lock_accounts_of(tx, &keys).await?;
        let mut statuses: Vec<KnownStatus> =
            tx.clearing_statuses(&keys).await?.into_values().collect();
        statuses.retain(|status| is_left(status));
        statuses.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let settling = statuses.iter().filter_map(settling);
        let all: Vec<DocumentKey> = keys.iter().cloned().chain(settling).collect();
        let known = tx.known_keys(&all).await?;
        let said = statuses.iter().flat_map(|status| status.clearing_date);
        let days = said.chain(known.values().map(|known| known.posting_date));
        let floor = days.min().unwrap_or_default();
        let companies = keys.into_iter().map(|key| key.company_code);
        let mut books = Books::new(tx.closed_periods(companies).await?);
        let documents: Vec<Uuid> = known.values().map(|known| known.document).collect();
        books.load(tx.items_of(&documents, floor).await?);
        let settling: Vec<Uuid> = statuses.iter().filter_map(|status| status.settled_by).collect();
        let items: Vec<Uuid> = settling.iter().flat_map(|id| books.items_of(*id)).collect();
        let allocations = tx.allocations_of(&items).await?;
        let others = revise::others(&allocations, &items);
        let others: Vec<Uuid> = others.into_iter().filter(|id| books.item(*id).is_none()).collect();
        books.load(tx.items(&others, floor).await?);
        Ok(Self {
            books,
            statuses,
            known,
            allocations,
            posted: Vec::new(),
            cleared: Vec::new(),
            reversed: Vec::new(),
            freed: Vec::new(),
        })
    }

    /// The document that counts, if there is one.
    fn live(&self, key: &DocumentKey) -> Option<KnownKey> {
        self.known.get(key).filter(|known| !known.reversed).cloned()
    }

    fn live_settling(&self, status: &KnownStatus) -> Option<KnownKey> {
        self.live(&settling(status)?)
    }

    /// # Errors
    /// `PERIOD_CLOSED`, `RESOURCE_NOT_FOUND`; then nothing was changed.
    fn apply(&mut self, status: &mut KnownStatus, run: &mut ImportRun) -> Result<()> {
        let company = status.key.company_code.clone();
        let before = self.live_settling(status);
        let target = self.live(&status.key);
        if status.clearing_date.is_some() && !self.known.contains_key(&status.key) {
            return Err(Error::not_found("document", status.key.document_no.clone()));
        }
        let (Some(target), Some(said)) = (&target, status.clearing_date) else {
            let Some(before) = before else {
                status.settled_by = None;
                return Ok(());
            };
            let day = before.posting_date.max(status.as_of);
            self.books.check_period(&company, day)?;
            let (amount, side) = self.amount_of(&before);
            self.take_back(status, day, REASON)?;
            self.freed.extend(target.map(|target| target.document));
            run.done.reopened += 1;
            run.done.totals.add(ImportOutcome::Reopened, before.currency, side, amount);
            return Ok(());
        };
        let day = said.max(target.posting_date);
        if let Some(before) = before {
            let document = target.document;
            if before.posting_date >= day && self.is_settled(document, &before, day) {
                return Ok(());
            }
            self.books.check_period(&company, before.posting_date)?;
            self.books.check_period(&company, day)?;
            self.take_back(status, before.posting_date, AGAIN)?;
        }
        status.settled_by = None;
        let Some(Settled { document, clearing, amount, is_debit }) =
            self.books.settle_rest(target, day)?
        else {
            return Ok(());
        };
        status.settled_by = Some(document);
        let account = target.account_id.clone();
        self.posted.push((account.clone(), document));
        self.cleared.extend(clearing.map(|id| (account, id)));
        let side = if is_debit { Side::Debit } else { Side::Credit };
        run.done.settled += 1;
        run.done.totals.add(ImportOutcome::Settled, target.currency, side, amount);
        Ok(())
    }

    /// Nothing is open of a document from that day on, nor left of what was made to settle it.
    fn is_settled(&self, document: Uuid, settling: &KnownKey, day: NaiveDate) -> bool {
        self.books.is_settled_from(document, day)
            && self.books.is_settled_from(settling.document, settling.posting_date)
    }

    /// What a settling document settled, and on which side.
    fn amount_of(&self, settling: &KnownKey) -> (i64, Side) {
        let items = self.books.items_of(settling.document);
        let first = items.first().and_then(|id| self.books.item(*id));
        let amount = first.map_or(0, |tracked| tracked.item.amount);
        (amount.abs(), if amount < 0 { Side::Debit } else { Side::Credit })
    }

    /// Takes the settling document out from a day on.
    fn take_back(&mut self, status: &mut KnownStatus, day: NaiveDate, reason: &str) -> Result<()> {
        let Some(settling) = self.live_settling(status) else { return Ok(()) };
        let items = self.books.items_of(settling.document);
        let touches = |a: &&ActiveAllocation| {
            items.contains(&a.row.credit_item) || items.contains(&a.row.debit_item)
        };
        let allocations: Vec<ActiveAllocation> =
            self.allocations.iter().filter(touches).cloned().collect();
        let out = Outgoing {
            key: &settling,
            items: &items,
            allocations: &allocations,
            lapsed: &[],
            reopened: &[],
        };
        self.books.reverse(&out, day, reason)?;
        self.known.remove(&settling.key);
        self.reversed.push((settling.account_id.clone(), settling.document));
        status.settled_by = None;
        Ok(())
    }

    async fn write(self, tx: &mut WriteTx) -> Result<()> {
        let Self { mut books, statuses, posted, cleared, reversed, freed, .. } = self;
        let changes = books.take_changes()?;
        tx.write_changes(changes).await?;
        tx.save_statuses(statuses).await?;
        tx.set_waiting_due(&freed).await?;
        tx.publish(event::documents(EventType::DocumentReversed, &reversed)).await?;
        tx.publish(event::documents(EventType::DocumentsPosted, &posted)).await?;
        tx.publish(event::clearings(EventType::ItemsCleared, &cleared)).await
    }
}

/// The key of the document that settles because of a status.
fn settling(status: &KnownStatus) -> Option<DocumentKey> {
    status.settled_by.map(|document| made_key(&status.key.company_code, document))
}
