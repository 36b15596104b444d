//! The ledger as a list of entries, and every figure as a sum over it.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::scene::{ACCOUNTS, RELATED};
use crate::domain::aging::{Aging, Column, Edges, age_days};
use crate::domain::days_to_pay::DaysToPay;
use crate::domain::item::{DocumentKind, ItemClass};
use crate::domain::ledger::Narrow;
use crate::domain::money::{Currency, convert};
use crate::domain::receivables::RiskOrder;
use crate::service::receivables::columns::Layout;
use crate::service::receivables::share::share_bp;
use crate::store::Store;
use crate::store::receivables::{At, raw};

pub(super) use raw::{RawEntry as Entry, RawItem as Item};

pub struct Model {
    pub items: Vec<Item>,
    pub entries: Vec<Entry>,
    allocations: Vec<raw::RawAllocation>,
    resets: HashMap<(Uuid, i32), (NaiveDate, i64)>,
    ends: HashMap<Uuid, (NaiveDate, i64)>,
}

impl Item {
    pub fn ages(&self) -> bool {
        matches!(self.class, ItemClass::Ordinary | ItemClass::Retention)
    }
}

fn counts(at: At, effective: NaiveDate, recorded_us: i64) -> bool {
    effective <= at.as_of && recorded_us <= at.known_at
}

impl Model {
    pub async fn read(store: &Store) -> Self {
        let raw::Raw { items, entries, allocations, resets, ends } = raw::read(store).await;
        Self {
            items,
            entries,
            allocations,
            resets: resets
                .into_iter()
                .map(|r| ((r.clearing_id, r.position), (r.effective_date, r.recorded_us)))
                .collect(),
            ends: ends.into_iter().map(|(id, day, us)| (id, (day, us))).collect(),
        }
    }

    pub fn open(&self, item: Uuid, at: At) -> i64 {
        let of = self.entries.iter().filter(|e| e.item_id == item);
        of.filter(|e| counts(at, e.effective_date, e.recorded_us)).map(|e| e.amount).sum()
    }

    /// What later entries take off an item.
    pub fn ahead(&self, item: Uuid, at: At) -> i64 {
        let of = self.entries.iter().filter(|e| e.item_id == item);
        -of.filter(|e| e.effective_date > at.as_of && e.recorded_us <= at.known_at)
            .map(|e| e.amount)
            .sum::<i64>()
    }

    pub fn open_items(&self, accounts: &[&str], at: At) -> Vec<&Item> {
        let of = self.items.iter().filter(|i| accounts.contains(&i.account_id.as_str()));
        of.filter(|i| self.open(i.id, at) != 0).collect()
    }

    pub fn balance(&self, account: &str, currency: Currency, at: At) -> i128 {
        let items = self.open_items(&[account], at).into_iter();
        items.filter(|i| i.currency == currency).map(|i| i128::from(self.open(i.id, at))).sum()
    }

    pub fn aging(
        &self,
        accounts: &[&str],
        narrow: &Narrow,
        at: At,
        layout: &Layout,
    ) -> Vec<(Currency, Aging)> {
        let mut columns: BTreeMap<Currency, Aging> = BTreeMap::new();
        for item in self.open_items(accounts, at) {
            if narrow.company_code.as_ref().is_some_and(|code| *code != item.company_code)
                || narrow.currency.is_some_and(|currency| currency != item.currency)
            {
                continue;
            }
            let day =
                layout.basis.date(item.class, item.due_date, item.document_date, item.posting_date);
            let column = Column::of(item.class, day, at.as_of, layout.basis, &layout.edges);
            let of = columns.entry(item.currency).or_insert_with(|| Aging::new(&layout.edges));
            of.add(column, self.open(item.id, at).into(), 1);
        }
        columns.into_iter().collect()
    }

    /// Overdue items, the oldest first.
    pub fn overdue(&self, account: &str, currency: Currency, at: At) -> Vec<&Item> {
        let mut items = self.open_items(&[account], at);
        items.retain(|i| i.currency == currency && i.ages() && i.due_date < at.as_of);
        items.sort_by_key(|i| (i.due_date, i.id));
        items
    }

