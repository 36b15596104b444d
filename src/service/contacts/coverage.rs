//! GetCoverage: how well an account is covered today.

use chrono::NaiveDate;

use super::Contacts;
use super::at::PeopleAt;
use super::people::people;
use crate::ctx::Ctx;
use crate::domain::coverage::Facts;
use crate::domain::coverage::measure::Coverage;
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
    let at = PeopleAt::of(on, i64::MAX, on);
    let found = people(tx, &[account_id].into(), at).await?.remove(account_id);
    let gone = || Error::internal(format!("{account_id} is gone"));
    Ok(found.ok_or_else(gone)?.facts)
}
