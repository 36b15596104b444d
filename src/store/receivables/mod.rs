//! Reading the ledger at a point in both times.
//!
//! What lives here: the SQL of every question about receivables, and the rows it answers.
//! Everything rests on one equation: what is open on day D as known at K is the projection,
//! which sums all entries, less the entries that take effect after D or were recorded after K
//! ([`moves`]). The projection and those entries are always read in one statement, so that no
//! write comes in between.
//!
//! What must not be here: writing, and what the figures mean (columns, states, shares): that is
//! in `domain`.

mod cells;
mod clearings;
mod disputes;
mod documents;
mod evidence;
mod items;
mod kept;
mod moves;
mod params;
mod positions;
pub(super) mod promises;
mod ranks;
mod rates;
#[cfg(test)]
pub(crate) mod raw;
mod recorded;
pub(super) mod rolled;
mod share;
mod statement;
mod waiting;

use chrono::NaiveDate;

pub use cells::CurrencyCells;
pub use evidence::{
    DisputedOpen, Evidence, ITEMS_MAX, PAYMENTS_MAX, PaymentEvidence, PromiseEvidence,
    ReceiptEvidence,
};
pub use items::OpenItemsRead;
pub use kept::Recalled;
pub use positions::{AccountPositions, Position, PositionsQuery};
pub use ranks::{AccountWindow, Standing};
pub use rates::ControlTotal;
pub(crate) use rolled::Path;
pub use statement::{MovementLine, MovementTotals, MovementsRead};

/// A point in both times, as statements filter by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    pub as_of: NaiveDate,
    /// Microseconds since the epoch.
    pub known_at: i64,
}

impl At {
    /// As known by whatever is recorded when the statement runs.
    pub fn now(as_of: NaiveDate) -> Self {
        Self { as_of, known_at: i64::MAX }
    }
}

/// Whose items, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    Account(String),
    Accounts(Vec<String>),
    Book,
}
