//! GetPortfolio: on how few the book rests, and whether customers come back.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};

use super::Tiers;
use crate::ctx::Ctx;
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::group;
use crate::domain::money::{self, Currency};
use crate::domain::policy::Policy;
use crate::domain::portfolio::concentration::{Concentration, Share};
use crate::domain::portfolio::repurchase::{Model, Repurchase};
use crate::domain::portfolio::{Amounts, GroupRow, Groups, Portfolio, PortfolioQuery, Side};
use crate::domain::rates::{RateTable, SPOT};
use crate::domain::tier::policy::{Measure, Population, TierPolicy};
use crate::store::receivables::At;

/// The figures of the book by group, and what they are figures of.
struct Figures {
    day: NaiveDate,
    policy: Policy<TierPolicy>,
    currency: Currency,
    revenue: Amounts,
    receivables: Amounts,
    groups: Groups,
}

impl Figures {
    fn sides(&self) -> [Side; 2] {
        let side = |shares, amounts: &Amounts| Side {
            concentration: Concentration::of(shares),
            unknown: amounts.unknown.len(),
        };
        [
            side(&self.groups.revenue, &self.revenue),
            side(&self.groups.receivables, &self.receivables),
        ]
    }
}

impl Tiers {
    /// What the book looks like on a day: revenue by the measure and window of the tier policy
    /// in force on it, receivables as they are open, both by group.
    ///
    /// # Errors
    /// `DATE_INVALID`, `CURRENCY_UNDECIDED`.
    pub async fn portfolio(&self, ctx: &Ctx, query: PortfolioQuery) -> Result<Portfolio> {
        let today = ctx.business_date();
        let day = query.as_of.unwrap_or(today);
        if day > today {
            let what = format!("{day} lies ahead of the business date, {today}");
            return Err(Error::invalid("as_of", Reason::DateInvalid, what));
        }
        let policy: Policy<TierPolicy> = self.store.policy_in_force(day, i64::MAX).await?;
        let currency = self.currency_of(&policy).ok_or_else(|| {
            let what = "has no currency, and the business has no base currency";
            Precondition::new(Reason::CurrencyUndecided, policy.name(), what)
        })?;
        let figures = self.figures(ctx, day, policy, currency).await?;
        let [revenue, receivables] = figures.sides();
        let repurchase = match query.model {
            Some(model) => Some(self.repurchase(ctx, &figures, model, query.groups_max).await?),
            None => None,
        };
        let groups = self.named(figures.groups.rows(query.groups_max)).await?;
        Ok(Portfolio {
            as_of: day,
            policy_id: figures.policy.id,
            measure: figures.policy.terms.measure,
            currency: figures.currency,
            revenue,
            receivables,
            stresses: figures.groups.stresses(),
            groups,
            repurchase,
        })
    }

