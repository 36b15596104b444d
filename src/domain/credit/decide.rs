//! Commands about reservations are decided one after the other: each sees what the ones before
//! it left. The store loads what the decisions look at, and writes what they changed.

mod amend;
mod follow;
mod reserve;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::component::ExposureKey;
use super::decision::{Decision, DecisionKind, Verdict};
use super::reservation::{Advance, Counted, Link, NEVER, Reservation, ReservationState, Stage};
use super::rules::{Evaluation, Question, Wanted};
use super::standing::Standing;
use crate::domain::document::DocumentKey;
use crate::domain::error::{Error, Precondition, Reason, Result, Violation};
use crate::domain::money::{Currency, Money};
use crate::domain::names::{CREDIT_RESERVATIONS, OrderKey, account_name, child_name};
use crate::domain::personal::Personal;

pub use amend::Amend;
pub use follow::Document;
pub use reserve::{Referral, Reserve};

/// The scope that an override needs.
pub const OVERRIDE: &str = "credit.override";

/// What documents of an account name an order by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FoundKey {
    pub account_id: String,
    pub order: OrderKey,
    pub currency: Currency,
}

impl FoundKey {
    pub fn of(reservation: &Reservation) -> Self {
        Self {
            account_id: reservation.account_id.clone(),
            order: key(reservation),
            currency: reservation.currency,
        }
    }
}

/// What the ledger holds about an order that is not reserved yet: debits that count, name it and
/// invoice no order, and receipts that name it, as far as they are not cleared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// With their gross amounts.
    pub documents: Vec<(Uuid, i64)>,
    pub advance: Advance,
}

/// Decides the commands of a batch.
#[derive(Debug)]
pub struct Decider {
    pub standing: Standing,
    reservations: HashMap<Uuid, Reservation>,
    by_key: HashMap<OrderKey, Uuid>,
    /// Of orders that are not reserved: what names them.
    found: BTreeMap<FoundKey, Found>,
    documents: HashMap<DocumentKey, Document>,
    /// Decisions made before, of orders that are asked about again.
    decisions: HashMap<Uuid, Decision>,
    changes: Changes,
}

/// What is to be written.
#[derive(Debug, Default)]
pub struct Changes {
    pub new: Vec<Reservation>,
    pub changed: Vec<Reservation>,
    pub links: Vec<Link>,
    pub moves: BTreeMap<ExposureKey, i64>,
    pub decisions: Vec<Decision>,
    /// What other systems are to be told.
    pub told: Vec<Told>,
    /// Documents to be looked up for reasons of a decision.
    pub wanted: Vec<(Uuid, Wanted)>,
    new_ids: HashSet<Uuid>,
    changed_ids: HashSet<Uuid>,
}

/// Something other systems are to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub account_id: String,
    pub event: Event,
    pub reservation: Uuid,
}

/// What became of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Reserved,
    Referred,
    Declined,
    Amended,
    Delivered,
    Committed,
    Canceled,
    Rejected,
    Expired,
}

/// Who asks, and whether they may override.
#[derive(Debug, Clone)]
pub struct Caller<'a> {
    pub principal: &'a str,
    pub may_override: bool,
}

/// What is loaded for the commands of a batch.
#[derive(Debug, Default)]
pub struct Loaded {
    pub reservations: Vec<Reservation>,
    pub found: BTreeMap<FoundKey, Found>,
    pub documents: HashMap<DocumentKey, Document>,
    pub decisions: Vec<Decision>,
    /// Reservations whose count has changed by itself since it was stored.
    pub due: Vec<Reservation>,
}

impl Decider {
    /// Begins with what was loaded: whatever lapsed meanwhile is brought up to date first.
    pub fn open(standing: Standing, loaded: Loaded) -> Self {
        let Loaded { reservations, found, documents, decisions, due } = loaded;
        let mut decider = Self {
            standing,
            reservations: HashMap::new(),
            by_key: HashMap::new(),
            found,
            documents,
            decisions: decisions.into_iter().map(|d| (d.id, d)).collect(),
            changes: Changes::default(),
        };
        let late: Vec<Uuid> = due.iter().map(|reservation| reservation.id).collect();
        for reservation in reservations.into_iter().chain(due) {
            decider.by_key.insert(key(&reservation), reservation.id);
            decider.reservations.insert(reservation.id, reservation);
        }
        for id in late {
            decider.bring_up_to_date(id);
        }
        decider
    }

