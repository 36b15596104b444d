//! What follows a reservation: DeliverReservation, CommitReservation and CancelReservation.

use uuid::Uuid;

use super::{Decider, Event, name, not_live, same_currency};
use crate::domain::credit::reservation::{
    Link, Reservation, ReservationState, Stage, is_invoicing,
};
use crate::domain::document::DocumentKey;
use crate::domain::error::{Error, Precondition, Reason, Result, Violation};
use crate::domain::item::{DocumentKind, Side};
use crate::domain::money::{Currency, Money};
use crate::domain::names::{CREDIT_RESERVATIONS, DOCUMENTS, child_name};

/// A document that is said to invoice a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub id: Uuid,
    pub account_id: String,
    pub kind: DocumentKind,
    pub side: Side,
    pub currency: Currency,
    pub gross: i64,
    pub reversed: bool,
    /// The reservation it invoices already.
    pub reservation: Option<Uuid>,
}

impl Decider {
    /// Goods left: that part no longer lapses.
    pub fn deliver(
        &mut self,
        mut reservation: Reservation,
        amount: Option<Money>,
    ) -> Result<Reservation> {
        same_currency("amount", &reservation, amount)?;
        let stage = reservation.stage(self.standing.now);
        if reservation.state != ReservationState::Open || stage == Stage::Expired {
            return Err(not_live(&reservation, stage));
        }
        let left = reservation.amount - reservation.delivered;
        let delivered = amount.map_or(left, |amount| amount.minor);
        if delivered > left || left <= 0 {
            let left = Money { minor: left.max(0), currency: reservation.currency };
            let description = format!("{left} of it is left to deliver; amend it first");
            let exceeded =
                Precondition::new(Reason::ReservationExceeded, name(&reservation), description);
            return Err(exceeded.at("amount").with("left", left).into());
        }
        reservation.delivered += delivered;
        Ok(self.keep(reservation, Some(Event::Delivered), false))
    }

    /// Documents invoice it; with `complete`, nothing more will.
    pub fn commit(
        &mut self,
        mut reservation: Reservation,
        documents: &[DocumentKey],
        complete: bool,
    ) -> Result<Reservation> {
        if matches!(reservation.state, ReservationState::Referred | ReservationState::Rejected) {
            return Err(not_live(&reservation, reservation.stage(self.standing.now)));
        }
        let mut linked = Vec::new();
        for (i, key) in documents.iter().enumerate() {
            let field = format!("documents[{i}]");
            let document = self.document(&reservation, key, &field)?;
            match document.reservation {
                Some(other) if other == reservation.id => {}
                Some(other) => {
                    return Err(committed_elsewhere(&reservation, &document, other, field));
                }
                None if linked.iter().any(|(id, _)| *id == document.id) => {}
                None => linked.push((document.id, document.gross)),
            }
        }
        let linked: Vec<Link> = linked
            .into_iter()
            .map(|(document, amount)| {
                let took = reservation.invoice(amount);
                Link { document, reservation: reservation.id, amount, took }
            })
            .collect();
        if complete {
            reservation.amount = completed(&reservation)?;
        }
        for Link { document, .. } in linked.iter().copied() {
            for known in self.documents.values_mut().filter(|known| known.id == document) {
                known.reservation = Some(reservation.id);
            }
        }
        self.changes.links.extend(linked);
        Ok(self.keep(reservation, Some(Event::Committed), false))
    }

    fn document(
        &self,
        reservation: &Reservation,
        key: &DocumentKey,
        field: &str,
    ) -> Result<Document> {
        let known = self.documents.get(key).filter(|d| d.account_id == reservation.account_id);
        let Some(document) = known.cloned() else {
            return Err(Error::not_found("document", key.document_no.clone()));
        };
        let subject = child_name(&document.account_id, DOCUMENTS, document.id);
        if document.reversed {
            let gone = Precondition::new(
                Reason::DocumentReversed,
                subject,
                "the document no longer counts",
            );
            return Err(gone.at(field).into());
        }
        if !is_invoicing(document.kind, document.side) {
            let description = format!("a {} invoices nothing", document.kind);
            return Err(Violation::new(field, Reason::FieldInvalid, description).into());
        }
        if document.currency != reservation.currency {
            let description =
                format!("the order is in {}, not in {}", reservation.currency, document.currency);
            return Err(Error::invalid(field, Reason::CurrencyMismatch, description));
        }
        Ok(document)
    }

    /// What is not delivered will not be; goods that came back first.
    pub fn cancel(
        &mut self,
        mut reservation: Reservation,
        returned: Option<Money>,
        reason: &str,
    ) -> Result<Reservation> {
        same_currency("returned_amount", &reservation, returned)?;
        let returned = returned.map_or(0, |returned| returned.minor);
        let nothing = match reservation.state {
            ReservationState::Canceled => returned == 0,
            // What was delivered before it was asked for anew may still come back.
            ReservationState::Rejected => returned == 0 || reservation.delivered_open() == 0,
            ReservationState::Open | ReservationState::Referred => false,
        };
        if nothing {
            return Err(not_live(&reservation, reservation.stage(self.standing.now)));
        }
        if returned > reservation.delivered_open() {
            let open =
                Money { minor: reservation.delivered_open(), currency: reservation.currency };
            let description = format!("{open} is delivered and not invoiced");
            let refused =
                Precondition::new(Reason::ReturnExceedsDelivered, name(&reservation), description);
            let refused = refused.at("returned_amount");
            return Err(refused.with("delivered_not_invoiced", open).into());
        }
        reservation.delivered -= returned;
        reservation.state = ReservationState::Canceled;
        reservation.cancel_reason = reason.into();
        Ok(self.keep(reservation, Some(Event::Canceled), false))
    }
}

/// What a reservation comes to of which nothing more will come.
fn completed(reservation: &Reservation) -> Result<i64> {
    let waiting = Money { minor: reservation.delivered_open(), currency: reservation.currency };
    if waiting.minor == 0 {
        return Ok(reservation.handled());
    }
    let description = format!("{waiting} is delivered and not invoiced");
    Err(Precondition::new(Reason::ReservationNotInvoiced, name(reservation), description)
        .at("complete")
        .with("delivered_not_invoiced", waiting)
        .into())
}

fn committed_elsewhere(
    reservation: &Reservation,
    document: &Document,
    other: Uuid,
    field: String,
) -> Error {
    let other = child_name(&reservation.account_id, CREDIT_RESERVATIONS, other);
    let subject = child_name(&document.account_id, DOCUMENTS, document.id);
    Precondition::new(Reason::DocumentAlreadyCommitted, subject, format!("it invoices {other}"))
        .at(field)
        .with("reservation", other)
        .into()
}
