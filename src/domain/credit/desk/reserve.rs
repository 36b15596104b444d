//! CheckCredit, ReserveCredit and DecideReferral.

use uuid::Uuid;

use super::{
    Caller, Desk, Event, Found, FoundKey, approved, blank, default_expiry, key, name, not_live,
};
use crate::domain::credit::decision::{Decision, DecisionKind, OrderKey, Verdict};
use crate::domain::credit::judge::{Question, Wanted};
use crate::domain::credit::order::{Grant, Order, OrderState, Stage};
use crate::domain::error::{Error, Precondition, Reason, Resource, Result, Violation};
use crate::domain::money::Money;

/// An order to be reserved; the account is resolved.
#[derive(Debug, Clone)]
pub struct Reserve<'a> {
    pub account: &'a str,
    pub company: &'a str,
    pub amount: Money,
    pub order: &'a OrderKey,
    pub expire_us: Option<i64>,
    /// Empty: none.
    pub override_reason: &'a str,
}

/// How a referral is decided.
#[derive(Debug, Clone)]
pub struct Referral<'a> {
    pub approve: bool,
    pub approver: &'a str,
    pub reason: &'a str,
    pub maximum: Option<Money>,
    pub valid_until_us: Option<i64>,
}

impl Desk {
    /// What reserving would be answered. An order that is reserved is judged by what it would
    /// count more.
    pub fn check(
        &mut self,
        account: &str,
        company: &str,
        amount: Money,
        order: Option<&OrderKey>,
        caller: &Caller,
    ) -> Result<(Decision, Vec<Wanted>)> {
        self.check_account(account)?;
        let now = self.standing.now;
        let known = order.and_then(|key| self.order_of(account, key)).cloned();
        let (unpaid, before) = match (order, known) {
            (None, _) => (amount.minor, 0),
            (Some(_), Some(known)) => {
                super::same_currency("amount", &known, Some(amount))?;
                let asked =
                    Order { amount: amount.minor, state: OrderState::Open, ..known.clone() };
                (asked.counted(now).total(), known.counted(now).total())
            }
            (Some(order), None) => {
                (self.new_order(account, company, amount, order).0.counted(now).total(), 0)
            }
        };
        let question = Question { account, company, amount, counted: unpaid - before, unpaid };
        let (mut decision, wanted) =
            self.decide(DecisionKind::Check, question, order.cloned(), caller)?;
        decision.id = Uuid::nil();
        Ok((decision, wanted))
    }

    /// Decides about an order; answers the decision, which may be that of an earlier call.
    pub fn reserve(&mut self, ask: &Reserve, caller: &Caller) -> Result<Uuid> {
        self.check_account(ask.account)?;
        if let Some(known) = self.by_key.get(ask.order).and_then(|id| self.orders.get(id)).cloned()
            && let Some(decision) = self.again(&known, ask)?
        {
            return Ok(decision);
        }
        self.in_future("expire_time", ask.expire_us)?;
        let (mut order, links, is_new) = self.order_to_reserve(ask);
        let now = self.standing.now;
        let days = self.standing.policy.reservation_days;
        order.expire_us = ask.expire_us.unwrap_or_else(|| default_expiry(now.us, days));
        let counted = order.counted(now).total();
        let question = Question {
            account: ask.account,
            company: ask.company,
            amount: ask.amount,
            counted,
            unpaid: counted,
        };
        let (mut decision, wanted) =
            self.decide(DecisionKind::Reserve, question, Some(ask.order.clone()), caller)?;
        override_if_asked(&mut decision, ask.override_reason, caller)?;
        order.decision = decision.id;
        if is_new {
            order.create_us = now.us;
        }
        match decision.verdict {
            Verdict::Declined => self.tell(ask.account, Event::Declined, Uuid::nil()),
            verdict => {
                let (state, event) = if approved(verdict) {
                    (OrderState::Open, Event::Reserved)
                } else {
                    (OrderState::Referred, Event::Referred)
                };
                order.state = state;
                let id = order.id;
                self.changes.links.extend(links.into_iter().map(|(doc, gross)| (id, doc, gross)));
                decision.reservation = Some(self.keep(order, Some(event), is_new));
            }
        }
        Ok(self.record(decision, wanted))
    }

