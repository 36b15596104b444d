//! Leases: a job is done by one instance at a time. A lease spares work; that a job does a thing
//! once is ensured where the thing is done.

use sea_orm::ActiveValue::Set;
use sea_orm::ColumnTrait;
use sea_orm::sea_query::ExprTrait;
use uuid::Uuid;

use super::entity::job_lease::{ActiveModel, Column, Model};
use super::queue::Lane;
use super::{Store, rows};
use crate::ctx::Ctx;
use crate::domain::error::Result;

/// A job of ours to do, until it is given back or its time is over.
#[derive(Debug)]
pub struct Lease {
    name: &'static str,
    holder: Uuid,
}

impl Store {
    /// Takes the lease of a job for some time; `None` if another instance has it.
    pub async fn lease(
        &self,
        ctx: &Ctx,
        name: &'static str,
        seconds: i64,
    ) -> Result<Option<Lease>> {
        let holder = Uuid::now_v7();
        let now = ctx.clock.now_micros();
        let until_us = now + seconds * 1_000_000;
        let taken = self
            .write(ctx, Lane::Bulk, move |tx| {
                Box::pin(async move {
                    let change = ActiveModel {
                        holder: Set(holder),
                        until_us: Set(until_us),
                        ..Default::default()
                    };
                    let over = Column::Name.eq(name).and(Column::UntilUs.lte(now));
                    if rows::change(&tx.conn, change, over).await? == 1 {
                        return Ok(1);
                    }
                    let row = Model { name: name.to_owned(), holder, until_us };
                    rows::insert_new(&tx.conn, vec![row]).await
                })
            })
            .await?;
        Ok((taken == 1).then_some(Lease { name, holder }))
    }

    /// Gives a lease back, unless its time was over and another instance has it.
    pub async fn end_lease(&self, ctx: &Ctx, lease: Lease) -> Result<()> {
        let Lease { name, holder } = lease;
        self.write(ctx, Lane::Bulk, move |tx| {
            Box::pin(async move {
                let change = ActiveModel { until_us: Set(0), ..Default::default() };
                let ours = Column::Name.eq(name).and(Column::Holder.eq(holder));
                rows::change(&tx.conn, change, ours).await
            })
        })
        .await?;
        Ok(())
    }
}
