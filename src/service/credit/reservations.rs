//! Commands about reservations, and reading what became of them.

use super::command::{Answer, Command, missing};
use super::{Credit, now};
use crate::ctx::Ctx;
use crate::domain::credit::command::*;
use crate::domain::credit::decision::Decision;
use crate::domain::credit::reservation::{Now, Reservation, ReservationState};
use crate::domain::error::{Error, Result};
use crate::domain::names::{CREDIT_DECISIONS, ChildName, ReservationName, ReservationRef};
use crate::domain::page::Page;
use crate::service::resolve;
use crate::store::credit::{DecisionsQuery, ReservationsQuery};
use crate::store::{Call, CallRecord};

impl Credit {
    /// Decides about an order and, if it is approved, reserves it in the same moment.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, ORDER_ALREADY_RESERVED, SCOPE_MISSING, DATE_INVALID.
    pub async fn reserve(&self, ctx: &Ctx, request_id: &str, c: ReserveCredit) -> Result<Decision> {
        let resource = c.account.to_string();
        let command = Command::Reserve(c);
        self.decision_of(ctx, "CreditService.ReserveCredit", request_id, resource, command).await
    }

    /// # Errors
    /// NotFound, RESERVATION_NOT_LIVE, RESERVATION_BELOW_HANDLED, CURRENCY_MISMATCH,
    /// SCOPE_MISSING, DATE_INVALID.
    pub async fn amend(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: AmendReservation,
    ) -> Result<Decision> {
        let resource = c.reservation.to_string();
        let command = Command::Amend(c);
        self.decision_of(ctx, "CreditService.AmendReservation", request_id, resource, command).await
    }

    /// # Errors
    /// NotFound, STATE_WRONG, AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH, DATE_INVALID.
    pub async fn decide_referral(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: DecideReferral,
    ) -> Result<Decision> {
        let resource = c.reservation.to_string();
        let command = Command::Decide(c);
        self.decision_of(ctx, "CreditService.DecideReferral", request_id, resource, command).await
    }

    /// The reservation as the call left it, with the moment its stage is told of.
    ///
    /// # Errors
    /// NotFound, RESERVATION_NOT_LIVE, RESERVATION_EXCEEDED, CURRENCY_MISMATCH.
    pub async fn deliver(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: DeliverReservation,
    ) -> Result<(Reservation, Now)> {
        let resource = c.reservation.to_string();
        let command = Command::Deliver(c);
        self.reservation_of(ctx, "CreditService.DeliverReservation", request_id, resource, command)
            .await
    }

    /// As [`Credit::deliver`].
    ///
    /// # Errors
    /// NotFound, RESERVATION_NOT_LIVE, RESERVATION_NOT_INVOICED, DOCUMENT_REVERSED,
    /// DOCUMENT_ALREADY_COMMITTED, CURRENCY_MISMATCH, FIELD_INVALID.
    pub async fn commit(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: CommitReservation,
    ) -> Result<(Reservation, Now)> {
        let resource = c.reservation.to_string();
        let command = Command::Commit(c);
        self.reservation_of(ctx, "CreditService.CommitReservation", request_id, resource, command)
            .await
    }

    /// As [`Credit::deliver`].
    ///
    /// # Errors
    /// NotFound, RESERVATION_NOT_LIVE, RETURN_EXCEEDS_DELIVERED, CURRENCY_MISMATCH.
    pub async fn cancel(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: CancelReservation,
    ) -> Result<(Reservation, Now)> {
        let resource = c.reservation.to_string();
        let command = Command::Cancel(c);
        self.reservation_of(ctx, "CreditService.CancelReservation", request_id, resource, command)
            .await
    }

    async fn decision_of(
        &self,
        ctx: &Ctx,
        method: &'static str,
        request_id: &str,
        resource: String,
        command: Command,
    ) -> Result<Decision> {
        match self.submit(ctx, method, request_id, resource, command).await? {
            Answer::Decision(decision) => Ok(*decision),
            Answer::Reservation(..) => Err(Error::internal("a decision was asked for")),
        }
    }

