//! CheckCredit, ReserveCredit and DecideReferral.

use uuid::Uuid;

use super::{
    Caller, Decider, Event, Found, FoundKey, approved, blank, check_handled, default_expiry, key,
    name, not_live,
};
use crate::domain::credit::decision::{Decision, DecisionKind, Verdict};
use crate::domain::credit::reservation::{
    Grant, Link, NEVER, REFERRALS, ReferralVerb, Reservation, ReservationState, Stage,
};
use crate::domain::credit::rules::{Question, Wanted};
use crate::domain::error::{Error, Reason, Resource, Result, Violation};
use crate::domain::machine::advance;
use crate::domain::money::Money;
use crate::domain::names::OrderKey;

/// An order to be reserved; the account is resolved.
#[derive(Debug, Clone)]
pub struct Reserve<'a> {
    pub account: &'a str,
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

impl Decider {
    /// What reserving would be answered. An order that is reserved is evaluated by what it would
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
        let known =
            order.and_then(|key| self.by_key.get(key)).and_then(|id| self.reservations.get(id));
        let (unpaid, before) = match (order, known) {
            (None, _) => (amount.minor, 0),
            (Some(_), Some(known)) if known.account_id != account => return Err(taken(known)),
            (Some(_), Some(known)) => {
                super::same_currency("amount", known, Some(amount))?;
                if known.state == ReservationState::Canceled {
                    check_handled(known, amount.minor)?;
                }
                // What lapsed would be asked for with another expiry.
                let asked = Reservation {
                    amount: amount.minor,
                    state: ReservationState::Open,
                    expire_us: NEVER,
                    ..known.clone()
                };
                (asked.counted(now).total(), known.counted(now).total())
            }
            (Some(order), None) => {
                (self.new_reservation(account, amount, order).0.counted(now).total(), 0)
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
        let known = self.by_key.get(ask.order).and_then(|id| self.reservations.get(id)).cloned();
        if let Some(known) = &known
            && let Some(decision) = self.again(known, ask)?
        {
            return Ok(decision);
        }
        self.in_future("expire_time", ask.expire_us)?;
        let (mut reservation, links, is_new) = self.reservation_to_make(ask);
        let now = self.standing.now;
        let days = self.standing.policy.reservation_days;
        reservation.expire_us = ask.expire_us.unwrap_or_else(|| default_expiry(now.us, days));
        let unpaid = reservation.counted(now).total();
        let before = known.as_ref().map_or(0, |known| known.counted(now).total());
        let question = Question {
            account: ask.account,
            company: &ask.order.company_code,
            amount: ask.amount,
            counted: unpaid - before,
            unpaid,
        };
        let (mut decision, wanted) =
            self.decide(DecisionKind::Reserve, question, Some(ask.order.clone()), caller)?;
        override_if_asked(&mut decision, ask.override_reason, caller)?;
        reservation.decision = decision.id;
        if is_new {
            reservation.create_us = now.us;
        }
        match decision.verdict {
            Verdict::Declined => {
                // One that waits for a person goes on waiting.
                decision.reservation = known.filter(|of| of.state == ReservationState::Referred);
                self.tell(ask.account, Event::Declined, Uuid::nil());
            }
            verdict => {
                let (state, event) = if approved(verdict) {
                    (ReservationState::Open, Event::Reserved)
                } else {
                    (ReservationState::Referred, Event::Referred)
                };
                reservation.state = state;
                self.changes.links.extend(links);
                decision.reservation = Some(self.keep(reservation, Some(event), is_new));
            }
        }
        Ok(self.record(decision, wanted))
    }

    /// The decision of an order that was reserved with the same content and still is; `None` if
    /// it is to be decided anew, because it was rejected or canceled, or waits for a person.
    /// Nobody is answered that an order is reserved when it lapsed or was lowered since.
    fn again(&self, known: &Reservation, ask: &Reserve) -> Result<Option<Uuid>> {
        let same_place = known.account_id == ask.account && known.currency == ask.amount.currency;
        if !same_place {
            return Err(taken(known));
        }
        match known.state {
            ReservationState::Rejected => return Ok(None),
            ReservationState::Canceled => {
                check_handled(known, ask.amount.minor)?;
                return Ok(None);
            }
            ReservationState::Open | ReservationState::Referred => {}
        }
        let made = self.decision(known.decision);
        let made =
            made.ok_or_else(|| Error::internal(format!("the decision of {} is gone", known.id)))?;
        if made.amount != ask.amount || known.amount < ask.amount.minor {
            return Err(taken(known));
        }
        match known.stage(self.standing.now) {
            Stage::Referred => Ok(None),
            stage @ Stage::Expired => Err(not_live(known, stage)),
            _ => Ok(Some(made.id)),
        }
    }

    /// A new reservation with what the ledger knows of it, or the one that is decided anew.
    fn reservation_to_make(&mut self, ask: &Reserve) -> (Reservation, Vec<Link>, bool) {
        match self.reservation_of(ask.account, ask.order).cloned() {
            Some(before) => {
                let again = Reservation {
                    amount: ask.amount.minor,
                    state: ReservationState::Open,
                    grant: None,
                    ..before
                };
                (again, Vec::new(), false)
            }
            None => {
                let (reservation, links) = self.new_reservation(ask.account, ask.amount, ask.order);
                (reservation, links, true)
            }
        }
    }

    fn new_reservation(
        &self,
        account: &str,
        amount: Money,
        key: &OrderKey,
    ) -> (Reservation, Vec<Link>) {
        let mut reservation = blank(account, key, amount, Uuid::nil());
        let found = self.found.get(&FoundKey::of(&reservation));
        let Found { documents, advance } = found.cloned().unwrap_or_default();
        let mut links = Vec::new();
        for (document, amount) in documents {
            let took = reservation.invoice(amount);
            links.push(Link { document, reservation: reservation.id, amount, took });
        }
        reservation.advance = advance;
        (reservation, links)
    }

    /// Decides about a referred reservation.
    pub fn decide_referral(
        &mut self,
        mut reservation: Reservation,
        how: &Referral,
        caller: &Caller,
    ) -> Result<Uuid> {
        let now = self.standing.now;
        let verb = if how.approve { ReferralVerb::Approve } else { ReferralVerb::Reject };
        advance(REFERRALS, &name(&reservation), reservation.stage(now), verb)?;
        if how.approve {
            self.check_account(&reservation.account_id)?;
            if reservation.expire_us <= now.us {
                return Err(not_live(&reservation, Stage::Expired));
            }
        }
        super::same_currency("maximum_amount", &reservation, how.maximum)?;
        self.in_future("valid_until", how.valid_until_us)?;
        let amount = Money { minor: reservation.amount, currency: reservation.currency };
        let maximum = how.maximum.unwrap_or(amount).minor;
        if maximum < reservation.amount {
            let description = format!("must be at least the order's {amount}");
            let violation = Violation::new("maximum_amount", Reason::AmountOutOfRange, description);
            return Err(violation.into());
        }
        reservation.state = ReservationState::Open;
        let (account, company) = (reservation.account_id.clone(), reservation.company_code.clone());
        let counted = reservation.counted(now).total();
        let question =
            Question { account: &account, company: &company, amount, counted, unpaid: counted };
        let (mut decision, wanted) =
            self.decide(DecisionKind::Referral, question, Some(key(&reservation)), caller)?;
        decision.override_reason = format!("{}: {}", how.approver, how.reason).into();
        decision.overridden = how.approve;
        decision.verdict = if how.approve { Verdict::Approved } else { Verdict::Declined };
        let event = if how.approve {
            let until_us = how.valid_until_us.unwrap_or(reservation.expire_us);
            reservation.grant = Some(Grant { amount: maximum, until_us });
            Event::Reserved
        } else {
            reservation.state = ReservationState::Rejected;
            Event::Rejected
        };
        decision.reservation = Some(self.keep(reservation, Some(event), false));
        Ok(self.record(decision, wanted))
    }
}

fn taken(known: &Reservation) -> Error {
    let name = name(known);
    Error::AlreadyExists {
        reason: Reason::OrderAlreadyReserved,
        description: format!("{name} reserves the order with another content; amend it"),
        resource: Resource { kind: "creditReservation", name },
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
    decision.override_reason = reason.into();
    Ok(())
}
