//! CheckCredit and GetCreditProfile: what decisions would be, without effect.

use std::collections::BTreeSet;

use super::{Credit, caller, evidence, now};
use crate::ctx::Ctx;
use crate::domain::credit::command::CheckCredit;
use crate::domain::credit::decide::{Decider, FoundKey, Loaded};
use crate::domain::credit::decision::Decision;
use crate::domain::credit::limit::LimitKind;
use crate::domain::credit::profile::{Overdue, Profile, SecurityUse};
use crate::domain::credit::reservation::Reservation;
use crate::domain::credit::rules::{Evaluation, Question};
use crate::domain::credit::standing::Standing;
use crate::domain::error::{Error, Resource, Result};
use crate::domain::money::{Currency, Money, to_minor, told};
use crate::domain::names::AccountRef;
use crate::service::resolve;
use crate::store::credit::{Known, StandingQuery};

impl Credit {
    /// What ReserveCredit would answer.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, CURRENCY_MISMATCH.
    pub async fn check(&self, ctx: &Ctx, c: CheckCredit) -> Result<Decision> {
        let mut account = self.id_of(ctx, &c.account).await?;
        let mut decider = self.decider_of(ctx, &account, &c).await?;
        // An order that is reserved is asked about where it is, a new one of the account that it would
        // count for. One step leads there.
        let home = self.home(ctx, &decider, &account, &c).await?;
        if home != account {
            decider = self.decider_of(ctx, &home, &c).await?;
            account = home;
        }
        let checked =
            decider.check(&account, &c.company_code, c.amount, c.order.as_ref(), &caller(ctx));
        let (mut decision, wanted) = checked.map_err(|taken| unnamed(ctx, taken))?;
        evidence::look_up_decision(&self.store, &mut decision, &wanted).await?;
        Ok(decision)
    }

    async fn decider_of(&self, ctx: &Ctx, account: &str, c: &CheckCredit) -> Result<Decider> {
        resolve::check_groups(ctx, &self.store, &[account]).await?;
        let query = self.query(ctx, vec![account.to_owned()], Some(c.amount.currency));
        match (&c.order, self.store.kept_credit_standing(&query).await?) {
            (None, Some(known)) => Ok(self.open(known, Loaded::default())),
            _ => self.open_picture(ctx, query, account, c).await,
        }
    }

    /// The account that an order is decided about.
    async fn home(
        &self,
        ctx: &Ctx,
        decider: &Decider,
        account: &str,
        c: &CheckCredit,
    ) -> Result<String> {
        let reserved = c.order.as_ref().and_then(|order| decider.reserved(order));
        if let Some(Reservation { account_id: other, create_us, .. }) = reserved
            && (other == account
                || resolve::are_one(ctx, &self.store, account, other, *create_us).await?)
        {
            return Ok(other.clone());
        }
        Ok(decider.standing.counts_as(account).to_owned())
    }

    fn open(&self, known: Known, loaded: Loaded) -> Decider {
        self.policy.saw(&known);
        let due = known.due.into_iter().map(|known| known.reservation).collect();
        Decider::open(known.standing, Loaded { due, ..loaded })
    }

    /// Everything that takes more than one statement, read from one snapshot of the database.
    async fn open_picture(
        &self,
        ctx: &Ctx,
        query: StandingQuery,
        account: &str,
        c: &CheckCredit,
    ) -> Result<Decider> {
        let key = c.order.clone().map(|order| FoundKey {
            account_id: account.to_owned(),
            order,
            currency: c.amount.currency,
        });
        let (known, loaded) = self
            .store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let known = tx.credit_standing(&query).await?;
                    let mut loaded = Loaded::default();
                    if let Some(key) = key {
                        let reservations = tx.reservations_by_key([&key.order]).await?;
                        loaded.reservations =
                            reservations.into_iter().map(|known| known.reservation).collect();
                        if loaded.reservations.is_empty() {
                            loaded.found =
                                tx.reservation_histories(&[key], query.now.today).await?;
                        }
                    }
                    Ok((known, loaded))
                })
            })
            .await?;
        Ok(self.open(known, loaded))
    }

    async fn id_of(&self, ctx: &Ctx, name: &AccountRef) -> Result<String> {
        match name {
            AccountRef::Id(id) if ctx.rows.is_all() => Ok(id.clone()),
            AccountRef::Id(_) | AccountRef::External { .. } => {
                Ok(resolve::one(ctx, &self.store, "account", name).await?.id)
            }
        }
    }

    fn query(&self, ctx: &Ctx, accounts: Vec<String>, currency: Option<Currency>) -> StandingQuery {
        StandingQuery {
            accounts,
            now: now(&ctx.clock),
            ruling: self.policy.get(),
            currencies: currency.into_iter().collect::<BTreeSet<_>>(),
            base: self.settings.base_currency,
            rate_age_days_max: self.settings.rate_age_days_max,
        }
    }

    /// How accounts stand, in the order of their names, all or none. `company_code` is that of
    /// the order in mind; empty: only limits for all companies apply.
    ///
    /// # Errors
    /// NotFound with every missing name.
    pub async fn profiles(
        &self,
        ctx: &Ctx,
        names: &[AccountRef],
        company_code: &str,
    ) -> Result<Vec<Profile>> {
        let found = resolve::all(names, self.store.find_accounts(ctx, names).await?)?;
        let ids: Vec<String> = names.iter().map(|name| found[name].id.clone()).collect();
        resolve::check_groups(
            ctx,
            &self.store,
            &ids.iter().map(String::as_str).collect::<Vec<_>>(),
        )
        .await?;
        let distinct: BTreeSet<String> = ids.iter().cloned().collect();
        let query = self.query(ctx, distinct.into_iter().collect(), None);
        let known = match self.store.kept_credit_standing(&query).await? {
            Some(known) => known,
            None => {
                self.store
                    .read(ctx, move |tx| Box::pin(async move { tx.credit_standing(&query).await }))
                    .await?
            }
        };
        let decider = self.open(known, Loaded::default());
        let mut profiles = Vec::with_capacity(ids.len());
        let mut wanted = Vec::new();
        for id in &ids {
            let (profile, of_it) = profile(&decider.standing, id, company_code)?;
            profiles.push(profile);
            wanted.push(of_it);
        }
        let reasons = profiles
            .iter_mut()
            .zip(&wanted)
            .map(|(profile, wanted)| (profile.reasons.as_mut_slice(), wanted.as_slice()));
        evidence::look_up_for(&self.store, reasons.collect()).await?;
        Ok(profiles)
    }
}

