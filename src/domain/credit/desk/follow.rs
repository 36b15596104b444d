//! What follows an order: DeliverReservation, CommitReservation and CancelReservation.

use uuid::Uuid;

use super::{Desk, Event, name, not_live, same_currency};
use crate::domain::credit::order::{Order, OrderState, Stage, is_invoicing};
use crate::domain::document::DocumentKey;
use crate::domain::error::{Error, Precondition, Reason, Result, Violation};
use crate::domain::item::{DocumentKind, Side};
use crate::domain::money::{Currency, Money};
use crate::domain::names::{CREDIT_RESERVATIONS, DOCUMENTS, child_name};

/// A document that is said to invoice an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub id: Uuid,
    pub account_id: String,
    pub kind: DocumentKind,
    pub side: Side,
    pub currency: Currency,
    pub gross: i64,
    pub reversed: bool,
    /// The order it invoices already.
    pub order: Option<Uuid>,
}

impl Desk {
    /// Goods left: that part no longer lapses.
    pub fn deliver(&mut self, mut order: Order, amount: Option<Money>) -> Result<Order> {
        same_currency("amount", &order, amount)?;
        let stage = order.stage(self.standing.now);
        if order.state != OrderState::Open || stage == Stage::Expired {
            return Err(not_live(&order, stage));
        }
        let left = order.amount - order.delivered;
        let delivered = amount.map_or(left, |amount| amount.minor);
        if delivered > left || left <= 0 {
            let left = Money { minor: left.max(0), currency: order.currency };
            let description = format!("{left} of it is left to deliver; amend it first");
            let exceeded =
                Precondition::new(Reason::ReservationExceeded, name(&order), description);
            return Err(exceeded.at("amount").with("left", left).into());
        }
        order.delivered += delivered;
        Ok(self.keep(order, Some(Event::Delivered), false))
    }

    /// Documents invoice it; with `complete`, nothing more will.
    pub fn commit(
        &mut self,
        mut order: Order,
        documents: &[DocumentKey],
        complete: bool,
    ) -> Result<Order> {
        if matches!(order.state, OrderState::Referred | OrderState::Rejected) {
            return Err(not_live(&order, order.stage(self.standing.now)));
        }
        let mut linked = Vec::new();
        for (i, key) in documents.iter().enumerate() {
            let field = format!("documents[{i}]");
            let document = self.document(&order, key, &field)?;
            match document.order {
                Some(other) if other == order.id => {}
                Some(other) => return Err(committed_elsewhere(&order, &document, other, field)),
                None if linked.iter().any(|(id, _)| *id == document.id) => {}
                None => linked.push((document.id, document.gross)),
            }
        }
        for (_, gross) in &linked {
            order.invoice(*gross);
        }
        if complete {
            order.amount = completed(&order)?;
        }
        for (document, gross) in linked {
            self.changes.links.push((order.id, document, gross));
            for known in self.documents.values_mut().filter(|known| known.id == document) {
                known.order = Some(order.id);
            }
        }
        Ok(self.keep(order, Some(Event::Committed), false))
    }

    fn document(&self, order: &Order, key: &DocumentKey, field: &str) -> Result<Document> {
        let known = self.documents.get(key).filter(|d| d.account_id == order.account_id);
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
        if document.currency != order.currency {
            let description =
                format!("the order is in {}, not in {}", order.currency, document.currency);
            return Err(Error::invalid(field, Reason::CurrencyMismatch, description));
        }
        Ok(document)
    }

    /// What is not delivered will not be; goods that came back first.
    pub fn cancel(&mut self, mut order: Order, returned: Option<Money>) -> Result<Order> {
        same_currency("returned_amount", &order, returned)?;
        let returned = returned.map_or(0, |returned| returned.minor);
        let again = order.state == OrderState::Canceled && returned == 0;
        if order.state == OrderState::Rejected || again {
            return Err(not_live(&order, order.stage(self.standing.now)));
        }
        if returned > order.delivered_open() {
            let open = Money { minor: order.delivered_open(), currency: order.currency };
            let description = format!("{open} is delivered and not invoiced");
            let refused =
                Precondition::new(Reason::ReturnExceedsDelivered, name(&order), description);
            let refused = refused.at("returned_amount");
            return Err(refused.with("delivered_not_invoiced", open).into());
        }
        order.delivered -= returned;
        order.state = OrderState::Canceled;
        Ok(self.keep(order, Some(Event::Canceled), false))
    }
}

/// What an order comes to of which nothing more will come.
fn completed(order: &Order) -> Result<i64> {
    let waiting = Money { minor: order.delivered_open(), currency: order.currency };
    if waiting.minor == 0 {
        return Ok(order.handled());
    }
    let description = format!("{waiting} is delivered and not invoiced");
    Err(Precondition::new(Reason::ReservationNotInvoiced, name(order), description)
        .at("complete")
        .with("delivered_not_invoiced", waiting)
        .into())
}

fn committed_elsewhere(order: &Order, document: &Document, other: Uuid, field: String) -> Error {
    let other = child_name(&order.account_id, CREDIT_RESERVATIONS, other);
    let subject = child_name(&document.account_id, DOCUMENTS, document.id);
    Precondition::new(Reason::DocumentAlreadyCommitted, subject, format!("it invoices {other}"))
        .at(field)
        .with("reservation", other)
        .into()
}
