//! What a change adds to the books, ready to be written.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    ClearingRequest, Ending, Entry, EntryKind, Item, KnownKey, NewClearing, NewDocument,
    RequestState, Reset, TrackedItem,
};
use crate::domain::credit::component::{AT_ONCE, Component, ExposureKey};
use crate::domain::dates::NO_DATE;
use crate::domain::item::ItemClass;
use crate::domain::money::Currency;

/// Rows to add, and the projections they move.
#[derive(Debug, Default, Clone)]
pub struct Changes {
    pub documents: Vec<NewDocument>,
    /// Keys that point to another document or state from now on.
    pub keys: Vec<KnownKey>,
    pub endings: Vec<Ending>,
    /// New items with their open amount.
    pub items: Vec<(Item, i64)>,
    pub entries: Vec<Entry>,
    pub clearings: Vec<NewClearing>,
    pub resets: Vec<Reset>,
    pub requests: Vec<ClearingRequest>,
    pub request_states: Vec<(Uuid, RequestState)>,
    pub dropped_requests: Vec<Uuid>,
    /// Open amounts of items that were there before.
    pub opens: Vec<(Uuid, i64)>,
    /// Sorted, so that concurrent writers meet in one order.
    pub dues: BTreeMap<DueKey, DueChange>,
    /// What moves in what counts against limits.
    pub credit: BTreeMap<ExposureKey, i64>,
    /// What moves in the money that names an order.
    pub advances: Vec<AdvanceChange>,
}

/// Money that names an order: it comes, is cleared, or goes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvanceChange {
    /// The receipt, which names the order.
    pub document: Uuid,
    pub account_id: String,
    pub currency: Currency,
    pub effective: NaiveDate,
    /// Minor units; positive is more money.
    pub amount: i64,
}

/// Key of the projection per account and due date.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueKey {
    pub account_id: String,
    pub currency: Currency,
    pub company_code: String,
    pub class: ItemClass,
    pub due_date: NaiveDate,
}

/// What moves in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DueChange {
    pub amount: i64,
    pub items: i64,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
            && self.requests.is_empty()
            && self.request_states.is_empty()
            && self.dropped_requests.is_empty()
    }

    /// Accounts whose books change.
    pub fn accounts(&self) -> Vec<String> {
        let mut accounts: Vec<String> = self.entries.iter().map(|e| e.account_id.clone()).collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }

    pub(super) fn note(&mut self, tracked: &TrackedItem) {
        let open = tracked.open();
        let item = &tracked.item;
        let due = self.dues.entry(due_key(item)).or_default();
        due.amount += open - tracked.open_before;
        due.items += i64::from(open != 0) - i64::from(tracked.open_before != 0);
        if tracked.is_new {
            self.items.push((item.clone(), open));
        } else if open != tracked.open_before {
            self.opens.push((item.id, open));
        }
    }

    /// What an entry of an item moves in exposures. A debit counts as soon as it is recorded,
    /// also one dated ahead: what was reserved for it shrinks at the same moment. What counts at
    /// once is taken back at once: a correction would count twice until its day otherwise.
    pub(super) fn count(&mut self, item: &Item, entry: &Entry) {
        let Some(component) = Component::of(item.class) else {
            self.advances.push(AdvanceChange {
                document: item.document,
                account_id: item.account_id.clone(),
                currency: item.currency,
                effective: entry.effective,
                amount: -entry.amount,
            });
            return;
        };
        let at_once = item.is_debit()
            && entry.effective == item.posting_date
            && matches!(entry.kind, EntryKind::Post | EntryKind::Reverse);
        let key = ExposureKey {
            account_id: item.account_id.clone(),
            currency: item.currency,
            company_code: item.company_code.clone(),
            component,
            effective: if at_once { AT_ONCE } else { entry.effective },
        };
        *self.credit.entry(key).or_default() += entry.amount;
    }
}

/// Only what ages is kept by date: the other classes need one row each.
fn due_key(item: &Item) -> DueKey {
    let dated = matches!(item.class, ItemClass::Ordinary | ItemClass::Retention);
    DueKey {
        account_id: item.account_id.clone(),
        currency: item.currency,
        company_code: item.company_code.clone(),
        class: item.class,
        due_date: if dated { item.due_date } else { NO_DATE },
    }
}
