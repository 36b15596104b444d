//! Credit in the database: what counts against limits, and the orders that reserve it. Both
//! are kept true in the transaction that changes what they follow from.
//!
//! What must not live here: how much an order counts, which is [`crate::domain::credit`]'s.

mod commit;
mod decisions;
mod facts;
mod follow;
mod history;
mod links;
mod orders;
mod overdue;
mod policies;
mod secured;
mod securities;
mod standing;
mod used;

pub use decisions::DecisionsQuery;
pub use links::Link;
pub use orders::KnownOrder;
pub use overdue::{OverdueEvidence, OverdueQuery};
pub use standing::{Known, StandingQuery};

pub(super) use follow::{Said, follow};
pub(super) use history::order_histories;
pub(super) use orders::{move_root, orders_page, reserving_orders};
pub(super) use used::{add_used, move_used, settle_days};