    /// The decision of an order that was reserved or referred with the same content and still
    /// is; `None` if it was rejected, and is asked about anew. Nobody is answered that an order
    /// is reserved when it lapsed, was canceled or lowered since.
    fn again(&self, known: &Order, ask: &Reserve) -> Result<Option<Uuid>> {
        let taken = || {
            let name = name(known);
            Error::AlreadyExists {
                reason: Reason::OrderAlreadyReserved,
                description: format!("{name} reserves the order with another content; amend it"),
                resource: Resource { kind: "creditReservation", name },
            }
        };
        let same_place = known.account_id == ask.account
            && known.company_code == ask.company
            && known.currency == ask.amount.currency;
        if !same_place {
            return Err(taken());
        }
        if known.state == OrderState::Rejected {
            return Ok(None);
        }
        let made = self.decision(known.decision);
        let made =
            made.ok_or_else(|| Error::internal(format!("the decision of {} is gone", known.id)))?;
        if made.amount != ask.amount || known.amount < ask.amount.minor {
            return Err(taken());
        }
        match known.stage(self.standing.now) {
            stage @ (Stage::Canceled | Stage::Expired) => Err(not_live(known, stage)),
            _ => Ok(Some(made.id)),
        }
    }

    /// A new order with what the ledger knows of it, or the one that was rejected.
    fn order_to_reserve(&mut self, ask: &Reserve) -> (Order, Vec<(Uuid, i64)>, bool) {
        match self.order_of(ask.account, ask.order).cloned() {
            Some(rejected) => {
                let again = Order {
                    amount: ask.amount.minor,
                    state: OrderState::Open,
                    grant: None,
                    ..rejected
                };
                (again, Vec::new(), false)
            }
            None => {
                let (order, links) =
                    self.new_order(ask.account, ask.company, ask.amount, ask.order);
                (order, links, true)
            }
        }
    }

    fn new_order(
        &self,
        account: &str,
        company: &str,
        amount: Money,
        key: &OrderKey,
    ) -> (Order, Vec<(Uuid, i64)>) {
        let mut order = blank(account, key, company, amount, Uuid::nil());
        let found = self.found.get(&FoundKey::of(&order));
        let Found { documents, advance } = found.cloned().unwrap_or_default();
        for (_, gross) in &documents {
            order.invoice(*gross);
        }
        order.advance = advance;
        (order, documents)
    }

    /// Decides about a referred order.
    pub fn decide_referral(
        &mut self,
        mut order: Order,
        how: &Referral,
        caller: &Caller,
    ) -> Result<Uuid> {
        let now = self.standing.now;
        if order.state != OrderState::Referred {
            let stage = order.stage(now);
            let description = format!("no referral waits for a decision; the order is {stage}");
            let decided = Precondition::new(Reason::ReferralDecided, name(&order), description);
            return Err(decided.with("stage", stage).into());
        }
        if how.approve && order.expire_us <= now.us {
            return Err(not_live(&order, Stage::Expired));
        }
        super::same_currency("maximum_amount", &order, how.maximum)?;
        self.in_future("valid_until", how.valid_until_us)?;
        let amount = Money { minor: order.amount, currency: order.currency };
        let maximum = how.maximum.unwrap_or(amount).minor;
        if maximum < order.amount {
            let description = format!("must be at least the order's {amount}");
            let violation = Violation::new("maximum_amount", Reason::AmountOutOfRange, description);
            return Err(violation.into());
        }
        order.state = OrderState::Open;
        let (account, company) = (order.account_id.clone(), order.company_code.clone());
        let counted = order.counted(now).total();
        let question =
            Question { account: &account, company: &company, amount, counted, unpaid: counted };
        let (mut decision, wanted) =
            self.decide(DecisionKind::Referral, question, Some(key(&order)), caller)?;
        decision.override_reason = format!("{}: {}", how.approver, how.reason);
        decision.overridden = how.approve;
        decision.verdict = if how.approve { Verdict::Approved } else { Verdict::Declined };
        let event = if how.approve {
            let until_us = how.valid_until_us.unwrap_or(order.expire_us);
            order.grant = Some(Grant { amount: maximum, until_us });
            Event::Reserved
        } else {
            order.state = OrderState::Rejected;
            Event::Rejected
        };
        decision.reservation = Some(self.keep(order, Some(event), false));
        Ok(self.record(decision, wanted))
    }
}

/// Lets a decision pass for a reason, if its caller may.
pub(super) fn override_if_asked(
    decision: &mut Decision,
    reason: &str,
    caller: &Caller,
) -> Result<()> {
    if reason.is_empty() || approved(decision.verdict) {
        return Ok(());
    }
    if !caller.may_override {
        return Err(Error::PermissionDenied {
            principal: caller.principal.to_owned(),
            scope: super::OVERRIDE.into(),
        });
    }
    decision.verdict = Verdict::Approved;
    decision.overridden = true;
    decision.override_reason = reason.to_owned();
    Ok(())
}
