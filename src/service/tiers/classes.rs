//! What the class of accounts means for their service: the door for all who ask.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::Tiers;
use crate::ctx::Ctx;
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::names::AccountRef;
use crate::domain::tier::ruling::{AccountTier, Recorded};

impl Tiers {
    /// Everything recorded of the classes of accounts by an instant, and what they mean. The number
    /// of statements does not depend on how many they are.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn recorded(&self, ctx: &Ctx, ids: Vec<String>, known_us: i64) -> Result<Recorded> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let these: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
                    tx.tiers(&these, known_us).await
                })
            })
            .await
    }

    /// In which class accounts are on a day and what it means, as known now, in the order asked, the
    /// same account twice, twice. The number of statements does not depend on how many they are.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND` with the field of each that is unknown.
    pub async fn of_accounts(
        &self,
        ctx: &Ctx,
        names: Vec<AccountRef>,
        day: Option<NaiveDate>,
    ) -> Result<Vec<AccountTier>> {
        let day = day.unwrap_or_else(|| ctx.business_date());
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let found = tx.find_accounts(&names).await?;
                    let mut violations = Violations::new();
                    for (i, name) in names.iter().enumerate() {
                        if !found.contains_key(name) {
                            let what = format!("there is no {name}");
                            violations.add(format!("names[{i}]"), Reason::ResourceNotFound, what);
                        }
                    }
                    violations.finish()?;
                    let ids = names.iter().filter_map(|name| found.get(name));
                    let ids: Vec<&str> = ids.map(|account| account.id.as_str()).collect();
                    let these: BTreeSet<&str> = ids.iter().copied().collect();
                    let tiers = tx.tiers_on(&these, day, i64::MAX).await?;
                    Ok(ids.into_iter().map(|id| tiers.account(id).told(id, day)).collect())
                })
            })
            .await
    }
}
