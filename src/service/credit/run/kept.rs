//! Answers as they are kept under the id of their request: a decision is kept once, in its own
//! table.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::credit::reservation::{Now, Reservation, ReservationState};
use crate::domain::error::{Error, Result};
use crate::service::credit::command::Answer;
use crate::store::Store;

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Kept {
    Decision(Uuid),
    Reservation { reservation: Box<Reservation>, us: i64, today: chrono::NaiveDate },
}

/// The id of a reservation if it is canceled: its row tells why.
pub(super) fn canceled(reservation: &Reservation) -> Option<Uuid> {
    (reservation.state == ReservationState::Canceled).then_some(reservation.id)
}

pub(super) fn encode(kept: &Kept) -> Result<String> {
    serde_json::to_string(kept)
        .map_err(|e| Error::internal(format!("an answer cannot be encoded: {e}")))
}

pub(super) fn decode(text: &str) -> Result<Kept> {
    serde_json::from_str(text)
        .map_err(|e| Error::internal(format!("a stored answer cannot be read: {e}")))
}

/// The answer that was kept.
pub(in crate::service::credit) async fn recall(store: &Store, text: &str) -> Result<Answer> {
    match decode(text)? {
        Kept::Reservation { mut reservation, us, today } => {
            if let Some(id) = canceled(&reservation) {
                let mut reasons = store.cancel_reasons(vec![id]).await?;
                reservation.cancel_reason = reasons.remove(&id).unwrap_or_default();
            }
            Ok(Answer::Reservation(reservation, Now { us, today }))
        }
        Kept::Decision(id) => {
            let made = store.credit_decisions_by_id(vec![id]).await?.into_iter().next();
            let gone = || Error::internal(format!("decision {id} is gone"));
            made.map(|decision| Answer::Decision(Box::new(decision))).ok_or_else(gone)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored_files::assert_reads;

    #[test]
    fn kept_answers_are_read_whole() {
        for method in [
            "ReserveCredit",
            "AmendReservation",
            "DeliverReservation",
            "CommitReservation",
            "CancelReservation",
            "DecideReferral",
        ] {
            assert_reads::<Kept>(&format!("idempotency.answer/CreditService.{method}"));
        }
    }
}