    fn bring_up_to_date(&mut self, id: Uuid) {
        let Some(reservation) = self.reservations.get(&id).cloned() else { return };
        let lapsed = reservation.stored.ordered > 0 && !reservation.is_live(self.standing.now);
        self.keep(reservation, lapsed.then_some(Event::Expired), false);
    }

    /// The reservation of an id, if it belongs to the account.
    pub fn reservation(&self, account: &str, id: Uuid) -> Option<&Reservation> {
        self.reservations.get(&id).filter(|reservation| reservation.account_id == account)
    }

    /// The reservation of a key, if it belongs to the account.
    pub fn reservation_of(&self, account: &str, key: &OrderKey) -> Option<&Reservation> {
        self.reserved(key).filter(|reservation| reservation.account_id == account)
    }

    /// The reservation of a key, whichever account it belongs to.
    pub fn reserved(&self, key: &OrderKey) -> Option<&Reservation> {
        self.reservations.get(self.by_key.get(key)?)
    }

    /// A decision that was made before, or just now.
    pub fn decision(&self, id: Uuid) -> Option<&Decision> {
        let just_now = self.changes.decisions.iter().find(|decision| decision.id == id);
        just_now.or_else(|| self.decisions.get(&id))
    }

    /// Stores a reservation as it is now, and moves what it counts.
    fn keep(
        &mut self,
        mut reservation: Reservation,
        event: Option<Event>,
        is_new: bool,
    ) -> Reservation {
        let now = self.standing.now;
        let moves = reservation.settle(now);
        reservation.update_us = now.us;
        self.standing.add(&reservation, &moves);
        for (component, amount) in moves.into_iter().filter(|(_, amount)| *amount != 0) {
            *self.changes.moves.entry(reservation.exposure_key(component)).or_default() += amount;
        }
        let id = reservation.id;
        if is_new {
            self.changes.new_ids.insert(id);
            self.by_key.insert(key(&reservation), id);
        } else if !self.changes.new_ids.contains(&id) {
            self.changes.changed_ids.insert(id);
        }
        self.reservations.insert(id, reservation.clone());
        if let Some(event) = event {
            self.tell(&reservation.account_id, event, id);
        }
        reservation
    }

    fn tell(&mut self, account: &str, event: Event, reservation: Uuid) {
        self.changes.told.push(Told { account_id: account.to_owned(), event, reservation });
    }

    /// The rows to be written, each reservation once, and how the accounts stand after it.
    pub fn close(mut self) -> (Changes, Standing) {
        let take = |reservations: &HashMap<Uuid, Reservation>, ids: &HashSet<Uuid>| {
            let mut taken: Vec<Reservation> =
                ids.iter().filter_map(|id| reservations.get(id).cloned()).collect();
            taken.sort_by_key(|reservation| reservation.id);
            taken
        };
        self.changes.new = take(&self.reservations, &self.changes.new_ids);
        self.changes.changed = take(&self.reservations, &self.changes.changed_ids);
        (self.changes, self.standing)
    }

    fn check_account(&self, account: &str) -> Result<()> {
        match self.standing.nodes.get(account) {
            Some(node) if node.is_deleted => Err(Error::precondition(
                Reason::AccountDeleted,
                account_name(account),
                "the account is deleted; undelete it first",
            )),
            Some(_) => Ok(()),
            None => Err(Error::not_found("account", account_name(account))),
        }
    }

