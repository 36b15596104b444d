//! The report itself: one row of columns, in one currency.

use super::{Column, Edges};

/// Open amounts in minor units of one currency, and how many items, by column. Credits are
/// negative.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Aging {
    pub not_due: i128,
    /// Youngest first, one more than the edges.
    pub buckets: Vec<i128>,
    pub retention: i128,
    pub due_pending: i128,
    pub bills: i128,
    pub unapplied_cash: i128,
    pub open_credits: i128,
    pub not_due_items: i64,
    pub bucket_items: Vec<i64>,
    pub retention_items: i64,
    pub due_pending_items: i64,
    pub bill_items: i64,
    pub unapplied_cash_items: i64,
    pub open_credit_items: i64,
}

impl Aging {
    /// All columns empty.
    pub fn new(edges: &Edges) -> Self {
        Self {
            not_due: 0,
            buckets: vec![0; edges.bucket_count()],
            retention: 0,
            due_pending: 0,
            bills: 0,
            unapplied_cash: 0,
            open_credits: 0,
            not_due_items: 0,
            bucket_items: vec![0; edges.bucket_count()],
            retention_items: 0,
            due_pending_items: 0,
            bill_items: 0,
            unapplied_cash_items: 0,
            open_credit_items: 0,
        }
    }

    /// Adds an open amount and the items it consists of.
    ///
    /// # Panics
    /// If the column is a bucket of other edges: an amount must never be lost quietly.
    pub fn add(&mut self, column: Column, minor: i128, items: i64) {
        let (amount, count) = match column {
            Column::NotDue => (&mut self.not_due, &mut self.not_due_items),
            Column::Bucket(at) => (&mut self.buckets[at], &mut self.bucket_items[at]),
            Column::Retention => (&mut self.retention, &mut self.retention_items),
            Column::DuePending => (&mut self.due_pending, &mut self.due_pending_items),
            Column::Bills => (&mut self.bills, &mut self.bill_items),
            Column::UnappliedCash => (&mut self.unapplied_cash, &mut self.unapplied_cash_items),
            Column::OpenCredits => (&mut self.open_credits, &mut self.open_credit_items),
        };
        *amount += minor;
        *count += items;
    }

    /// Adds another report over the same edges.
    ///
    /// # Panics
    /// If it has more buckets than this one.
    pub fn merge(&mut self, other: &Self) {
        for (column, minor, items) in other.columns() {
            self.add(column, minor, items);
        }
    }

    /// Every column with its amount and item count.
    pub fn columns(&self) -> impl Iterator<Item = (Column, i128, i64)> + '_ {
        let buckets = self.buckets.iter().zip(&self.bucket_items).enumerate();
        [
            (Column::NotDue, self.not_due, self.not_due_items),
            (Column::Retention, self.retention, self.retention_items),
            (Column::DuePending, self.due_pending, self.due_pending_items),
            (Column::Bills, self.bills, self.bill_items),
            (Column::UnappliedCash, self.unapplied_cash, self.unapplied_cash_items),
            (Column::OpenCredits, self.open_credits, self.open_credit_items),
        ]
        .into_iter()
        .chain(buckets.map(|(at, (&minor, &items))| (Column::Bucket(at), minor, items)))
    }

    /// The sum of all columns: what is owed, less unapplied money and credits.
    pub fn balance(&self) -> i128 {
        self.columns().map(|(_, minor, _)| minor).sum()
    }

    /// How many items the balance consists of.
    pub fn items(&self) -> i64 {
        self.columns().map(|(_, _, items)| items).sum()
    }

    /// What is past due: the sum of the buckets, gross of unapplied money, which never hides
    /// an overdue item. Only a report by due date knows it.
    pub fn overdue(&self) -> i128 {
        self.buckets.iter().sum()
    }
}
