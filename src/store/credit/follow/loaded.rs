//! The reservations that a change may touch, while they are brought up to date.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{Invoice, Said};
use crate::ctx::Clock;
use crate::domain::credit::component::ExposureKey;
use crate::domain::credit::decide::key;
use crate::domain::credit::reservation::Now;
use crate::domain::error::Result;
use crate::domain::money::Currency;
use crate::domain::names::OrderKey;
use crate::store::credit::KnownReservation;
use crate::store::credit::links::KnownLink;
use crate::store::credit::reservations::{reservations_by_id, reservations_by_key};

/// The reservations that a change may touch.
pub(super) struct Reservations {
    by_id: BTreeMap<Uuid, KnownReservation>,
    by_name: HashMap<OrderKey, Uuid>,
    touched: BTreeSet<Uuid>,
}

impl Reservations {
    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) async fn load(
        conn: &impl ConnectionTrait,
        said: &Said,
        gone: &[KnownLink],
        named: &HashMap<Uuid, OrderKey>,
    ) -> Result<Self> {
        let invoices = said.invoices.iter().filter(|invoice| !invoice.order_ref.is_empty());
        let advances = said.advances.iter().filter_map(|change| named.get(&change.document));
        let keys: BTreeSet<OrderKey> =
            invoices.map(Invoice::order).chain(advances.cloned()).collect();
        let ids: BTreeSet<Uuid> = gone.iter().map(|known| known.link.reservation).collect();
        let mut known = reservations_by_key(conn, &keys).await?;
        known.extend(reservations_by_id(conn, ids).await?);
        let by_name = known
            .iter()
            .map(|KnownReservation { reservation, .. }| (key(reservation), reservation.id))
            .collect();
        let by_id = known.into_iter().map(|known| (known.reservation.id, known)).collect();
        Ok(Self { by_id, by_name, touched: BTreeSet::new() })
    }

    pub(super) fn named(&self, order: &OrderKey) -> Option<Uuid> {
        self.by_name.get(order).copied()
    }

    /// A correction goes on invoicing the reservation that a commitment put the document to. One
    /// that the document named is followed by name only.
    pub(super) fn inherited(&self, invoice: &Invoice, gone: &[KnownLink]) -> Option<Uuid> {
        let before = gone.iter().find(|known| known.key == invoice.key)?;
        let reservation = before.link.reservation;
        let by_name = self.named(&before.key.order(&before.order_ref)) == Some(reservation);
        (!by_name).then_some(reservation)
    }

    pub(super) fn touch(&mut self, id: Uuid) -> Option<&mut KnownReservation> {
        let known = self.by_id.get_mut(&id)?;
        self.touched.insert(id);
        Some(known)
    }

    /// The reservation, if it is one of this account in this currency.
    pub(super) fn of(
        &mut self,
        id: Uuid,
        account_id: &str,
        currency: Currency,
    ) -> Option<&mut KnownReservation> {
        let reservation = &self.by_id.get(&id)?.reservation;
        if reservation.account_id != account_id || reservation.currency != currency {
            return None;
        }
        self.touch(id)
    }

    /// The reservations that changed, and what they move.
    pub(super) fn settle(
        mut self,
        now: Now,
        clock: &Clock,
    ) -> (Vec<KnownReservation>, BTreeMap<ExposureKey, i64>) {
        let mut moves = BTreeMap::new();
        let mut touched: Vec<KnownReservation> =
            self.touched.iter().filter_map(|id| self.by_id.remove(id)).collect();
        for known in &mut touched {
            known.settle(now, clock, &mut moves);
        }
        (touched, moves)
    }
}
