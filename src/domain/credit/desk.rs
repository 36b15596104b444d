//! The desk at which commands about orders are decided, one after the other: each sees what the
//! ones before it left. The store loads what the desk looks at, and writes what it changed.

mod amend;
mod follow;
mod reserve;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::component::UsedKey;
use super::decision::{Decision, DecisionKind, OrderKey, Verdict};
use super::judge::{Judgement, Question, Wanted};
use super::order::{Advance, Counted, NEVER, Order, OrderState, Stage};
use super::standing::Standing;
use crate::domain::document::DocumentKey;
use crate::domain::error::{Error, Precondition, Reason, Result, Violation};
use crate::domain::money::{Currency, Money};
use crate::domain::names::{CREDIT_RESERVATIONS, account_name, child_name};

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
    pub fn of(order: &Order) -> Self {
        Self { account_id: order.account_id.clone(), order: key(order), currency: order.currency }
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

/// The desk.
#[derive(Debug)]
pub struct Desk {
    pub standing: Standing,
    orders: HashMap<Uuid, Order>,
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
    pub new: Vec<Order>,
    pub changed: Vec<Order>,
    /// Order, document, amount.
    pub links: Vec<(Uuid, Uuid, i64)>,
    pub moves: BTreeMap<UsedKey, i64>,
    pub decisions: Vec<Decision>,
    /// Account, kind of event, order.
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
    pub order: Uuid,
}

/// What became of an order.
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

/// What is loaded for the commands of a desk.
#[derive(Debug, Default)]
pub struct Loaded {
    pub orders: Vec<Order>,
    pub found: BTreeMap<FoundKey, Found>,
    pub documents: HashMap<DocumentKey, Document>,
    pub decisions: Vec<Decision>,
    /// Orders whose count has changed by itself since it was stored.
    pub due: Vec<Order>,
}

impl Desk {
    /// Opens the desk: whatever lapsed meanwhile is brought up to date first.
    pub fn open(standing: Standing, loaded: Loaded) -> Self {
        let Loaded { orders, found, documents, decisions, due } = loaded;
        let mut desk = Self {
            standing,
            orders: HashMap::new(),
            by_key: HashMap::new(),
            found,
            documents,
            decisions: decisions.into_iter().map(|d| (d.id, d)).collect(),
            changes: Changes::default(),
        };
        let late: Vec<Uuid> = due.iter().map(|order| order.id).collect();
        for order in orders.into_iter().chain(due) {
            desk.by_key.insert(key(&order), order.id);
            desk.orders.insert(order.id, order);
        }
        for id in late {
            desk.bring_up_to_date(id);
        }
        desk
    }

    fn bring_up_to_date(&mut self, id: Uuid) {
        let Some(order) = self.orders.get(&id).cloned() else { return };
        let lapsed = order.stored.ordered > 0 && !order.is_live(self.standing.now);
        self.keep(order, lapsed.then_some(Event::Expired), false);
    }

    /// The order of an id, if it belongs to the account.
    pub fn order(&self, account: &str, id: Uuid) -> Option<&Order> {
        self.orders.get(&id).filter(|order| order.account_id == account)
    }

    /// The order of a key, if it belongs to the account.
    pub fn order_of(&self, account: &str, key: &OrderKey) -> Option<&Order> {
        self.order(account, *self.by_key.get(key)?)
    }

    /// A decision that was made before, or just now.
    pub fn decision(&self, id: Uuid) -> Option<&Decision> {
        let just_now = self.changes.decisions.iter().find(|decision| decision.id == id);
        just_now.or_else(|| self.decisions.get(&id))
    }

    /// Stores an order as it is now, and moves what it counts.
    fn keep(&mut self, mut order: Order, event: Option<Event>, is_new: bool) -> Order {
        let now = self.standing.now;
        let moves = order.settle(now);
        order.update_us = now.us;
        self.standing.add(&order, &moves);
        for (component, amount) in moves.into_iter().filter(|(_, amount)| *amount != 0) {
            *self.changes.moves.entry(order.used_key(component)).or_default() += amount;
        }
        let id = order.id;
        if is_new {
            self.changes.new_ids.insert(id);
            self.by_key.insert(key(&order), id);
        } else if !self.changes.new_ids.contains(&id) {
            self.changes.changed_ids.insert(id);
        }
        self.orders.insert(id, order.clone());
        if let Some(event) = event {
            self.tell(&order.account_id, event, id);
        }
        order
    }

    fn tell(&mut self, account: &str, event: Event, order: Uuid) {
        self.changes.told.push(Told { account_id: account.to_owned(), event, order });
    }

    /// The rows to be written, each order once.
    pub fn close(mut self) -> Changes {
        let take = |orders: &HashMap<Uuid, Order>, ids: &HashSet<Uuid>| {
            let mut taken: Vec<Order> =
                ids.iter().filter_map(|id| orders.get(id).cloned()).collect();
            taken.sort_by_key(|order| order.id);
            taken
        };
        self.changes.new = take(&self.orders, &self.changes.new_ids);
        self.changes.changed = take(&self.orders, &self.changes.changed_ids);
        self.changes
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

    /// Judges a question, and makes a decision of it that is not stored yet.
    fn decide(
        &mut self,
        kind: DecisionKind,
        question: Question,
        order: Option<OrderKey>,
        caller: &Caller,
    ) -> Result<(Decision, Vec<Wanted>)> {
        let Judgement { verdict, reasons, limits, available, rates, evidence } =
            self.standing.judge(question)?;
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
            override_reason: String::new(),
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

/// An order's key in its own system.
pub fn key(order: &Order) -> OrderKey {
    OrderKey { system: order.system.clone(), order_ref: order.order_ref.clone() }
}

/// Name of the reservation.
pub fn name(order: &Order) -> String {
    child_name(&order.account_id, CREDIT_RESERVATIONS, order.id)
}

fn not_live(order: &Order, stage: Stage) -> Error {
    let description = match stage {
        Stage::Expired => "what is not delivered lapsed; amend its expiry first".to_owned(),
        stage => format!("it is {stage}"),
    };
    Precondition::new(Reason::ReservationNotLive, name(order), description)
        .with("stage", stage)
        .into()
}

fn same_currency(field: &str, order: &Order, money: Option<Money>) -> Result<()> {
    match money {
        Some(money) if money.currency != order.currency => {
            let description =
                format!("the order is in {}, not in {}", order.currency, money.currency);
            Err(Error::invalid(field, Reason::CurrencyMismatch, description))
        }
        _ => Ok(()),
    }
}

/// When a reservation lapses that does not say.
fn default_expiry(now_us: i64, days: i32) -> i64 {
    const DAY_US: i64 = 86_400 * 1_000_000;
    now_us + i64::from(days) * DAY_US
}

fn blank(account: &str, key: &OrderKey, company: &str, amount: Money, decision: Uuid) -> Order {
    Order {
        id: Uuid::now_v7(),
        account_id: account.to_owned(),
        system: key.system.clone(),
        order_ref: key.order_ref.clone(),
        company_code: company.to_owned(),
        currency: amount.currency,
        state: OrderState::Open,
        amount: amount.minor,
        delivered: 0,
        invoiced: 0,
        invoiced_live: 0,
        advance: Advance::default(),
        expire_us: NEVER,
        grant: None,
        decision,
        stored: Counted::default(),
        create_us: 0,
        update_us: 0,
    }
}

fn approved(verdict: Verdict) -> bool {
    verdict == Verdict::Approved
}
