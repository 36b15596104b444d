//! The standing that decisions look at: the inputs, with the policy that is active, and the
//! exchange rates that may be needed.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use sea_orm::ConnectionTrait;

use super::inputs::{self, Inputs, InputsQuery};
use super::{KnownReservation, policies};
use crate::domain::credit::policy::Policy;
use crate::domain::credit::reservation::Now;
use crate::domain::credit::standing::{Rates, Standing};
use crate::domain::error::{Error, Result};
use crate::domain::money::Currency;
use crate::domain::rates::RateTable;
use crate::store::quotes::quotes_of;
use crate::store::{ReadTx, Store, WriteTx};

/// What decisions are to be made about.
#[derive(Debug, Clone)]
pub struct StandingQuery {
    pub accounts: Vec<String>,
    pub now: Now,
    /// The policy that was active the last time somebody looked.
    pub policy: Arc<Policy>,
    /// Currencies of the amounts asked about.
    pub currencies: BTreeSet<Currency>,
    pub base: Option<Currency>,
    pub rate_age_days_max: i64,
}

/// What decisions look at, and reservations of the same groups that are not up to date.
#[derive(Debug)]
pub struct Known {
    pub standing: Standing,
    pub due: Vec<KnownReservation>,
    /// The active policy, to be remembered.
    pub policy: Arc<Policy>,
}

async fn load(conn: &impl ConnectionTrait, query: &StandingQuery) -> Result<Known> {
    let (inputs, policy) = inputs_by_policy(conn, query).await?;
    let mut known = assemble(query, inputs, policy);
    if needs_rates(query, &known.standing) {
        let first = first_quote(query);
        let quotes = quotes_of(conn, first, query.now.today, i64::MAX).await?;
        known.standing.rates.table = quotes.into_iter().collect();
    }
    Ok(known)
}

/// The inputs; looked at again if another policy is active than the one remembered.
async fn inputs_by_policy(
    conn: &impl ConnectionTrait,
    query: &StandingQuery,
) -> Result<(Inputs, Arc<Policy>)> {
    let found = inputs::load(conn, &inputs_query(query, &query.policy)).await?;
    if found.policy == query.policy.id {
        return Ok((found, query.policy.clone()));
    }
    let gone = || Error::internal(format!("the active policy {} is gone", found.policy));
    let policy = Arc::new(policies::policy(conn, &found.policy).await?.ok_or_else(gone)?);
    let again = inputs::load(conn, &inputs_query(query, &policy)).await?;
    Ok((again, policy))
}

fn inputs_query(query: &StandingQuery, policy: &Policy) -> InputsQuery {
    InputsQuery {
        accounts: query.accounts.clone(),
        now: query.now,
        grace_days: policy.overdue_grace_days,
    }
}

fn assemble(query: &StandingQuery, inputs: Inputs, policy: Arc<Policy>) -> Known {
    let Inputs { nodes, parents, due, secured, policy: _ } = inputs;
    let rates = Rates {
        table: RateTable::default(),
        day: query.now.today,
        base: query.base,
        age_days_max: query.rate_age_days_max,
    };
    let now = query.now;
    let standing = Standing { now, policy: (*policy).clone(), rates, nodes, parents, secured };
    Known { standing, due, policy }
}

fn needs_rates(query: &StandingQuery, standing: &Standing) -> bool {
    let mut currencies = standing.currencies();
    currencies.extend(query.currencies.iter().copied());
    currencies.len() > 1
}

fn first_quote(query: &StandingQuery) -> NaiveDate {
    let days = Days::new(u64::try_from(query.rate_age_days_max).unwrap_or_default());
    query.now.today.checked_sub_days(days).unwrap_or(NaiveDate::MIN)
}

impl WriteTx {
    /// What decisions about these accounts look at; accounts that don't exist are missing.
    pub async fn credit_standing(&self, query: &StandingQuery) -> Result<Known> {
        load(&self.conn, query).await
    }
}

impl ReadTx {
    /// As [`WriteTx::credit_standing`].
    pub async fn credit_standing(&self, query: &StandingQuery) -> Result<Known> {
        load(&self.conn, query).await
    }
}

impl Store {
    /// As [`WriteTx::credit_standing`], if one statement tells it all, as most often; else `None`,
    /// and it takes a transaction to get one picture.
    pub async fn credit_standing_at_once(&self, query: &StandingQuery) -> Result<Option<Known>> {
        let inputs = inputs::load_alone(&self.reader, &inputs_query(query, &query.policy)).await?;
        let Some(inputs) = inputs.filter(|inputs| inputs.policy == query.policy.id) else {
            return Ok(None);
        };
        let known = assemble(query, inputs, query.policy.clone());
        Ok((!needs_rates(query, &known.standing)).then_some(known))
    }
}
