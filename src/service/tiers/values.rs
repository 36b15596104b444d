//! What accounts are worth in a window, in one currency.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Days, Months, NaiveDate};

use super::Tiers;
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::money::{self, Currency};
use crate::domain::names::{TIER_VALUE_SETS, named};
use crate::domain::rates::{Quote, RateTable, SPOT};
use crate::domain::tier::evaluate::Values;
use crate::domain::tier::groups::Heads;
use crate::domain::tier::loyalty::loyalty_bp;
use crate::domain::tier::policy::{CutMethod, Measure, Population, TierPolicy};
use crate::domain::tier::values::{ValueSet, Worth};
use crate::service::Settings;
use crate::store::receivables::At;
use crate::store::{ReadTx, Turnover, Window};

impl Tiers {
    /// The set that a run names, which its policy must ask for.
    pub(super) async fn value_set(
        &self,
        ctx: &Ctx,
        policy: &TierPolicy,
        day: NaiveDate,
        id: Option<&str>,
    ) -> Result<Option<ValueSet>> {
        let invalid = |what: String| Error::invalid("value_set", Reason::FieldInvalid, what);
        let Some(id) = id.map(str::to_owned) else {
            if !policy.measure.is_uploaded() {
                return Ok(None);
            }
            let what = format!("the policy measures {}", policy.measure);
            return Err(Error::invalid("value_set", Reason::FieldRequired, what));
        };
        if !policy.measure.is_uploaded() && policy.method != CutMethod::Pyramid {
            let what = format!("the policy measures {}, from the ledger", policy.measure);
            return Err(invalid(what));
        }
        let name = named(TIER_VALUE_SETS, &id);
        let read = self.store.read(ctx, move |tx| {
            let id = id.clone();
            Box::pin(async move { tx.tier_value_set(&id).await })
        });
        let set = read.await?.ok_or_else(|| Error::not_found("tierValueSet", name))?;
        if set.as_of != day {
            return Err(invalid(format!("is of {}, not of {day}", set.as_of)));
        }
        Ok(Some(set))
    }

    /// The values of the accounts, of one moment.
    pub(super) async fn values(&self, ctx: &Ctx, measured: Measured) -> Result<Values> {
        let settings = self.settings.clone();
        let read = self
            .store
            .read(ctx, move |tx| Box::pin(async move { values(tx, &settings, &measured).await }));
        read.await
    }

    /// What brings amounts of a window into the currency of the run.
    pub(in crate::service) async fn converter(
        &self,
        to: Currency,
        after: NaiveDate,
        through: NaiveDate,
    ) -> Result<Converter> {
        let first = first_quote(&self.settings, after);
        let quotes = self.store.quotes(SPOT, first, At::now(through)).await?;
        Ok(Converter::new(&self.settings, to, quotes))
    }
}

/// What accounts are measured by, and on which day.
#[derive(Debug)]
pub(super) struct Measured {
    pub terms: TierPolicy,
    pub currency: Currency,
    pub through: NaiveDate,
    /// When that day is over.
    pub ends_us: i64,
    pub set: Option<ValueSet>,
}

/// The values of the accounts, each amount at the rate of its posting date, or of the day of the
/// set.
pub(super) async fn values(
    tx: &ReadTx,
    settings: &Settings,
    measured: &Measured,
) -> Result<Values> {
    let Measured { terms, currency, through, ends_us, set } = measured;
    let (through, ends_us) = (*through, *ends_us);
    let months = Months::new(terms.window_months.unsigned_abs());
    let after = through.checked_sub_months(months).unwrap_or(NaiveDate::MIN);
    let quotes = tx.quotes(first_quote(settings, after), through, i64::MAX).await?;
    let converter = Converter::new(settings, *currency, quotes);
    let value_set = set.as_ref().map(|set| set.id.clone());
    let mut values = Values { value_set, ..Values::default() };
    let mut sums = Sums::default();
    if !terms.measure.is_uploaded() {
        let deducts_credits = terms.measure == Measure::NetRevenue;
        let window = Window { deducts_credits, after, through, ends_us, currency: *currency };
        tx.turnover(window, |amount| sums.add(&converter, amount)).await?;
    }
    if let Some(set) = set {
        let worth = tx.tier_values(&set.id, ends_us).await?;
        for amount in uploaded(terms, set, worth, &mut values) {
            sums.add(&converter, amount)?;
        }
    }
    // At once: a map is built faster of all that goes into it.
    values.known = sums.known.into_iter().collect();
    values.unknown.append(&mut sums.unknown);
    values.excluded = tx.excluded_from_tiers(ends_us).await?;
    let customers = tx.all_customers().await?.on(through);
    for (id, survivor) in customers.losers() {
        // As the customer does.
        if values.excluded.contains(survivor) {
            values.excluded.insert(id.to_owned());
        }
    }
    let heads = match terms.population {
        Population::Groups => {
            let parents = tx.parents_on(through).await?;
            Some(Heads::of(&parents, &values.excluded, &customers))
        }
        Population::Accounts => {
            let heads = Heads::of_customers(&customers, &values.excluded);
            Some(heads).filter(|heads| !heads.is_empty())
        }
    };
    if let Some(heads) = heads {
        values = values.by_group(heads);
    }
    if terms.method == CutMethod::Pyramid {
        values.loyalty_bp = loyalty(tx, &values, through).await?;
    }
    Ok(values)
}

