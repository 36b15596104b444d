//! Credit in the database: its rules, what counts against limits, the reservations that take it,
//! and the decisions. What counts is kept true in the transaction that changes what it follows
//! from.
//!
//! What must not live here: how much a reservation counts, which is [`crate::domain::credit`]'s.

mod commit;
mod decisions;
mod exposure;
mod follow;
mod history;
mod holds;
mod inputs;
mod kept;
mod limits;
mod links;
mod overdue;
mod policies;
mod published;
mod reservations;
mod secured;
mod securities;
mod standing;

pub use super::entity::credit_reservation::KnownReservation;
pub use decisions::DecisionsQuery;
pub use overdue::{OverdueEvidence, OverdueQuery};
pub use published::Holds;
pub use reservations::ReservationsQuery;
pub use standing::{Known, Ruling, StandingQuery};

pub(super) use exposure::{COUNTS_AT_ONCE, add_exposure, move_exposure, settle_days};
pub(super) use follow::{Said, follow};
pub(super) use history::reservation_histories;
pub(super) use reservations::{counting_reservations, move_root, reservations_page};
pub(super) use securities::move_securities;
