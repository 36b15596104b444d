//! The life of an order's reservation, from the order to its invoices.
//!
//! ```text
//! ordered ──deliver──▶ delivered ──invoice──▶ committed
//!    │ expires, canceled      │ returned
//! ```
//!
//! It counts `max(0, ordered − invoiced)`, the delivered part of it apart, less the money that
//! names the order. Only the part that is not delivered expires. What was invoiced counts at
//! its highest: reversing an invoice revives nothing, and its replacement counts once. One that is
//! corrected to another order gives back what it took: it never belonged here.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::component::{AT_ONCE, Component, ExposureKey};
use crate::domain::item::{DocumentKind, Side};
use crate::domain::machine::Transition;
use crate::domain::money::Currency;
use crate::domain::personal::Personal;
use crate::domain::stored::stored_enum;

/// An expiry or change that never comes.
pub const NEVER: i64 = i64::MAX;

/// Kinds of documents that, as debits, invoice the order they name.
pub const INVOICING: [DocumentKind; 3] =
    [DocumentKind::Invoice, DocumentKind::DebitNote, DocumentKind::OpeningBalance];

/// Whether a document uses up the order it names.
pub fn is_invoicing(kind: DocumentKind, side: Side) -> bool {
    side == Side::Debit && INVOICING.contains(&kind)
}

stored_enum! {
    /// What was decided about a reservation. How far it has come follows from its amounts and the
    /// clock: [`Reservation::stage`].
    pub enum ReservationState {
        /// Waits for a person; reserves nothing but what was delivered before it was canceled and
        /// asked for anew.
        Referred => "REFERRED",
        /// A person said no; reserves as little.
        Rejected => "REJECTED",
        Open => "OPEN",
        /// What is not delivered will not be.
        Canceled => "CANCELED",
    }
}

stored_enum! {
    /// How far a reservation has come.
    pub enum Stage {
        Referred => "REFERRED",
        Rejected => "REJECTED",
        /// Something is still to be delivered, in time.
        Ordered => "ORDERED",
        /// Everything is delivered, and not all of it invoiced.
        Delivered => "DELIVERED",
        /// Everything is invoiced.
        Committed => "COMMITTED",
        /// What is not delivered lapsed.
        Expired => "EXPIRED",
        Canceled => "CANCELED",
    }
}

stored_enum! {
    /// How a person decides about a referral.
    pub enum ReferralVerb {
        Approve => "APPROVE",
        Reject => "REJECT",
    }
}

/// What a person may make of a reservation that is referred.
pub const REFERRALS: &[Transition<Stage, ReferralVerb>] = &[
    Transition { verb: ReferralVerb::Approve, from: &[Stage::Referred], to: Stage::Ordered },
    Transition { verb: ReferralVerb::Reject, from: &[Stage::Referred], to: Stage::Rejected },
];

/// A reservation: an order and what it reserves. All amounts are minor units of its currency,
/// not negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    pub id: Uuid,
    pub account_id: String,
    pub system: String,
    pub order_ref: String,
    pub company_code: String,
    pub currency: Currency,
    pub state: ReservationState,
    pub amount: i64,
    /// Delivered so far, less what was returned.
    pub delivered: i64,
    /// The most that was invoiced at a time.
    pub invoiced: i64,
    /// What is invoiced now.
    pub invoiced_live: i64,
    pub advance: Advance,
    /// When what is not delivered lapses; [`NEVER`] if it does not.
    pub expire_us: i64,
    /// Up to what an approver let it grow.
    pub grant: Option<Grant>,
    /// The decision that reserved or referred it.
    pub decision: Uuid,
    /// Why it was canceled, the last time; stands in its row alone.
    #[serde(skip)]
    pub cancel_reason: Personal,
    /// What it counts according to the projection.
    pub stored: Counted,
    pub create_us: i64,
    pub update_us: i64,
}

/// Approval of a referral: how far the order may grow without asking again, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub amount: i64,
    pub until_us: i64,
}

/// Money that names an order and is not cleared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advance {
    pub now: i64,
    /// What adds to it, or takes off, from a later day on.
    pub later: BTreeMap<NaiveDate, i64>,
}

impl Advance {
    /// Adds what takes effect on a day.
    pub fn add(&mut self, effective: NaiveDate, amount: i64, today: NaiveDate) {
        if effective <= today {
            self.now += amount;
        } else {
            let later = self.later.entry(effective).or_default();
            *later += amount;
            if *later == 0 {
                self.later.remove(&effective);
            }
        }
    }

    /// What it comes to on a day.
    pub fn on(&self, day: NaiveDate) -> i64 {
        self.now + self.later.range(..=day).map(|(_, amount)| amount).sum::<i64>()
    }

    /// Takes in what has come to count.
    fn settle(&mut self, today: NaiveDate) {
        self.now = self.on(today);
        self.later.retain(|day, _| *day > today);
    }
}

