//! Credit in the database: its rules, what counts against limits, the orders that reserve it,
//! and the decisions. What counts is kept true in the transaction that changes what it follows
//! from.
//!
//! What must not live here: how much an order counts, which is [`crate::domain::credit`]'s.

mod commit;
mod decisions;
mod facts;
mod follow;
mod history;
mod holds;
mod limits;
mod links;
mod orders;
mod overdue;
mod policies;
mod published;
mod secured;
mod securities;
mod standing;
mod used;

pub use decisions::DecisionsQuery;
pub use links::Link;
pub use orders::{KnownOrder, OrdersQuery};
pub use overdue::{OverdueEvidence, OverdueQuery};
pub use published::Holds;
pub use standing::{Known, StandingQuery};

pub(super) use follow::{Said, follow};
pub(super) use history::order_histories;
pub(super) use orders::{move_root, orders_page, reserving_orders};
pub(super) use securities::move_securities;
pub(super) use used::{add_used, move_used, settle_days};
