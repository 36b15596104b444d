//! The decisions about orders.

use super::Credit;
use crate::ctx::Ctx;
use crate::domain::credit::command::*;
use crate::domain::credit::decision::Decision;
use crate::domain::credit::order::{Now, Order};
use crate::domain::credit::profile::Profile;
use crate::domain::error::{Error, Result};
use crate::domain::names::{AccountRef, ChildName};

impl Credit {
    pub async fn check(&self, _ctx: &Ctx, _c: CheckCredit) -> Result<Decision> {
        Err(Error::internal("to come"))
    }

    pub async fn reserve(
        &self,
        _ctx: &Ctx,
        _request_id: &str,
        _c: ReserveCredit,
    ) -> Result<Decision> {
        Err(Error::internal("to come"))
    }

    pub async fn amend(
        &self,
        _ctx: &Ctx,
        _request_id: &str,
        _c: AmendReservation,
    ) -> Result<Decision> {
        Err(Error::internal("to come"))
    }

    pub async fn decide_referral(
        &self,
        _ctx: &Ctx,
        _request_id: &str,
        _c: DecideReferral,
    ) -> Result<Decision> {
        Err(Error::internal("to come"))
    }

    /// The reservation as the call left it, with the moment its stage is judged at.
    pub async fn deliver(
        &self,
        _ctx: &Ctx,
        _request_id: &str,
        _c: DeliverReservation,
    ) -> Result<(Order, Now)> {
        Err(Error::internal("to come"))
    }

    pub async fn commit(
        &self,
        _ctx: &Ctx,
        _request_id: &str,
        _c: CommitReservation,
    ) -> Result<(Order, Now)> {
        Err(Error::internal("to come"))
    }

    pub async fn cancel(
        &self,
        _ctx: &Ctx,
        _request_id: &str,
        _c: CancelReservation,
    ) -> Result<(Order, Now)> {
        Err(Error::internal("to come"))
    }

    pub async fn reservation(&self, _ctx: &Ctx, _name: ReservationName) -> Result<(Order, Now)> {
        Err(Error::internal("to come"))
    }

    /// A page of reservations and the id to go on from, if there are more.
    pub async fn reservations(
        &self,
        _ctx: &Ctx,
        _of: ListOf,
        _live_only: bool,
    ) -> Result<(Vec<(Order, Now)>, Option<uuid::Uuid>)> {
        Err(Error::internal("to come"))
    }

    pub async fn decision(&self, _ctx: &Ctx, _name: ChildName) -> Result<Decision> {
        Err(Error::internal("to come"))
    }

    pub async fn decisions(
        &self,
        _ctx: &Ctx,
        _list: ListDecisions,
    ) -> Result<(Vec<Decision>, Option<uuid::Uuid>)> {
        Err(Error::internal("to come"))
    }

    /// In the order of the names, all or none. `company_code` is that of the order in mind;
    /// empty: only limits for all companies are judged.
    pub async fn profiles(
        &self,
        _ctx: &Ctx,
        _names: &[AccountRef],
        _company_code: &str,
    ) -> Result<Vec<Profile>> {
        Err(Error::internal("to come"))
    }
}
