//! The books while a change is being made: the items it touches with their open amount over
//! time, and what it adds. Rules run in memory on this; the store loads it before and writes
//! [`Changes`] after.
//!
//! The one rule everything rests on: an item never changes sign, on any day from the
//! effective date of a change on ([`Books::check`]).

mod allocation;
mod change;
mod clear;
mod end;
mod home;
mod made;
mod post;
mod request;
mod status;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet, hash_map};

use chrono::NaiveDate;
use uuid::Uuid;

use super::document::{DocumentKey, Draft, EndState};
use super::error::{Error, Precondition, Reason, Result};
use super::item::{DocumentKind, ItemClass};
use super::merge_sets::MergeSets;
use super::money::Currency;
use super::names;
use super::personal::Personal;
use super::stored::stored_enum;

pub use allocation::{ActiveAllocation, AllocationId, AllocationRow, Cause, NewClearing};
pub use change::{AdvanceChange, Changes, DueChange, DueKey};
pub use clear::{Payment, RateSource};
pub use end::{Outgoing, Version};
pub use home::{Recorded, home};
pub use made::{made_here, made_key};
pub use post::{Admission, admit, compare, content_hash};
pub use request::{ClearingRequest, Place, RequestState};
pub use status::{KnownStatus, Settled};

stored_enum! {
    /// Why an entry was made.
    pub enum EntryKind {
        Post => "POST",
        /// A document was reversed, or superseded by a higher version.
        Reverse => "REVERSE",
        Clear => "CLEAR",
        Reset => "RESET",
        /// A written-off part came back because money came for it.
        Reopen => "REOPEN",
        ReopenReverse => "REOPEN_REVERSE",
    }
}

/// One line of the ledger: it moves the open amount of an item from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub item: Uuid,
    pub account_id: String,
    pub document: Uuid,
    /// [`AllocationId::NONE`] if it belongs to no clearing.
    pub allocation: AllocationId,
    pub kind: EntryKind,
    pub effective: NaiveDate,
    /// Signed minor units: what it adds to the open amount.
    pub amount: i64,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: Uuid,
    pub account_id: String,
    pub document: Uuid,
    pub position: i32,
    pub kind: DocumentKind,
    pub class: ItemClass,
    pub company_code: String,
    pub currency: Currency,
    pub document_date: NaiveDate,
    pub posting_date: NaiveDate,
    /// `NO_DATE` if it has none.
    pub due_date: NaiveDate,
    /// Signed: credits are negative.
    pub amount: i64,
    pub release_condition: String,
}

impl Item {
    pub fn is_debit(&self) -> bool {
        self.amount > 0
    }

    pub fn name(&self) -> String {
        names::child_name(&self.account_id, names::ITEMS, self.id)
    }
}

/// An item with its open amount over time.
#[derive(Debug, Clone)]
pub struct TrackedItem {
    pub item: Item,
    /// The projection before the change: all entries, whatever their date. 0 for a new item.
    pub open_before: i64,
    pub is_new: bool,
    /// Written-off parts that recoveries reopened.
    pub reopened: i64,
    /// Open amount at the end of the day `floor`; nothing changes before it.
    floor: NaiveDate,
    base: i64,
    later: BTreeMap<NaiveDate, i64>,
    /// First day that this change touched.
    touched_from: Option<NaiveDate>,
}

impl TrackedItem {
    /// An item as recorded: `later` are its entries effective after `floor`, summed by day.
    pub fn loaded(
        item: Item,
        open: i64,
        floor: NaiveDate,
        later: BTreeMap<NaiveDate, i64>,
    ) -> Self {
        let base = open - later.values().sum::<i64>();
        Self {
            item,
            open_before: open,
            is_new: false,
            reopened: 0,
            floor,
            base,
            later,
            touched_from: None,
        }
    }

    fn new(item: Item) -> Self {
        Self {
            floor: item.posting_date,
            item,
            open_before: 0,
            is_new: true,
            reopened: 0,
            base: 0,
            later: BTreeMap::new(),
            touched_from: None,
        }
    }

    /// The projection after the change.
    pub fn open(&self) -> i64 {
        self.base + self.later.values().sum::<i64>()
    }

    fn add(&mut self, effective: NaiveDate, amount: i64) -> Result<()> {
        if effective < self.floor {
            return Err(Error::internal(format!(
                "item {} was loaded from {} and changed at {effective}",
                self.item.id, self.floor
            )));
        }
        if effective == self.floor {
            self.base += amount;
        } else {
            *self.later.entry(effective).or_default() += amount;
        }
        self.touched_from = Some(self.touched_from.map_or(effective, |d| d.min(effective)));
        Ok(())
    }

