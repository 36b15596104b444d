//! Terms of payment: when an amount falls due, in which instalments, and at what discount
//! for early payment.

mod discount;
mod month_days;
mod schedule;
#[cfg(test)]
mod tests;
mod validate;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use self::month_days::MonthDays;
pub use self::schedule::due;
use super::stored::stored_enum;

/// Most instalments one document may fall due in.
pub const MAX_SHARES: usize = 36;
/// Most steps from the baseline date to a due date.
pub const MAX_STEPS: usize = 8;
/// Most discount tiers.
pub const MAX_DISCOUNTS: usize = 4;
/// The whole, in basis points.
pub const WHOLE_BP: u32 = 10_000;

stored_enum! {
    /// The event that starts the clock.
    pub enum Baseline {
        Document => "DOCUMENT",
        Delivery => "DELIVERY",
        /// The customer holds our tax invoice (fapiao).
        TaxInvoiceReceipt => "TAX_INVOICE_RECEIPT",
        Acceptance => "ACCEPTANCE",
        /// The periodic statement that lists the document.
        Statement => "STATEMENT",
    }
}

/// One move from a date to a later one; the order of steps matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TermStep {
    AddDays(u16),
    /// The same day `n` months later, or that month's last day.
    AddMonths(u8),
    /// The last day of the month.
    MonthEnd,
    /// The next day `n` of a month, the date itself included; a month that is shorter gives
    /// its last day.
    DayOfMonth(u8),
    /// As [`Self::DayOfMonth`], for whichever of several days comes first.
    DaysOfMonth(MonthDays),
    /// A date after day `n` counts as the first of the next month; others stand.
    CutoffDay(u8),
}

stored_enum! {
    /// What an instalment is.
    pub enum InstalmentKind {
        Normal => "NORMAL",
        /// A quality deposit, held back until it is released.
        Retention => "RETENTION",
    }
}

/// A part of the gross amount and how its due date follows from the baseline date.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Share {
    /// Of the gross, in basis points.
    pub share_bp: u32,
    /// None: a normal share is due on the baseline date, and a retention has no release day
    /// yet.
    pub steps: Vec<TermStep>,
    pub kind: InstalmentKind,
}

/// Paid within `days` of the baseline date, `rate_bp` basis points come off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Discount {
    pub days: u16,
    pub rate_bp: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PaymentTerms {
    pub baseline: Baseline,
    /// In the order of the instalments; the last takes the remainder of the split.
    pub shares: Vec<Share>,
    /// Ascending in days, descending in rate.
    pub discounts: Vec<Discount>,
}

/// A part of a document with a due date of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Instalment {
    pub kind: InstalmentKind,
    /// `None` while the baseline event is missing (`DUE_PENDING_EVENT`), and for a retention
    /// without a release day.
    pub due_date: Option<NaiveDate>,
    /// In minor units of the document's currency.
    pub amount_minor: i64,
    /// What must happen before a retention is released, in the contract's words.
    pub release_condition: Option<String>,
}