fn profile(
    standing: &Standing,
    account: &str,
    company: &str,
) -> Result<(Profile, Vec<crate::domain::credit::rules::Wanted>)> {
    let currency = currency_of(standing, account)?;
    let nothing = Money { minor: 0, currency };
    let question = Question { account, company, amount: nothing, counted: 0, unpaid: 0 };
    let Evaluation { verdict, reasons, limits, available, rates, evidence } =
        standing.evaluate(question)?;
    let chain = standing.chain(account);
    let node = standing.nodes.get(account);
    let node = node.ok_or_else(|| Error::internal(format!("nothing is known of {account}")))?;
    let covers = standing.covers(account, "")?.unwrap_or_default();
    let mut securities = Vec::new();
    for secured in standing.secured.iter().filter(|s| s.security.account_id == account) {
        let eligible = standing.eligible(secured, "")?.unwrap_or(0);
        let today = standing.now.today;
        securities.push(SecurityUse {
            security: secured.security.clone(),
            eligible: to_minor(eligible.min(secured.security.terms.cover_limit.minor.into()))?,
            cover: to_minor(
                covers
                    .iter()
                    .find(|(security, _)| security.id == secured.security.id)
                    .map_or(0, |(_, cover)| *cover),
            )?,
            at_risk: secured
                .oldest_due
                .is_some_and(|oldest| secured.security.terms.must_notify(oldest, today)),
        });
    }
    let profile = Profile {
        account_id: account.to_owned(),
        verdict,
        reasons,
        limits,
        available: available.map(|minor| Money { minor, currency }),
        holds: standing.holds(&chain).into_iter().cloned().collect(),
        securities,
        overdue: overdue(standing, node),
        policy: standing.policy.id.clone(),
        rates,
        evaluate_us: standing.now.us,
        business_date: standing.now.today,
    };
    Ok((profile, evidence))
}

/// The currency a profile is told in: that of the nearest limit with an amount, else of what is
/// used.
pub(super) fn currency_of(standing: &Standing, account: &str) -> Result<Currency> {
    let chain = standing.chain(account);
    let limits = chain.iter().filter_map(|id| standing.limit(id, ""));
    let amounts = limits.filter(|limit| limit.terms.kind == LimitKind::Amount);
    let of_limit =
        amounts.filter_map(|limit| limit.terms.amount).map(|amount| amount.currency).next();
    let exposed = || standing.nodes.get(account)?.exposure.first().map(|cell| cell.currency);
    let any = || Currency::parse("USD");
    let found = of_limit.or_else(exposed).or(standing.rates.base).or_else(any);
    found.ok_or_else(|| Error::internal("no currency is known"))
}

fn overdue(standing: &Standing, node: &crate::domain::credit::standing::Node) -> Vec<Overdue> {
    let mut found: Vec<(Currency, i128, i32)> = Vec::new();
    for cell in node.overdue.iter().filter(|cell| cell.amount > 0) {
        let days = (standing.now.today - cell.oldest_due).num_days();
        let days = i32::try_from(days).unwrap_or(i32::MAX);
        match found.iter_mut().find(|(currency, ..)| *currency == cell.currency) {
            Some((_, sum, longest)) => {
                *sum += cell.amount;
                *longest = days.max(*longest);
            }
            None => found.push((cell.currency, cell.amount, days)),
        }
    }
    let found = found.into_iter();
    found.map(|(currency, sum, days)| Overdue { amount: told(sum, currency), days }).collect()
}

/// That an order is reserved, without by whom: who sees some accounts alone is not told of others.
fn unnamed(ctx: &Ctx, refused: Error) -> Error {
    match refused {
        Error::AlreadyExists { reason, resource, .. } if !ctx.rows.is_all() => {
            Error::AlreadyExists {
                reason,
                description: "the order is reserved with another content".into(),
                resource: Resource { name: String::new(), ..resource },
            }
        }
        refused => refused,
    }
}