    /// Open amounts at the end of each day something changes, from `from` on.
    fn levels(&self, from: NaiveDate) -> impl Iterator<Item = (NaiveDate, i64)> + '_ {
        let at_from = self.base + self.later.range(..=from).map(|(_, a)| a).sum::<i64>();
        let mut open = at_from;
        let after = self.later.range((std::ops::Bound::Excluded(from), std::ops::Bound::Unbounded));
        std::iter::once((from, at_from)).chain(after.map(move |(day, amount)| {
            open += amount;
            (*day, open)
        }))
    }

    /// The days after `day` on which something changes.
    fn days_after(&self, day: NaiveDate) -> impl Iterator<Item = NaiveDate> + '_ {
        let after = (std::ops::Bound::Excluded(day), std::ops::Bound::Unbounded);
        self.later.range(after).map(|(day, _)| *day)
    }

    /// What may be cleared from `from` on without the item changing sign on any later day.
    pub fn available(&self, from: NaiveDate) -> i64 {
        let sign = self.item.amount.signum();
        self.levels(from.max(self.floor)).map(|(_, open)| open * sign).min().unwrap_or(0).max(0)
    }

    /// What is open of it at the end of a day, without its sign.
    pub fn open_on(&self, day: NaiveDate) -> i64 {
        let sign = self.item.amount.signum();
        self.levels(day.max(self.floor)).next().map_or(0, |(_, open)| open * sign)
    }

    /// Whether anything is open of it on that day or a later one.
    pub fn is_open_from(&self, day: NaiveDate) -> bool {
        self.levels(day.max(self.floor)).any(|(_, open)| open != 0)
    }

    fn sign_change(&self) -> Option<(NaiveDate, i64)> {
        let sign = self.item.amount.signum();
        self.levels(self.touched_from?).find(|(_, open)| open * sign < 0)
    }
}

/// A document that was just posted.
#[derive(Debug, Clone)]
pub struct NewDocument {
    pub id: Uuid,
    pub draft: Draft<String>,
    pub content_hash: Vec<u8>,
    /// The reversed version that it brings back.
    pub returns: Option<Uuid>,
}

/// A document that stops counting.
#[derive(Debug, Clone)]
pub struct Ending {
    pub document: Uuid,
    pub account_id: String,
    pub state: EndState,
    pub effective: NaiveDate,
    pub reason: Personal,
}

/// An allocation that stops counting.
#[derive(Debug, Clone)]
pub struct Reset {
    pub allocation: AllocationId,
    pub effective: NaiveDate,
    pub reason: Personal,
}

/// The working set of one change.
#[derive(Debug, Default, Clone)]
pub struct Books {
    items: HashMap<Uuid, TrackedItem>,
    /// The items of each document.
    by_document: HashMap<Uuid, Vec<Uuid>>,
    /// Last closed day by company.
    closed: HashMap<String, NaiveDate>,
    /// A document is replaced: see [`Books::for_revision`].
    revises: bool,
    /// The accounts whose items may be settled with each other's.
    sets: MergeSets,
    touched: HashSet<Uuid>,
    changes: Changes,
}

impl Books {
    /// `closed` is the last closed day of each company that has one.
    pub fn new(closed: HashMap<String, NaiveDate>) -> Self {
        Self { closed, ..Self::default() }
    }

    /// For a correction: it takes a document out and puts it in again, also on closed days, as
    /// long as no balance of those days moves. So a note, an order or a due date may change
    /// after the end of the month.
    pub fn for_revision(closed: HashMap<String, NaiveDate>) -> Self {
        Self { closed, revises: true, ..Self::default() }
    }

    /// Lets items of accounts that are in one set be settled with each other's.
    #[must_use]
    pub fn joining(self, sets: MergeSets) -> Self {
        Self { sets, ..self }
    }

    pub fn load(&mut self, items: impl IntoIterator<Item = TrackedItem>) {
        for item in items {
            self.keep(item);
        }
    }

    fn keep(&mut self, item: TrackedItem) {
        let (id, document) = (item.item.id, item.item.document);
        if let hash_map::Entry::Vacant(vacant) = self.items.entry(id) {
            vacant.insert(item);
            self.by_document.entry(document).or_default().push(id);
        }
    }

    pub fn item(&self, id: Uuid) -> Option<&TrackedItem> {
        self.items.get(&id)
    }

    /// Items of a document, oldest due first.
    pub fn items_of(&self, document: Uuid) -> Vec<Uuid> {
        let of = self.by_document.get(&document).into_iter().flatten();
        let mut items: Vec<&Item> = of.map(|id| &self.items[id].item).collect();
        items.sort_by_key(|i| (i.due_date, i.position));
        items.into_iter().map(|i| i.id).collect()
    }

    fn tracked(&self, id: Uuid) -> Result<&TrackedItem> {
        self.items.get(&id).ok_or_else(|| Error::internal(format!("item {id} is not loaded")))
    }

    fn enter(
        &mut self,
        item: Uuid,
        document: Uuid,
        allocation: AllocationId,
        kind: EntryKind,
        effective: NaiveDate,
        amount: i64,
    ) -> Result<()> {
        let tracked = self
            .items
            .get_mut(&item)
            .ok_or_else(|| Error::internal(format!("item {item} is not loaded")))?;
        let company = &tracked.item.company_code;
        let closed = self.closed.get(company).filter(|closed| effective <= **closed);
        if let Some(closed) = closed.filter(|_| !self.revises) {
            return Err(period_closed(company, *closed, effective));
        }
        tracked.add(effective, amount)?;
        let account_id = tracked.item.account_id.clone();
        self.touched.insert(item);
        self.changes.entries.push(Entry {
            item,
            account_id,
            document,
            allocation,
            kind,
            effective,
            amount,
        });
        Ok(())
    }