/// The first day whose rates may count from a day on.
pub(super) fn first_quote(settings: &Settings, from: NaiveDate) -> NaiveDate {
    let days = Days::new(u64::try_from(settings.rate_age_days_max).unwrap_or_default());
    from.checked_sub_days(days).unwrap_or(NaiveDate::MIN)
}

/// Amounts summed by account, in the currency of a run, while those of one account come together.
#[derive(Default)]
struct Sums {
    known: Vec<(String, i128)>,
    unknown: BTreeSet<String>,
}

impl Sums {
    fn add(&mut self, converter: &Converter, amount: Turnover) -> Result<()> {
        let Turnover { account_id, currency, posting_date, amount } = amount;
        match (converter.convert(amount, currency, posting_date)?, self.known.last_mut()) {
            (Some(converted), Some((id, sum))) if *id == account_id => *sum += converted,
            (Some(converted), _) => self.known.push((account_id, converted)),
            (None, _) => _ = self.unknown.insert(account_id),
        }
        Ok(())
    }
}

/// Brings amounts into the currency of a run.
#[derive(Clone)]
pub(in crate::service) struct Converter {
    table: Arc<RateTable>,
    to: Currency,
    base: Option<Currency>,
    age_days_max: i64,
}

impl Converter {
    /// By these quotes, in the order in which they were recorded.
    pub(super) fn new(settings: &Settings, to: Currency, quotes: Vec<Quote>) -> Self {
        let table = Arc::new(quotes.into_iter().collect());
        let age_days_max = settings.rate_age_days_max;
        Self { table, to, base: settings.base_currency, age_days_max }
    }

    /// An amount of a day; `None` without a rate.
    pub fn convert(&self, amount: i128, from: Currency, on: NaiveDate) -> Result<Option<i128>> {
        if from == self.to {
            return Ok(Some(amount));
        }
        let Self { table, to, base, age_days_max } = self;
        let rate = table.lookup(from, *to, on, SPOT, *base, *age_days_max);
        rate.map(|rate| money::convert(amount, from, *to, rate.rate)).transpose()
    }
}

/// How regularly those buy that are ranked; that of all others decides nothing and is no input of a run.
async fn loyalty(
    tx: &ReadTx,
    values: &Values,
    through: NaiveDate,
) -> Result<BTreeMap<String, i32>> {
    let shared: BTreeSet<&str> = values.heads.members().map(|(_, head)| head).collect();
    let (mut known, mut of_groups) = (BTreeMap::new(), BTreeMap::<&str, Vec<NaiveDate>>::new());
    let months = tx.invoiced_months(through, |id, months| {
        let head = values.heads.head(&id);
        if !values.is_ranked(head) || values.excluded.contains(&id) {
            return;
        }
        match shared.get(head) {
            Some(head) => of_groups.entry(head).or_default().extend(months),
            None => known.extend(loyalty_bp(months, through).map(|bp| (id, bp))),
        }
    });
    months.await?;
    let of_groups = of_groups.into_iter().map(|(id, months)| (id, loyalty_bp(months, through)));
    known.extend(of_groups.filter_map(|(id, bp)| Some((id.to_owned(), bp?))));
    Ok(known)
}

/// What the policy compares accounts by, if it was uploaded; what contributions there are goes to
/// `values`.
fn uploaded(
    policy: &TierPolicy,
    set: &ValueSet,
    worth: Vec<(String, Worth)>,
    values: &mut Values,
) -> Vec<Turnover> {
    let mut amounts = Vec::new();
    for (account_id, Worth { value, contribution }) in worth {
        if let Some(left) = contribution.filter(|_| policy.method == CutMethod::Pyramid) {
            values.contributions.insert(account_id.clone(), left.into());
        }
        let amount = match policy.measure {
            Measure::Uploaded => Some(value),
            Measure::Contribution => contribution,
            Measure::NetRevenue | Measure::GrossRevenue => continue,
        };
        let Some(amount) = amount else {
            values.unknown.insert(account_id);
            continue;
        };
        let (currency, posting_date, amount) = (set.currency, set.as_of, amount.into());
        amounts.push(Turnover { account_id, currency, posting_date, amount });
    }
    amounts
}
