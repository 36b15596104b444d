//! GetPortfolio: on how few the book rests, and whether customers come back.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use futures_util::future::BoxFuture;

use super::Tiers;
use super::values::{Converter, Measured, first_quote, values};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::group;
use crate::domain::money::Currency;
use crate::domain::policy::Policy;
use crate::domain::portfolio::concentration::{Concentration, Share};
use crate::domain::portfolio::repurchase::{Model, Repurchase};
use crate::domain::portfolio::{Amounts, GroupRow, Groups, Portfolio, PortfolioQuery, Side};
use crate::domain::tier::policy::{Measure, Population, TierPolicy};
use crate::service::Settings;
use crate::store::{Balance, ReadTx};

/// The figures of the book by group, and what they are figures of.
struct Figures {
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
    /// in force on it, receivables as they are open, both by group. All of it is of one moment.
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
        self.on_book(ctx, day, move |book| Box::pin(async move { book.portfolio(query).await }))
            .await
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
        self.on_book(ctx, day, |book| Box::pin(async move { book.concentrations().await })).await
    }

    /// In which currency the book is told as a whole on a day: that of the policy in force, else the
    /// base currency.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn book_currency(&self, day: NaiveDate) -> Result<Option<Currency>> {
        let policy: Policy<TierPolicy> = self.store.policy_in_force(day, i64::MAX).await?;
        Ok(currency_of(&self.settings, &policy))
    }

    /// Looks at the book of a day, at one moment.
    async fn on_book<T, F>(&self, ctx: &Ctx, day: NaiveDate, look: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(Book<'a>) -> BoxFuture<'a, Result<T>> + Send + 'static,
    {
        let (settings, ends_us) = (self.settings.clone(), ctx.clock.end_of(day));
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move { look(Book { tx, settings, day, ends_us }).await })
        });
        read.await
    }
}

fn currency_of(settings: &Settings, policy: &Policy<TierPolicy>) -> Option<Currency> {
    policy.terms.currency.or(settings.base_currency)
}

/// The book of a day, as it is recorded at one moment.
struct Book<'a> {
    tx: &'a ReadTx,
    settings: Settings,
    day: NaiveDate,
    /// When the day is over.
    ends_us: i64,
}

impl Book<'_> {
    async fn portfolio(&self, query: PortfolioQuery) -> Result<Portfolio> {
        let policy: Policy<TierPolicy> = self.tx.policy_in_force(self.day).await?;
        let currency = currency_of(&self.settings, &policy).ok_or_else(|| {
            let what = "has no currency, and the business has no base currency";
            Precondition::new(Reason::CurrencyUndecided, policy.name(), what)
        })?;
        let figures = self.figures(policy, currency).await?;
        let [revenue, receivables] = figures.sides();
        let repurchase = match query.model {
            Some(model) => Some(self.repurchase(&figures, model, query.groups_max).await?),
            None => None,
        };
        let groups = self.named(figures.groups.rows(query.groups_max)).await?;
        Ok(Portfolio {
            as_of: self.day,
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

    async fn concentrations(&self) -> Result<Option<[(Side, Option<String>); 2]>> {
        let policy: Policy<TierPolicy> = self.tx.policy_in_force(self.day).await?;
        let Some(currency) = currency_of(&self.settings, &policy) else { return Ok(None) };
        let figures = self.figures(policy, currency).await?;
        let [revenue, receivables] = figures.sides();
        let largest = |shares: &[Share]| shares.first().map(|share| share.id.clone());
        let Groups { revenue: sold, receivables: owed, .. } = &figures.groups;
        Ok(Some([(revenue, largest(sold)), (receivables, largest(owed))]))
    }

    async fn figures(&self, policy: Policy<TierPolicy>, currency: Currency) -> Result<Figures> {
        let mut terms = policy.terms.clone();
        // Groups are made here, by both sides together.
        terms.population = Population::Accounts;
        if terms.measure.is_uploaded() {
            // What is uploaded is of single days; a portfolio is of any.
            terms.measure = Measure::NetRevenue;
        }
        let (through, ends_us) = (self.day, self.ends_us);
        let measured = Measured { terms, currency, through, ends_us, set: None };
        let values = values(self.tx, &self.settings, &measured).await?;
        let excluded = &values.excluded;
        let takes_part = |id: &&String| !excluded.contains(*id);
        let known = values.known.iter().filter(|(id, _)| takes_part(id));
        let revenue = Amounts {
            known: known.map(|(id, value)| (id.clone(), *value)).collect(),
            unknown: values.unknown.iter().filter(takes_part).cloned().collect(),
        };
        let receivables = self.receivables(currency).await?;
        let parents = self.tx.parents_on(self.day).await?;
        let root_of = |id: &str| {
            let above = group::ancestors(id, |id| parents.get(id).cloned());
            above.into_iter().next_back().unwrap_or_else(|| id.to_owned())
        };
        let groups = Groups::of(&revenue, &receivables, root_of);
        Ok(Figures { policy, currency, revenue, receivables, groups })
    }

    /// What accounts owe on the day, at the rates of that day.
    async fn receivables(&self, to: Currency) -> Result<Amounts> {
        let balances = self.tx.balances(self.day, self.ends_us).await?;
        let first = first_quote(&self.settings, self.day);
        let quotes = self.tx.quotes(first, self.day, i64::MAX).await?;
        let converter = Converter::new(&self.settings, to, quotes);
        let mut amounts = Amounts { known: BTreeMap::new(), unknown: BTreeSet::new() };
        for Balance { account_id, currency, amount } in balances {
            match converter.convert(amount.into(), currency, self.day)? {
                Some(converted) => *amounts.known.entry(account_id).or_default() += converted,
                None => _ = amounts.unknown.insert(account_id),
            }
        }
        Ok(amounts)
    }

    async fn repurchase(&self, figures: &Figures, model: Model, max: usize) -> Result<Repurchase> {
        let customers = self.tx.bought(self.day, self.ends_us).await?;
        let mut largest: Vec<(&String, &i128)> = figures.revenue.known.iter().collect();
        largest.sort_by(|(a_id, a), (b_id, b)| b.cmp(a).then_with(|| a_id.cmp(b_id)));
        let told: Vec<String> = largest.into_iter().take(max).map(|(id, _)| id.clone()).collect();
        Ok(model.estimate(&customers, &told, self.day))
    }

    async fn named(&self, rows: Vec<GroupRow>) -> Result<Vec<GroupRow>> {
        let ids: Vec<String> = rows.iter().map(|row| row.root_id.clone()).collect();
        let mut names = self.tx.display_names(&ids).await?;
        let named = |row: GroupRow| {
            let display_name = names.remove(&row.root_id).unwrap_or_default();
            GroupRow { display_name, ..row }
        };
        Ok(rows.into_iter().map(named).collect())
    }
}