    async fn reservation_of(
        &self,
        ctx: &Ctx,
        method: &'static str,
        request_id: &str,
        resource: String,
        command: Command,
    ) -> Result<(Reservation, Now)> {
        match self.submit(ctx, method, request_id, resource, command).await? {
            Answer::Reservation(reservation, now) => Ok((*reservation, now)),
            Answer::Decision(_) => Err(Error::internal("a reservation was asked for")),
        }
    }

    async fn submit(
        &self,
        ctx: &Ctx,
        method: &'static str,
        request_id: &str,
        resource: String,
        command: Command,
    ) -> Result<Answer> {
        // A batch is of several callers, and sees all rows.
        ctx.check_all_accounts("an order")?;
        ctx.check_deadline()?;
        let record = CallRecord::new(ctx, Call::new(method, request_id, resource), &command)?;
        self.batcher.submit(ctx, record, command).await
    }

    /// # Errors
    /// NotFound.
    pub async fn reservation(
        &self,
        ctx: &Ctx,
        name: ReservationName,
    ) -> Result<(Reservation, Now)> {
        let known = resolve::one(ctx, &self.store, "name", &name.account).await?;
        let reservation = match &name.reservation {
            ReservationRef::Id(id) => self.store.reservation_by_id(*id).await?,
            ReservationRef::Key(key) => self.store.reservation_by_key(key).await?,
        };
        let reservation = reservation.map(|known| known.reservation);
        let reservation = reservation.ok_or_else(|| missing(&name))?;
        let account = &reservation.account_id;
        // That of an account that was merged is found by the names of all.
        match *account == known.id
            || known.merge_set.is_some()
                && resolve::were_one(ctx, &self.store, &known.id, account).await?
        {
            true => Ok((reservation, now(&ctx.clock))),
            false => Err(missing(&name)),
        }
    }

    /// A page of reservations, the latest first.
    ///
    /// # Errors
    /// NotFound.
    pub async fn reservations(
        &self,
        ctx: &Ctx,
        of: ListOf,
        live_only: bool,
    ) -> Result<Page<(Reservation, Now)>> {
        let account = resolve::one(ctx, &self.store, "parent", &of.account).await?;
        let now = now(&ctx.clock);
        let page = of.page;
        let counts = |reservation: &Reservation| {
            !live_only
                || reservation.state == ReservationState::Referred
                || reservation.counted(now).reserved() > 0
        };
        // What lapsed since it was stored is passed over here, so a page may take several reads.
        let mut query = ReservationsQuery { account_id: account.id, live_only, page };
        let mut found = Vec::new();
        loop {
            let read = self.store.reservations(&query).await?;
            let last = (read.len() as u64) < page.to_read();
            query.page.after = read.last().map(|known| known.reservation.id);
            found.extend(read.into_iter().map(|known| known.reservation).filter(counts));
            if last || found.len() as u64 >= page.to_read() {
                let of_now = |reservation| (reservation, now);
                return Ok(page.cut(found, |reservation| reservation.id).map(of_now));
            }
        }
    }

    /// # Errors
    /// NotFound.
    pub async fn decision(&self, ctx: &Ctx, name: ChildName) -> Result<Decision> {
        let account = resolve::one(ctx, &self.store, "name", &name.account).await?;
        resolve::check_groups(ctx, &self.store, &[&account.id]).await?;
        let decision = self.store.credit_decision(&account.id, name.id).await?;
        let missing = || Error::not_found("creditDecision", name.resource_name(CREDIT_DECISIONS));
        decision.ok_or_else(missing)
    }

    /// A page of decisions, the latest first.
    ///
    /// # Errors
    /// NotFound.
    pub async fn decisions(&self, ctx: &Ctx, list: ListDecisions) -> Result<Page<Decision>> {
        let ListDecisions { of, reservation, verdict } = list;
        let account = resolve::one(ctx, &self.store, "parent", &of.account).await?;
        resolve::check_groups(ctx, &self.store, &[&account.id]).await?;
        let reservation = match reservation {
            None => None,
            Some(name) => Some(self.reservation(ctx, name).await?.0.id),
        };
        let query = DecisionsQuery { account_id: account.id, reservation, verdict, page: of.page };
        self.store.credit_decisions(&query).await
    }
}
