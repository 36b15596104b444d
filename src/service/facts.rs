//! Facts beside the ledger.

use chrono::NaiveDate;

use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::receivables::command::{
    ClosePeriod, OpenDispute, RecordPromise, ResolveDispute, SetControlTotal, SetRates,
    WithdrawPromise,
};
use crate::domain::receivables::{ControlTotalCheck, Dispute, Promise};

#[derive(Clone)]
pub struct Facts;

impl Facts {
    pub async fn close_period(
        &self,
        _: &Ctx,
        _: &str,
        _: ClosePeriod,
    ) -> Result<(String, NaiveDate)> {
        todo!()
    }

    pub async fn open_dispute(&self, _: &Ctx, _: &str, _: OpenDispute) -> Result<Dispute> {
        todo!()
    }

    pub async fn resolve_dispute(&self, _: &Ctx, _: &str, _: ResolveDispute) -> Result<Dispute> {
        todo!()
    }

    pub async fn record_promise(&self, _: &Ctx, _: &str, _: RecordPromise) -> Result<Promise> {
        todo!()
    }

    pub async fn withdraw_promise(&self, _: &Ctx, _: &str, _: WithdrawPromise) -> Result<Promise> {
        todo!()
    }

    pub async fn set_rates(&self, _: &Ctx, _: &str, _: SetRates) -> Result<usize> {
        todo!()
    }

    pub async fn set_control_total(
        &self,
        _: &Ctx,
        _: &str,
        _: SetControlTotal,
    ) -> Result<ControlTotalCheck> {
        todo!()
    }
}
