//! AmendReservation: what an order counts more is decided like an order of its own.

use uuid::Uuid;

use super::reserve::override_if_asked;
use super::{Caller, Desk, Event, approved, key, name, not_live, same_currency};
use crate::domain::credit::decision::{DecisionKind, Verdict};
use crate::domain::credit::judge::Question;
use crate::domain::credit::order::{Order, OrderState};
use crate::domain::error::{Precondition, Reason, Result};
use crate::domain::money::Money;

/// What is to change of an order.
#[derive(Debug, Clone)]
pub struct Amend<'a> {
    pub amount: Option<Money>,
    pub expire_us: Option<i64>,
    /// Empty: none.
    pub override_reason: &'a str,
}

impl Desk {
    pub fn amend(&mut self, order: Order, ask: &Amend, caller: &Caller) -> Result<Uuid> {
        let now = self.standing.now;
        match order.state {
            OrderState::Open | OrderState::Referred => {}
            OrderState::Rejected | OrderState::Canceled => {
                return Err(not_live(&order, order.stage(now)));
            }
        }
        same_currency("amount", &order, ask.amount)?;
        self.in_future("expire_time", ask.expire_us)?;
        let amount = ask.amount.map_or(order.amount, |amount| amount.minor);
        check_handled(&order, amount)?;
        let after = Order {
            amount,
            expire_us: ask.expire_us.unwrap_or(order.expire_us),
            state: OrderState::Open,
            ..order.clone()
        };
        let unpaid = after.counted(now).total();
        let counted = unpaid - order.counted(now).total();
        let (account, company) = (order.account_id.clone(), order.company_code.clone());
        let question = Question {
            account: &account,
            company: &company,
            amount: Money { minor: amount, currency: order.currency },
            counted,
            unpaid,
        };
        let (mut decision, mut wanted) =
            self.decide(DecisionKind::Amend, question, Some(key(&order)), caller)?;
        if counted <= 0 && order.state == OrderState::Open {
            // Counting less is always approved, whatever stands against counting more.
            decision.verdict = Verdict::Approved;
            decision.reasons.clear();
            wanted.clear();
        } else if order.grant.is_some_and(|g| amount <= g.amount && now.us < g.until_us)
            && !approved(decision.verdict)
        {
            decision.verdict = Verdict::Approved;
            decision.overridden = true;
            decision.override_reason = "within what an approver granted".into();
        }
        override_if_asked(&mut decision, ask.override_reason, caller)?;
        let kept = match (decision.verdict, order.state) {
            (Verdict::Approved, OrderState::Referred) => {
                let reserved = Order { decision: decision.id, ..after };
                self.keep(reserved, Some(Event::Reserved), false)
            }
            (Verdict::Approved, _) => self.keep(after, Some(Event::Amended), false),
            (Verdict::Referred, OrderState::Referred) => {
                let waits = Order { state: OrderState::Referred, decision: decision.id, ..after };
                self.keep(waits, Some(Event::Referred), false)
            }
            _ => order,
        };
        decision.reservation = Some(kept);
        Ok(self.record(decision, wanted))
    }
}

fn check_handled(order: &Order, amount: i64) -> Result<()> {
    if amount >= order.handled() {
        return Ok(());
    }
    let handled = Money { minor: order.handled(), currency: order.currency };
    let description = format!("{handled} of it is delivered or invoiced");
    Err(Precondition::new(Reason::ReservationBelowHandled, name(order), description)
        .at("amount")
        .with("handled", handled)
        .into())
}
