//! What is set against what, allocation by allocation, and who asked for it.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::rates::UsedRate;

/// One allocation among those of its clearing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AllocationId {
    pub clearing: Uuid,
    pub position: i32,
}

impl AllocationId {
    pub const NONE: Self = Self { clearing: Uuid::nil(), position: 0 };
}

/// Who made a clearing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cause {
    /// The credit that asked for it; nil for a person.
    pub document: Uuid,
    /// What it asked ([`super::ClearingRequest`]); nil for a person, and for documents made here.
    pub request: Uuid,
}

impl Cause {
    pub const PERSON: Self = Self { document: Uuid::nil(), request: Uuid::nil() };
}

/// A clearing to be written.
#[derive(Debug, Clone)]
pub struct NewClearing {
    pub id: Uuid,
    pub account_id: String,
    pub cause: Cause,
    pub apply_date: NaiveDate,
    /// In the order of their positions.
    pub allocations: Vec<AllocationRow>,
}

impl NewClearing {
    /// Its allocations, each by itself.
    pub fn active(&self) -> impl Iterator<Item = ActiveAllocation> + '_ {
        (0..).zip(&self.allocations).map(|(position, row)| ActiveAllocation {
            id: AllocationId { clearing: self.id, position },
            account_id: self.account_id.clone(),
            cause: self.cause,
            apply_date: self.apply_date,
            row: row.clone(),
        })
    }
}

/// An allocation that counts, with what is known of its clearing. Corrections, reversals and
/// resets touch allocations one by one, whatever else the same clearing settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveAllocation {
    pub id: AllocationId,
    pub account_id: String,
    pub cause: Cause,
    pub apply_date: NaiveDate,
    pub row: AllocationRow,
}

/// What is set against what; both amounts positive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocationRow {
    pub credit_item: Uuid,
    pub debit_item: Uuid,
    pub amount: i64,
    pub credit_amount: i64,
    pub rate: Option<UsedRate>,
}
