//! CalculateInteractionStats.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{Interactions, With};
use crate::ctx::{Clock, Ctx, PEOPLE_READ};
use crate::domain::cost::{self, CostToServe, Costs};
use crate::domain::error::{Error, Reason, Result};
use crate::domain::interaction::stats::{CalculateStats, DAYS_MAX, GroupBy, Stats};
use crate::domain::money::{Currency, Money, to_minor};
use crate::domain::tier::policy::Class;
use crate::domain::tier::ruling::Ruling;
use crate::store::{HeldOf, ReadTx};

impl Interactions {
    /// What was held in some time, by what it has in common, and in all.
    ///
    /// # Errors
    /// NotFound, DATE_INVALID.
    pub async fn stats(&self, ctx: &Ctx, asked: CalculateStats) -> Result<Stats> {
        let today = ctx.business_date();
        let reads_teams = ctx.scopes.allows(PEOPLE_READ);
        let CalculateStats { group_by, from, to, campaign, account, hour_rate } = asked;
        if account.is_none() {
            ctx.check_all_accounts("the whole book")?;
        }
        let to = to.unwrap_or(today);
        if to < from || (to - from).num_days() > DAYS_MAX {
            let what = format!("{to} is not from {from} to {DAYS_MAX} days after it");
            return Err(Error::invalid("to_date", Reason::DateInvalid, what));
        }
        let clock = ctx.clock.clone();
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let With { account_id, .. } = With::named(tx, account, None, None).await?;
                let of = HeldOf { from, to, campaign, account_id };
                let groups = tx.interaction_counts(&of, Some(group_by), today).await?;
                let total = tx.interaction_counts(&of, None, today).await?;
                let total = total.into_values().next().unwrap_or_default();
                let budgets_bp = match group_by {
                    GroupBy::Tier => budgets(&tx.tiers_ruling(to).await?, to),
                    _ => BTreeMap::new(),
                };
                let cost = match of.campaign {
                    Some(_) => None,
                    None => Some(CostToServe {
                        interactions: total.costs.clone(),
                        gifts: tx.gift_costs(&of).await?,
                        embedded: match reads_teams {
                            true => Some(embedded(tx, &of, today, &clock).await?),
                            false => None,
                        },
                        effort: hour_rate
                            .map(|rate| cost::of_effort(total.effort_minutes, rate))
                            .transpose()?,
                    }),
                };
                Ok(Stats { groups, total, budgets_bp, cost })
            })
        });
        read.await
    }
}

/// By class, which share of all effort is meant for it, as the version that rules on a day says.
fn budgets(ruling: &Ruling, day: NaiveDate) -> BTreeMap<String, i32> {
    let version = ruling.version_on(day);
    let classes = version.map(|version| version.terms.classes.as_slice()).unwrap_or_default();
    let budget = |of: &Class| Some((of.code.clone(), of.service.effort_share_bp?));
    classes.iter().filter_map(budget).collect()
}

/// What ours cost who work at customers, up to today, and at an account that was deleted up to the day before.
async fn embedded(tx: &ReadTx, of: &HeldOf, today: NaiveDate, clock: &Clock) -> Result<Costs> {
    let all = tx.embedded(of.account_id.as_deref(), of.to.min(today)).await?;
    let ids: BTreeSet<&str> = all.iter().map(|staff| staff.account_id.as_str()).collect();
    let accounts = tx.accounts(&ids.into_iter().collect::<Vec<_>>()).await?;
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    for staff in &all {
        let deleted = accounts.get(&staff.account_id).and_then(|account| account.delete_us);
        let last = deleted.and_then(|us| clock.date_of(us).pred_opt());
        let to = last.map_or(of.to.min(today), |last| last.min(of.to).min(today));
        if to < of.from {
            continue;
        }
        if let Some(Money { minor, currency }) = staff.cost_between(of.from, to)? {
            *sums.entry(currency).or_default() += i128::from(minor);
        }
    }
    sums.into_iter().map(|(currency, sum)| Ok((currency, to_minor(sum)?))).collect()
}
