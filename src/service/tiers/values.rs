//! What accounts are worth in a window, in one currency.

use std::collections::BTreeMap;

use chrono::{Days, Months, NaiveDate};

use super::Tiers;
use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::money::{self, Currency};
use crate::domain::rates::{RateTable, SPOT};
use crate::domain::tier::evaluate::Values;
use crate::domain::tier::loyalty::loyalty_bp;
use crate::domain::tier::policy::{CutMethod, TierPolicy};
use crate::store::receivables::At;
use crate::store::{Turnover, Window};

impl Tiers {
    /// The values of the accounts, each amount at the rate of its posting date.
    pub(super) async fn values(
        &self,
        ctx: &Ctx,
        policy: &TierPolicy,
        currency: Currency,
        through: NaiveDate,
    ) -> Result<Values> {
        let months = Months::new(policy.window_months.unsigned_abs());
        let after = through.checked_sub_months(months).unwrap_or(NaiveDate::MIN);
        let window = Window { measure: policy.measure, after, through, currency };
        // Of one moment: who takes part, and with what.
        let read = self.store.read(ctx, move |tx| {
            Box::pin(
                async move { Ok((tx.turnover(window).await?, tx.excluded_from_tiers().await?)) },
            )
        });
        let (turnover, excluded) = read.await?;
        let age = u64::try_from(self.settings.rate_age_days_max).unwrap_or_default();
        let first = after.checked_sub_days(Days::new(age)).unwrap_or(NaiveDate::MIN);
        let quotes = self.store.quotes(SPOT, first, At::now(through)).await?;
        let table: RateTable = quotes.into_iter().collect();
        let mut values = Values { excluded, ..Values::default() };
        for Turnover { account_id, currency: from, posting_date, amount } in turnover {
            let age = self.settings.rate_age_days_max;
            let base = self.settings.base_currency;
            match table.lookup(from, currency, posting_date, SPOT, base, age) {
                Some(rate) => {
                    let converted = money::convert(amount, from, currency, rate.rate)?;
                    *values.known.entry(account_id).or_default() += converted;
                }
                None => _ = values.unknown.insert(account_id),
            }
        }
        if policy.method == CutMethod::Pyramid {
            values.loyalty_bp = self.loyalty(ctx, through).await?;
        }
        Ok(values)
    }

    async fn loyalty(&self, ctx: &Ctx, through: NaiveDate) -> Result<BTreeMap<String, i32>> {
        let read = self.store.read(ctx, move |tx| Box::pin(tx.invoiced_months(through)));
        let mut months: BTreeMap<String, Vec<NaiveDate>> = BTreeMap::new();
        for (account_id, month) in read.await? {
            months.entry(account_id).or_default().push(month);
        }
        let known = |(id, days): (String, Vec<NaiveDate>)| Some((id, loyalty_bp(days, through)?));
        Ok(months.into_iter().filter_map(known).collect())
    }
}
