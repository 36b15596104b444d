//! Leases: a job is done by one instance at a time. A lease spares work; that a job does a thing
//! once is ensured where the thing is done.

use uuid::Uuid;

use super::queue::Lane;
use super::{Store, sql};
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
        let until = now + seconds * 1_000_000;
        let taken = self
            .write(ctx, Lane::Bulk, move |tx| {
                Box::pin(async move {
                    sql::execute(
                        &tx.conn,
                        "INSERT INTO job_lease (name, holder, until_us) VALUES ($1, $2, $3) \
                         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, \
                         until_us = excluded.until_us WHERE job_lease.until_us <= $4",
                        vec![name.into(), holder.into(), until.into(), now.into()],
                    )
                    .await
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
                sql::execute(
                    &tx.conn,
                    "UPDATE job_lease SET until_us = 0 WHERE name = $1 AND holder = $2",
                    vec![name.into(), holder.into()],
                )
                .await
            })
        })
        .await?;
        Ok(())
    }
}
