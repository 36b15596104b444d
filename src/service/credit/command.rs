//! Commands about reservations on their way to a batch, and what they are answered.

use std::sync::Arc;

use serde::Serialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::domain::credit::command::*;
use crate::domain::credit::decision::Decision;
use crate::domain::credit::reservation::{Now, Reservation};
use crate::domain::error::Error;
use crate::domain::money::Currency;
use crate::domain::names::{AccountRef, ReservationName, ReservationRef};
use crate::store::CallRecord;

/// A command about a reservation.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Command {
    Reserve(ReserveCredit),
    Amend(AmendReservation),
    Deliver(DeliverReservation),
    Commit(CommitReservation),
    Cancel(CancelReservation),
    Decide(DecideReferral),
}

/// What a command is answered.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Decision(Box<Decision>),
    Reservation(Box<Reservation>, Now),
}

impl Command {
    pub fn account(&self) -> &AccountRef {
        match self {
            Self::Reserve(c) => &c.account,
            Self::Amend(c) => &c.reservation.account,
            Self::Deliver(c) => &c.reservation.account,
            Self::Commit(c) => &c.reservation.account,
            Self::Cancel(c) => &c.reservation.account,
            Self::Decide(c) => &c.reservation.account,
        }
    }

    pub fn reservation(&self) -> Option<&ReservationName> {
        match self {
            Self::Reserve(_) => None,
            Self::Amend(c) => Some(&c.reservation),
            Self::Deliver(c) => Some(&c.reservation),
            Self::Commit(c) => Some(&c.reservation),
            Self::Cancel(c) => Some(&c.reservation),
            Self::Decide(c) => Some(&c.reservation),
        }
    }

    /// The reservation that it is about, also one that is to be made.
    pub fn named(&self) -> ReservationRef {
        match (self, self.reservation()) {
            (Self::Reserve(c), _) => ReservationRef::Key(c.order.clone()),
            (_, Some(name)) => name.reservation.clone(),
            (_, None) => ReservationRef::Id(Uuid::nil()),
        }
    }

    pub fn currency(&self) -> Option<Currency> {
        match self {
            Self::Reserve(c) => Some(c.amount.currency),
            Self::Amend(c) => Some(c.amount?.currency),
            Self::Deliver(_) | Self::Commit(_) | Self::Cancel(_) | Self::Decide(_) => None,
        }
    }
}

/// What a transaction is told of a command.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub record: CallRecord,
    pub command: Arc<Command>,
    pub may_override: bool,
    /// Its caller has left, or was told that it failed.
    pub gone: CancellationToken,
}

/// The error for a reservation that the account does not have.
pub(super) fn missing(name: &ReservationName) -> Error {
    Error::not_found("creditReservation", name.to_string())
}
