//! AmendReservation: what a reservation counts more is decided like one of its own.

use uuid::Uuid;

use super::reserve::override_if_asked;
use super::{Caller, Decider, Event, approved, check_handled, key, not_live, same_currency};
use crate::domain::credit::decision::{DecisionKind, Verdict};
use crate::domain::credit::reservation::{Reservation, ReservationState, Stage};
use crate::domain::credit::rules::Question;
use crate::domain::error::Result;
use crate::domain::money::Money;

/// What is to change of a reservation.
#[derive(Debug, Clone)]
pub struct Amend<'a> {
    pub amount: Option<Money>,
    pub expire_us: Option<i64>,
    /// Empty: none.
    pub override_reason: &'a str,
}

impl Decider {
    pub fn amend(&mut self, before: Reservation, ask: &Amend, caller: &Caller) -> Result<Uuid> {
        let now = self.standing.now;
        match before.state {
            ReservationState::Open | ReservationState::Referred => {}
            ReservationState::Rejected | ReservationState::Canceled => {
                return Err(not_live(&before, before.stage(now)));
            }
        }
        same_currency("amount", &before, ask.amount)?;
        self.in_future("expire_time", ask.expire_us)?;
        let amount = ask.amount.map_or(before.amount, |amount| amount.minor);
        check_handled(&before, amount)?;
        self.check_account(&before.account_id)?;
        let after = Reservation {
            amount,
            expire_us: ask.expire_us.unwrap_or(before.expire_us),
            state: ReservationState::Open,
            ..before.clone()
        };
        if after.stage(now) == Stage::Expired {
            return Err(not_live(&before, Stage::Expired));
        }
        let unpaid = after.counted(now).total();
        let counted = unpaid - before.counted(now).total();
        let (account, company) = (before.account_id.clone(), before.company_code.clone());
        let question = Question {
            account: &account,
            company: &company,
            amount: Money { minor: amount, currency: before.currency },
            counted,
            unpaid,
        };
        let (mut decision, mut wanted) =
            self.decide(DecisionKind::Amend, question, Some(key(&before)), caller)?;
        if counted <= 0 && before.state == ReservationState::Open {
            // Counting less is always approved, whatever stands against counting more.
            decision.verdict = Verdict::Approved;
            decision.reasons.clear();
            wanted.clear();
        } else if before.grant.is_some_and(|g| amount <= g.amount && now.us < g.until_us)
            && !approved(decision.verdict)
        {
            decision.verdict = Verdict::Approved;
            decision.overridden = true;
            decision.override_reason = "within what an approver granted".into();
        }
        override_if_asked(&mut decision, ask.override_reason, caller)?;
        let kept = match (decision.verdict, before.state) {
            (Verdict::Approved, ReservationState::Referred) => {
                let reserved = Reservation { decision: decision.id, ..after };
                self.keep(reserved, Some(Event::Reserved), false)
            }
            (Verdict::Approved, _) => self.keep(after, Some(Event::Amended), false),
            (Verdict::Referred, ReservationState::Referred) => {
                let waits = Reservation {
                    state: ReservationState::Referred,
                    decision: decision.id,
                    ..after
                };
                self.keep(waits, Some(Event::Referred), false)
            }
            _ => before,
        };
        decision.reservation = Some(kept);
        Ok(self.record(decision, wanted))
    }
}
