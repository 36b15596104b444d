//! The standing that decisions look at: the inputs, with the versions that rule, and the
//! exchange rates that may be needed.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use sea_orm::ConnectionTrait;

use super::inputs::{self, Inputs, InputsQuery};
use super::kept::{self, Basis, Recalled};
use super::{KnownReservation, policies};
use crate::domain::credit::policy::Policy;
use crate::domain::credit::reservation::Now;
use crate::domain::credit::standing::{Rates, Standing};
use crate::domain::error::{Error, Result};
use crate::domain::money::Currency;
use crate::domain::rates::RateTable;
use crate::domain::tier::policy::TierPolicy;
use crate::domain::tier::ruling::class_terms;
use crate::store::policy;
use crate::store::quotes::quotes_of;
use crate::store::standings::KeptStandings;
use crate::store::{ReadTx, Store, WriteTx};

/// What decisions are to be made about.
#[derive(Debug, Clone)]
pub struct StandingQuery {
    pub accounts: Vec<String>,
    pub now: Now,
    /// What ruled the last time somebody looked.
    pub ruling: Ruling,
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
    /// What rules, to be remembered.
    pub ruling: Ruling,
    pub basis: Basis,
}

/// The versions that rule decisions.
#[derive(Debug, Clone, Default)]
pub struct Ruling {
    pub credit: Arc<Policy>,
    /// That of the classes; `None` until somebody asked about an account that has one.
    pub tiers: Option<Arc<TierPolicyVersion>>,
}

type TierPolicyVersion = crate::domain::policy::Policy<TierPolicy>;

impl Ruling {
    /// Whether these versions still rule, as far as the inputs need them.
    fn is_of(&self, inputs: &Inputs) -> bool {
        self.credit.id == inputs.policy && self.has_tiers_of(inputs)
    }

    fn has_tiers_of(&self, inputs: &Inputs) -> bool {
        let is_same = |tiers: &Arc<TierPolicyVersion>| tiers.id == inputs.tier_policy;
        inputs.classes.is_empty() || self.tiers.as_ref().is_some_and(is_same)
    }
}

async fn load(
    conn: &impl ConnectionTrait,
    query: &StandingQuery,
    kept: &KeptStandings,
) -> Result<Known> {
    let (inputs, ruling) = inputs_by_ruling(conn, query, kept).await?;
    let mut known = assemble(query, inputs, ruling);
    if needs_rates(query, &known.standing) {
        let first = first_quote(query);
        let quotes = quotes_of(conn, first, query.now.today, i64::MAX).await?;
        known.standing.rates.table = quotes.into_iter().collect();
    }
    Ok(known)
}

/// The inputs with what rules; looked at again if another policy is active than the one
/// remembered.
async fn inputs_by_ruling(
    conn: &impl ConnectionTrait,
    query: &StandingQuery,
    kept: &KeptStandings,
) -> Result<(Inputs, Ruling)> {
    let mut ruling = query.ruling.clone();
    let mut found = kept_or_loaded(conn, &inputs_query(query, &ruling.credit), kept).await?;
    // Each look may find another one, where several are activated at once.
    while found.policy != ruling.credit.id {
        let gone = || Error::internal(format!("the active policy {} is gone", found.policy));
        let policy = policies::policy(conn, &found.policy).await?.ok_or_else(gone)?;
        ruling.credit = Arc::new(policy);
        found = inputs::load(conn, &inputs_query(query, &ruling.credit)).await?;
    }
    if !ruling.has_tiers_of(&found) {
        let gone = || Error::internal(format!("the tier policy {} is gone", found.tier_policy));
        let policy = policy::policy(conn, &found.tier_policy).await?.ok_or_else(gone)?;
        ruling.tiers = Some(Arc::new(policy));
    }
    Ok((found, ruling))
}

/// The inputs: what is kept of accounts and is still so, and the others as they are read.
async fn kept_or_loaded(
    conn: &impl ConnectionTrait,
    query: &InputsQuery,
    kept: &KeptStandings,
) -> Result<Inputs> {
    let kept = kept.of(&query.accounts, query.now, query.grace_days);
    if kept.is_empty() {
        return inputs::load(conn, query).await;
    }
    let Recalled { mut inputs, missing } = kept::recall(conn, &kept, query).await?;
    if missing.is_empty() {
        return Ok(inputs);
    }
    if missing.len() == query.accounts.len() {
        return inputs::load(conn, query).await;
    }
    let others = InputsQuery { accounts: missing, ..query.clone() };
    let loaded = inputs::load(conn, &others).await?;
    if inputs.book_revision != loaded.book_revision {
        // Another version came into force between the two statements.
        return inputs::load(conn, query).await;
    }
    inputs.add(loaded, &others.accounts);
    Ok(inputs)
}

fn inputs_query(query: &StandingQuery, policy: &Policy) -> InputsQuery {
    InputsQuery {
        accounts: query.accounts.clone(),
        now: query.now,
        grace_days: policy.overdue_grace_days,
        people: policy.looks_at_people(),
    }
}

fn assemble(query: &StandingQuery, inputs: Inputs, ruling: Ruling) -> Known {
    let Inputs { nodes, parents, due, secured, signals, .. } = inputs;
    let Inputs { groups, book_revision, tier_policy, classes, .. } = inputs;
    let terms = |(id, class): (&String, &String)| {
        Some((id.clone(), class_terms(ruling.tiers.as_ref()?, class)?))
    };
    let class_terms = classes.iter().filter_map(terms).collect();
    let rates = Rates {
        table: RateTable::default(),
        day: query.now.today,
        base: query.base,
        age_days_max: query.rate_age_days_max,
    };
    let now = query.now;
    let policy = (*ruling.credit).clone();
    let standing = Standing { now, policy, rates, nodes, class_terms, signals, parents, secured };
    let basis = Basis { groups, book_revision, tier_policy, classes };
    Known { standing, due, ruling, basis }
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
        load(&self.conn, query, &self.store.standings).await
    }
}

impl ReadTx {
    /// As [`WriteTx::credit_standing`].
    pub async fn credit_standing(&self, query: &StandingQuery) -> Result<Known> {
        let known = load(&self.conn, query, &self.store.standings).await?;
        self.store.keep_standings(query, &known);
        Ok(known)
    }
}

impl Store {
    /// As [`WriteTx::credit_standing`], if all of it is kept and still so, as most often; else `None`, and it
    /// takes a transaction to get one picture.
    pub async fn kept_credit_standing(&self, query: &StandingQuery) -> Result<Option<Known>> {
        let of = inputs_query(query, &query.ruling.credit);
        let kept = self.kept_alone(&of).await?;
        let Some(inputs) = kept.filter(|inputs| query.ruling.is_of(inputs)) else {
            return Ok(None);
        };
        let known = assemble(query, inputs, query.ruling.clone());
        Ok((!needs_rates(query, &known.standing)).then_some(known))
    }

    /// The inputs, if they are kept and still so: one picture, since one statement tells whether they are.
    async fn kept_alone(&self, query: &InputsQuery) -> Result<Option<Inputs>> {
        let kept = self.standings.of(&query.accounts, query.now, query.grace_days);
        if kept.len() < query.accounts.len() {
            return Ok(None);
        }
        let Recalled { inputs, missing } = kept::recall(&self.reader(), &kept, query).await?;
        Ok(missing.is_empty().then_some(inputs))
    }

    /// Keeps what was just read.
    fn keep_standings(&self, query: &StandingQuery, known: &Known) {
        let Known { standing, basis, .. } = known;
        self.standings.keep(kept::of_standing(standing, basis, &query.accounts));
    }
}