/// What an order counts: the first two are not negative, the advance is not positive and never
/// more than both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub ordered: i64,
    pub delivered: i64,
    pub advance: i64,
}

impl Counted {
    pub const fn total(self) -> i64 {
        self.ordered + self.delivered + self.advance
    }

    /// What it reserves, whatever was paid for it before.
    pub const fn reserved(self) -> i64 {
        self.ordered + self.delivered
    }

    /// What has to be added to this to get `after`, by component.
    pub fn until(self, after: Self) -> [(Component, i64); 3] {
        [
            (Component::Orders, after.ordered - self.ordered),
            (Component::Delivered, after.delivered - self.delivered),
            (Component::OrderAdvances, after.advance - self.advance),
        ]
    }
}

/// A document that invoices a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub document: Uuid,
    pub reservation: Uuid,
    /// What it invoices, minor units.
    pub amount: i64,
    /// How much of the order it took, over all its versions.
    pub took: i64,
}

/// An instant with the business date it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Microseconds since the epoch.
    pub us: i64,
    pub today: NaiveDate,
}

impl Reservation {
    /// What it counts now.
    pub fn counted(&self, now: Now) -> Counted {
        let delivered = self.delivered_open();
        let ordered = if self.is_live(now) { self.ordered_open() } else { 0 };
        let advance = -self.advance.on(now.today).clamp(0, ordered + delivered);
        Counted { ordered, delivered, advance }
    }

    /// Whether what is not delivered may still be.
    pub fn is_live(&self, now: Now) -> bool {
        self.state == ReservationState::Open && now.us < self.expire_us
    }

    /// Delivered and not invoiced.
    pub fn delivered_open(&self) -> i64 {
        (self.delivered - self.invoiced).max(0)
    }

    /// Delivered, and on no invoice that stands: other than what counts, it is there again when
    /// an invoice is reversed.
    pub fn delivered_not_billed(&self) -> i64 {
        (self.delivered - self.invoiced_live).max(0)
    }

    /// Neither delivered nor invoiced, whether it may still come or not.
    pub fn ordered_open(&self) -> i64 {
        (self.amount - self.handled()).max(0)
    }

    /// Delivered or invoiced: an order never shrinks below it.
    pub fn handled(&self) -> i64 {
        self.delivered.max(self.invoiced)
    }

    pub fn stage(&self, now: Now) -> Stage {
        match self.state {
            ReservationState::Referred => Stage::Referred,
            ReservationState::Rejected => Stage::Rejected,
            ReservationState::Canceled => Stage::Canceled,
            ReservationState::Open if self.invoiced >= self.amount => Stage::Committed,
            ReservationState::Open if self.ordered_open() == 0 => Stage::Delivered,
            ReservationState::Open if now.us < self.expire_us => Stage::Ordered,
            ReservationState::Open => Stage::Expired,
        }
    }

    /// When what it counts changes by itself, seen from now: it lapses, or money comes to count.
    /// `start_of` tells when a business date begins.
    pub fn next_change(&self, now: Now, start_of: impl Fn(NaiveDate) -> i64) -> i64 {
        let lapses = self.is_live(now) && self.ordered_open() > 0;
        let expiry = if lapses { self.expire_us } else { NEVER };
        let later = self.advance.later.keys().find(|day| **day > now.today);
        later.map_or(expiry, |day| expiry.min(start_of(*day)))
    }

    /// An invoice of it begins to count; answers how much of the order it takes: nothing, as far
    /// as it replaces one that was reversed.
    pub fn invoice(&mut self, amount: i64) -> i64 {
        let before = self.invoiced;
        self.invoiced_live += amount;
        self.invoiced = self.invoiced.max(self.invoiced_live);
        self.invoiced - before
    }

    /// An invoice of it was reversed. What it used up of the order stays used up.
    pub fn reverse_invoice(&mut self, amount: i64) {
        self.invoiced_live -= amount;
    }

    /// An invoice of it that was taken out turned out to belong elsewhere: what it took is free
    /// again.
    pub fn give_back(&mut self, took: i64) {
        self.invoiced = (self.invoiced - took).max(self.invoiced_live);
    }

    /// Where a part of what it counts is kept: it counts at once.
    pub fn exposure_key(&self, component: Component) -> ExposureKey {
        ExposureKey {
            account_id: self.account_id.clone(),
            currency: self.currency,
            company_code: self.company_code.clone(),
            component,
            effective: AT_ONCE,
        }
    }

    /// Brings what is stored up to date; answers what moves in the projection.
    pub fn settle(&mut self, now: Now) -> [(Component, i64); 3] {
        self.advance.settle(now.today);
        let counted = self.counted(now);
        let moves = self.stored.until(counted);
        self.stored = counted;
        moves
    }
}

#[cfg(test)]
mod tests;
