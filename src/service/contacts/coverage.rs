//! GetCoverage: how well an account is covered today.

use chrono::{Days, NaiveDate};

use super::Contacts;
use super::people::{Found, active, cells_of};
use crate::ctx::Ctx;
use crate::domain::coverage::measure::Coverage;
use crate::domain::coverage::{Facts, SCORE_DAYS};
use crate::domain::error::{Error, Result};
use crate::domain::names::AccountRef;
use crate::service::resolve;
use crate::store::ReadTx;

impl Contacts {
    /// How well an account is covered today.
    ///
    /// # Errors
    /// NotFound.
    pub async fn coverage(&self, ctx: &Ctx, name: AccountRef) -> Result<Coverage> {
        let on = ctx.business_date();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let found = tx.find_accounts(std::slice::from_ref(&name)).await?;
                    let id = resolve::only(&name, found)?.id;
                    Ok(Coverage::of(&id, &facts(tx, &id, on).await?))
                })
            })
            .await
    }
}

/// What the coverage of an account on a day is told from.
pub(super) async fn facts(tx: &ReadTx, account_id: &str, on: NaiveDate) -> Result<Facts> {
    let account = tx.accounts(&[account_id]).await?.remove(account_id);
    let account = account.ok_or_else(|| Error::internal(format!("{account_id} is gone")))?;
    let tiers = tx.tiers_on(&[account_id].into(), on, i64::MAX).await?;
    let seatings = tx.seatings_of_account(account_id).await?;
    let positions = tx.positions_of(account_id).await?;
    let edges = tx.edges_of(account_id).await?;
    let active = active(tx, &edges).await?;
    let found = Found {
        cells: cells_of(&tiers, account_id, on, &account.sites),
        positions,
        seatings,
        edges,
        words: tx.words(&[account_id].into(), on, i64::MAX).await?,
        scores: tx.scores(account_id, on - Days::new(SCORE_DAYS.unsigned_abs())).await?,
    };
    Ok(found.on(on, &active).facts)
}