    /// Evaluates a question, and makes a decision of it that is not stored yet.
    fn decide(
        &mut self,
        kind: DecisionKind,
        question: Question,
        order: Option<OrderKey>,
        caller: &Caller,
    ) -> Result<(Decision, Vec<Wanted>)> {
        let Evaluation { verdict, reasons, limits, available, rates, evidence } =
            self.standing.evaluate(question)?;
        let decision = Decision {
            id: Uuid::now_v7(),
            account_id: question.account.to_owned(),
            kind,
            verdict,
            reasons,
            order,
            company_code: question.company.to_owned(),
            amount: question.amount,
            counted: question.counted,
            limits,
            available,
            rates,
            policy: self.standing.policy.id.clone(),
            evaluate_us: self.standing.now.us,
            business_date: self.standing.now.today,
            reservation: None,
            overridden: false,
            override_reason: Personal::default(),
            decided_by: caller.principal.to_owned(),
        };
        Ok((decision, evidence))
    }

    fn record(&mut self, decision: Decision, wanted: Vec<Wanted>) -> Uuid {
        let id = decision.id;
        self.changes.wanted.extend(wanted.into_iter().map(|wanted| (id, wanted)));
        self.changes.decisions.push(decision);
        id
    }

    fn in_future(&self, field: &str, us: Option<i64>) -> Result<()> {
        match us {
            Some(us) if us <= self.standing.now.us => {
                Err(Violation::new(field, Reason::DateInvalid, "must lie in the future").into())
            }
            _ => Ok(()),
        }
    }
}

/// An order's key in its own system and company.
pub fn key(reservation: &Reservation) -> OrderKey {
    OrderKey {
        system: reservation.system.clone(),
        company_code: reservation.company_code.clone(),
        order_ref: reservation.order_ref.clone(),
    }
}

/// Name of the reservation.
pub fn name(reservation: &Reservation) -> String {
    child_name(&reservation.account_id, CREDIT_RESERVATIONS, reservation.id)
}

fn not_live(reservation: &Reservation, stage: Stage) -> Error {
    let description = match stage {
        Stage::Expired => "what is not delivered lapsed; amend its expiry first".to_owned(),
        stage => format!("it is {stage}"),
    };
    Precondition::new(Reason::ReservationNotLive, name(reservation), description)
        .with("stage", stage)
        .into()
}

fn same_currency(field: &str, reservation: &Reservation, money: Option<Money>) -> Result<()> {
    match money {
        Some(money) if money.currency != reservation.currency => {
            let description =
                format!("the order is in {}, not in {}", reservation.currency, money.currency);
            Err(Error::invalid(field, Reason::CurrencyMismatch, description))
        }
        _ => Ok(()),
    }
}

/// An order never shrinks below what is delivered or invoiced of it.
fn check_handled(reservation: &Reservation, amount: i64) -> Result<()> {
    if amount >= reservation.handled() {
        return Ok(());
    }
    let handled = Money { minor: reservation.handled(), currency: reservation.currency };
    let description = format!("{handled} of it is delivered or invoiced");
    Err(Precondition::new(Reason::ReservationBelowHandled, name(reservation), description)
        .at("amount")
        .with("handled", handled)
        .into())
}

/// When a reservation lapses that does not say.
fn default_expiry(now_us: i64, days: i32) -> i64 {
    const DAY_US: i64 = 86_400 * 1_000_000;
    now_us + i64::from(days) * DAY_US
}

fn blank(account: &str, key: &OrderKey, amount: Money, decision: Uuid) -> Reservation {
    Reservation {
        id: Uuid::now_v7(),
        account_id: account.to_owned(),
        system: key.system.clone(),
        order_ref: key.order_ref.clone(),
        company_code: key.company_code.clone(),
        currency: amount.currency,
        state: ReservationState::Open,
        amount: amount.minor,
        delivered: 0,
        invoiced: 0,
        invoiced_live: 0,
        advance: Advance::default(),
        expire_us: NEVER,
        grant: None,
        decision,
        cancel_reason: Personal::default(),
        stored: Counted::default(),
        create_us: 0,
        update_us: 0,
    }
}

fn approved(verdict: Verdict) -> bool {
    verdict == Verdict::Approved
}
