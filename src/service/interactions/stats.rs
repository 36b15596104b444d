//! CalculateInteractionStats.

use super::{Interactions, With};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::interaction::stats::{CalculateStats, DAYS_MAX, Stats};
use crate::store::HeldOf;

impl Interactions {
    /// What was held in some time, by what it has in common, and in all.
    ///
    /// # Errors
    /// NotFound, DATE_INVALID.
    pub async fn stats(&self, ctx: &Ctx, asked: CalculateStats) -> Result<Stats> {
        let (scope, today) = (ctx.row_scope(), ctx.business_date());
        let CalculateStats { group_by, from, to, campaign, account } = asked;
        let to = to.unwrap_or(today);
        if to < from || (to - from).num_days() > DAYS_MAX {
            let what = format!("{to} is not from {from} to {DAYS_MAX} days after it");
            return Err(Error::invalid("to_date", Reason::DateInvalid, what));
        }
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let With { account_id, .. } = With::named(tx, account, None, None).await?;
                let of = HeldOf { from, to, campaign, account_id };
                let groups = tx.interaction_counts(&of, Some(group_by), today, scope).await?;
                let total = tx.interaction_counts(&of, None, today, scope).await?;
                Ok(Stats { groups, total: total.into_values().next().unwrap_or_default() })
            })
        });
        read.await
    }
}