    /// Tries something: if it fails, the books are as before.
    pub fn attempt<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let (entries, clearings, resets) =
            (self.changes.entries.len(), self.changes.clearings.len(), self.changes.resets.len());
        work(self).inspect_err(|_| {
            for entry in self.changes.entries.split_off(entries) {
                if let Some(tracked) = self.items.get_mut(&entry.item) {
                    // Cannot fail: the same day was added to a moment ago.
                    let _ = tracked.add(entry.effective, -entry.amount);
                    if entry.kind == EntryKind::Reopen {
                        tracked.reopened -= entry.amount;
                    }
                }
            }
            self.changes.clearings.truncate(clearings);
            self.changes.resets.truncate(resets);
        })
    }

    /// Every touched item keeps its sign on every day from its first change on, and what is
    /// owed and what is to our customers' credit stay as they were on closed days.
    pub fn check(&self) -> Result<()> {
        self.check_closed()?;
        let mut faults: Vec<Precondition> = self
            .touched
            .iter()
            .filter_map(|id| {
                let tracked = &self.items[id];
                let (day, open) = tracked.sign_change()?;
                Some(
                    Precondition::new(
                        Reason::ClearingExceedsOpen,
                        tracked.item.name(),
                        format!("more would be settled than is open on {day}"),
                    )
                    .with("item", tracked.item.name())
                    .with("date", day)
                    .with("would_be", open),
                )
            })
            .collect();
        faults.sort_by(|a, b| a.subject.cmp(&b.subject));
        if faults.is_empty() { Ok(()) } else { Err(Error::FailedPrecondition(faults)) }
    }

    /// What moves on a closed day moves back on it, on each side of an account.
    fn check_closed(&self) -> Result<()> {
        let mut moved: BTreeMap<_, i128> = BTreeMap::new();
        for entry in &self.changes.entries {
            let item = &self.tracked(entry.item)?.item;
            let closed = self.closed.get(&item.company_code);
            if let Some(closed) = closed.filter(|closed| entry.effective <= **closed) {
                let account = (&item.account_id, item.currency, item.is_debit());
                let day = (&item.company_code, entry.effective, *closed);
                *moved.entry((day, account)).or_default() += i128::from(entry.amount);
            }
        }
        match moved.into_iter().find(|(_, amount)| *amount != 0) {
            Some((((company, day, closed), _), _)) => Err(period_closed(company, closed, day)),
            None => Ok(()),
        }
    }

    /// Checks, then hands out what is to be written and starts anew on the same items.
    pub fn take_changes(&mut self) -> Result<Changes> {
        self.check()?;
        let mut changes = std::mem::take(&mut self.changes);
        let entries = std::mem::take(&mut changes.entries);
        for entry in &entries {
            changes.count(&self.tracked(entry.item)?.item, entry);
        }
        changes.entries = entries;
        for id in self.touched.drain() {
            if let Some(tracked) = self.items.get_mut(&id) {
                changes.note(tracked);
                tracked.open_before = tracked.open();
                tracked.is_new = false;
                tracked.touched_from = None;
            }
        }
        Ok(changes)
    }

    /// The company and the key of whatever is closed, for messages.
    pub fn closed_through(&self, company: &str) -> Option<NaiveDate> {
        self.closed.get(company).copied()
    }

    /// Keeps what a document asks to be cleared.
    pub fn request(&mut self, request: ClearingRequest) {
        self.changes.requests.push(request);
    }

    /// Notes what became of a request.
    pub fn note_request(&mut self, id: Uuid, state: RequestState) {
        self.changes.request_states.push((id, state));
    }

    /// Forgets what a document asks that no longer counts.
    pub fn drop_request(&mut self, id: Uuid) {
        self.changes.dropped_requests.push(id);
    }
}

pub(super) fn period_closed(company: &str, closed: NaiveDate, day: NaiveDate) -> Error {
    Precondition::new(
        Reason::PeriodClosed,
        format!("companies/{company}"),
        format!("the books are closed through {closed}; nothing may take effect on {day}"),
    )
    .with("company_code", company)
    .with("closed_through", closed)
    .into()
}

/// What the ledger knows of a document key.
#[derive(Debug, Clone)]
pub struct KnownKey {
    pub key: DocumentKey,
    pub document: Uuid,
    pub account_id: String,
    /// When its document was recorded, microseconds since the epoch; [`i64::MAX`] of one that is new.
    pub recorded_us: i64,
    pub source_version: i64,
    pub content_hash: Vec<u8>,
    pub reversed: bool,
    pub kind: DocumentKind,
    pub currency: Currency,
    pub posting_date: NaiveDate,
}
