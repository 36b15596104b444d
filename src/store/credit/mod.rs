//! Credit in the database: what counts against limits, and the orders that reserve it. Both
//! are kept true in the transaction that changes what they follow from.
//!
//! What must not live here: how much an order counts, which is [`crate::domain::credit`]'s.

mod follow;
mod history;
mod links;
mod orders;
mod used;

pub use history::{OrderHistory, OrderKey};
pub use links::Link;
pub use orders::KnownOrder;

pub(super) use follow::{Said, follow};
pub(super) use history::order_histories;
pub(super) use orders::{move_root, orders_page, reserving_orders};
pub(super) use used::{add_used, move_used, settle_days};