    pub fn expected(&self, account: &str, currency: Currency, at: At) -> i128 {
        let receipts = self.items.iter().filter(|i| {
            i.account_id == account
                && i.currency == currency
                && i.kind == DocumentKind::Receipt
                && i.posting_date > at.as_of
        });
        receipts
            .flat_map(|i| self.entries.iter().filter(|e| e.item_id == i.id))
            .filter(|e| e.recorded_us <= at.known_at && ["POST", "REVERSE"].contains(&&*e.kind))
            .map(|e| -i128::from(e.amount))
            .sum()
    }

    pub fn last_receipt(
        &self,
        account: &str,
        currency: Currency,
        at: At,
    ) -> Option<(NaiveDate, i64)> {
        let receipts = self.items.iter().filter(|i| {
            i.account_id == account
                && i.currency == currency
                && i.kind == DocumentKind::Receipt
                && counts(at, i.posting_date, i.recorded_us)
                && !self.ends.get(&i.document_id).is_some_and(|end| counts(at, end.0, end.1))
        });
        let last = receipts.max_by_key(|i| (i.posting_date, i.document_id))?;
        Some((last.posting_date, -last.amount))
    }

    pub fn days_to_pay(&self, account: &str, currency: Currency, at: At) -> Option<DaysToPay> {
        let items: HashMap<Uuid, &Item> = self.items.iter().map(|i| (i.id, i)).collect();
        let first = at.as_of - Days::new(364);
        let mut observed = Vec::new();
        for entry in &self.entries {
            let item = items[&entry.item_id];
            let by_receipt = self.allocations.iter().any(|a| {
                (a.clearing_id, a.position) == (entry.clearing_id, entry.allocation)
                    && items[&a.credit_item].kind == DocumentKind::Receipt
            });
            let reset = self.resets.get(&(entry.clearing_id, entry.allocation));
            if item.account_id == account
                && item.currency == currency
                && item.kind == DocumentKind::Invoice
                && entry.kind == "CLEAR"
                && counts(at, entry.effective_date, entry.recorded_us)
                && entry.effective_date >= first
                && by_receipt
                && !reset.is_some_and(|r| counts(at, r.0, r.1))
            {
                observed.push((age_days(entry.effective_date, item.document_date), -entry.amount));
            }
        }
        DaysToPay::of(&observed)
    }

    fn debits(&self, account: &str, currency: Currency, at: At) -> i128 {
        let items = self.open_items(&[account], at).into_iter();
        items
            .filter(|i| i.currency == currency && i.amount > 0)
            .map(|i| i128::from(self.open(i.id, at)))
            .sum()
    }

    pub fn share_bp(&self, account: &str, currency: Currency, at: At) -> Option<i32> {
        let unrelated = ACCOUNTS.into_iter().filter(|account| *account != RELATED);
        let whole = unrelated.map(|account| self.debits(account, currency, at)).sum();
        share_bp(self.debits(account, currency, at), whole)
    }

    /// Accounts that owe anything, the worst first, with all in one currency.
    pub fn ranking(
        &self,
        order: RiskOrder,
        to: Currency,
        rate: Decimal,
        at: At,
    ) -> Vec<(String, Aging, i64)> {
        let edges = Edges::default();
        let mut rows = Vec::new();
        for account in ACCOUNTS {
            let layout = Layout::standard(at.as_of);
            let columns = self.aging(&[account], &Narrow::default(), at, &layout);
            if !columns.iter().any(|(_, of)| of.columns().any(|(_, minor, _)| minor > 0)) {
                continue;
            }
            let mut sum = Aging::new(&edges);
            let mut oldest = 0;
            for (currency, of) in &columns {
                for (column, minor, items) in of.columns() {
                    let minor = match *currency == to {
                        true => minor,
                        false => convert(minor, *currency, to, rate).unwrap(),
                    };
                    sum.add(column, minor, items);
                }
                let worst = self.overdue(account, *currency, at);
                let days = worst.first().map_or(0, |i| age_days(at.as_of, i.due_date));
                oldest = oldest.max(days);
            }
            let value = match order {
                RiskOrder::Overdue => sum.overdue(),
                RiskOrder::Balance => sum.balance(),
                RiskOrder::WorstOverdueDays => oldest.into(),
            };
            rows.push((std::cmp::Reverse(value), account.to_owned(), sum, oldest));
        }
        rows.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        rows.into_iter().map(|(_, account, sum, days)| (account, sum, days)).collect()
    }
}