    /// On how few revenue and receivables rest on a day, each with the largest group; `None` where
    /// no currency to compare in is decided.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn concentrations(
        &self,
        ctx: &Ctx,
        day: NaiveDate,
    ) -> Result<Option<[(Side, Option<String>); 2]>> {
        let policy: Policy<TierPolicy> = self.store.policy_in_force(day, i64::MAX).await?;
        let Some(currency) = self.currency_of(&policy) else { return Ok(None) };
        let figures = self.figures(ctx, day, policy, currency).await?;
        let [revenue, receivables] = figures.sides();
        let largest = |shares: &[Share]| shares.first().map(|share| share.id.clone());
        let Groups { revenue: sold, receivables: owed, .. } = &figures.groups;
        Ok(Some([(revenue, largest(sold)), (receivables, largest(owed))]))
    }

    /// In which currency the book is told as a whole on a day: that of the policy in force, else the
    /// base currency.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn book_currency(&self, day: NaiveDate) -> Result<Option<Currency>> {
        let policy: Policy<TierPolicy> = self.store.policy_in_force(day, i64::MAX).await?;
        Ok(self.currency_of(&policy))
    }

    fn currency_of(&self, policy: &Policy<TierPolicy>) -> Option<Currency> {
        policy.terms.currency.or(self.settings.base_currency)
    }

    async fn figures(
        &self,
        ctx: &Ctx,
        day: NaiveDate,
        policy: Policy<TierPolicy>,
        currency: Currency,
    ) -> Result<Figures> {
        let mut terms = policy.terms.clone();
        // Groups are made here, by both sides together.
        terms.population = Population::Accounts;
        if terms.measure.is_uploaded() {
            // What is uploaded is of single days; a portfolio is of any.
            terms.measure = Measure::NetRevenue;
        }
        let values = self.values(ctx, &terms, currency, day, None).await?;
        let excluded = &values.excluded;
        let takes_part = |id: &&String| !excluded.contains(*id);
        let known = values.known.iter().filter(|(id, _)| takes_part(id));
        let revenue = Amounts {
            known: known.map(|(id, value)| (id.clone(), *value)).collect(),
            unknown: values.unknown.iter().filter(takes_part).cloned().collect(),
        };
        let receivables = self.receivables(ctx, currency, day).await?;
        let read = self.store.read(ctx, move |tx| Box::pin(tx.parents_on(day)));
        let parents = read.await?;
        let root_of = |id: &str| {
            let above = group::ancestors(id, |id| parents.get(id).cloned());
            above.into_iter().next_back().unwrap_or_else(|| id.to_owned())
        };
        let groups = Groups::of(&revenue, &receivables, root_of);
        Ok(Figures { day, policy, currency, revenue, receivables, groups })
    }

    /// What accounts owe on a day, at the rates of that day.
    async fn receivables(&self, ctx: &Ctx, to: Currency, day: NaiveDate) -> Result<Amounts> {
        let read = self.store.read(ctx, move |tx| Box::pin(tx.balances(day)));
        let balances = read.await?;
        let max_age = self.settings.rate_age_days_max;
        let age = u64::try_from(max_age).unwrap_or_default();
        let first = day.checked_sub_days(Days::new(age)).unwrap_or(NaiveDate::MIN);
        let quotes = self.store.quotes(SPOT, first, At::now(day)).await?;
        let table: RateTable = quotes.into_iter().collect();
        let mut amounts = Amounts { known: BTreeMap::new(), unknown: BTreeSet::new() };
        for balance in balances {
            let (from, base) = (balance.currency, self.settings.base_currency);
            match table.lookup(from, to, day, SPOT, base, max_age) {
                Some(rate) => {
                    let converted = money::convert(balance.amount.into(), from, to, rate.rate)?;
                    *amounts.known.entry(balance.account_id).or_default() += converted;
                }
                None => _ = amounts.unknown.insert(balance.account_id),
            }
        }
        Ok(amounts)
    }

    async fn repurchase(
        &self,
        ctx: &Ctx,
        figures: &Figures,
        model: Model,
        max: usize,
    ) -> Result<Repurchase> {
        let day = figures.day;
        let read = self.store.read(ctx, move |tx| Box::pin(tx.bought(day)));
        let customers = read.await?;
        let mut largest: Vec<(&String, &i128)> = figures.revenue.known.iter().collect();
        largest.sort_by(|(a_id, a), (b_id, b)| b.cmp(a).then_with(|| a_id.cmp(b_id)));
        let told: Vec<String> = largest.into_iter().take(max).map(|(id, _)| id.clone()).collect();
        Ok(model.estimate(&customers, &told, day))
    }

    async fn named(&self, rows: Vec<GroupRow>) -> Result<Vec<GroupRow>> {
        let ids: Vec<String> = rows.iter().map(|row| row.root_id.clone()).collect();
        let mut names = self.store.display_names(&ids).await?;
        let named = |row: GroupRow| {
            let display_name = names.remove(&row.root_id).unwrap_or_default();
            GroupRow { display_name, ..row }
        };
        Ok(rows.into_iter().map(named).collect())
    }
}
