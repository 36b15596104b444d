//! Telling other systems what changed by itself: a reservation lapsed, an overdue rule began or
//! ceased to hold an account, a limit ended. No answer depends on it. Each transition is told
//! once, whichever instance comes first: what was told is compared and noted under the lock of
//! the account's group, in the transaction that publishes the event.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Credit, LastRuling, run};
use crate::ctx::Ctx;
use crate::domain::credit::decide::{Decider, Loaded};
use crate::domain::credit::decision::ReasonCode;
use crate::domain::credit::reservation::Now;
use crate::domain::credit::rules::Question;
use crate::domain::credit::standing::Standing;
use crate::domain::error::{Error, Result};
use crate::domain::event::{Event, EventType};
use crate::domain::money::Money;
use crate::domain::names::account_name;
use crate::service::Settings;
use crate::store::credit::{Holds, Known, StandingQuery};
use crate::store::{Lane, WriteTx};

/// Accounts looked at together.
const ACCOUNTS: usize = 256;
/// Longer than any pass should take: after it another instance takes over from one that died.
const LEASE_SECONDS: i64 = 600;
const JOB: &str = "credit-transitions";

/// What a pass told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Transitions {
    /// Accounts whose lapsed reservations were brought up to date.
    pub lapsed: usize,
    /// Accounts held for other reasons than before.
    pub changed: usize,
}

impl Credit {
    /// One pass over everything that may have changed by itself; `None` if another instance is
    /// at it.
    pub async fn publish_transitions(&self, ctx: &Ctx) -> Result<Option<Transitions>> {
        let Some(lease) = self.store.lease(ctx, JOB, LEASE_SECONDS).await? else {
            return Ok(None);
        };
        let told = self.pass(ctx).await;
        self.store.end_lease(ctx, lease).await?;
        told.map(Some)
    }

    /// The pass itself, safe to run on several instances at once.
    pub async fn pass(&self, ctx: &Ctx) -> Result<Transitions> {
        let mut told = Transitions::default();
        let mut before = Vec::new();
        loop {
            let now = ctx.clock.now_micros();
            let accounts = self.store.accounts_with_due_reservations(now, ACCOUNTS as u64).await?;
            // The same accounts again: the clock of the database is behind ours. The next pass
            // brings them up to date.
            if accounts.is_empty() || accounts == before {
                break;
            }
            told.lapsed += accounts.len();
            before.clone_from(&accounts);
            self.settle_each(ctx, accounts).await?;
        }
        let mut after = String::new();
        loop {
            let accounts = self.store.live_accounts_after(&after, ACCOUNTS as u64).await?;
            let Some(last) = accounts.last() else { return Ok(told) };
            after.clone_from(last);
            let differ = self.differing(ctx, accounts).await?;
            if !differ.is_empty() {
                told.changed += self.tell_each(ctx, differ).await?;
            }
        }
    }

    /// [`Credit::settle`], one account after the other where it cannot be done of all together: an account
    /// whose figures cannot be computed keeps nobody else from being told of.
    async fn settle_each(&self, ctx: &Ctx, accounts: Vec<String>) -> Result<()> {
        match self.settle(ctx, accounts.clone()).await {
            Err(error) if is_of_an_account(&error) => {}
            done => return done,
        }
        for account in accounts {
            if let Err(error) = self.settle(ctx, vec![account.clone()]).await {
                passed_over(&account, error)?;
            }
        }
        Ok(())
    }

    /// [`Credit::tell`], likewise.
    async fn tell_each(&self, ctx: &Ctx, accounts: Vec<String>) -> Result<usize> {
        match self.tell(ctx, accounts.clone()).await {
            Err(error) if is_of_an_account(&error) => {}
            done => return done,
        }
        let mut told = 0;
        for account in accounts {
            match self.tell(ctx, vec![account.clone()]).await {
                Ok(one) => told += one,
                Err(error) => passed_over(&account, error)?,
            }
        }
        Ok(told)
    }

    /// Brings the reservations of these accounts' groups up to date.
    async fn settle(&self, ctx: &Ctx, accounts: Vec<String>) -> Result<()> {
        let (settings, policy) = (self.settings.clone(), self.policy.clone());
        self.store
            .write(ctx, Lane::Bulk, move |tx| {
                let (settings, policy, accounts) =
                    (settings.clone(), policy.clone(), accounts.clone());
                Box::pin(async move {
                    let known = locked(tx, &settings, &policy, accounts).await?;
                    let now = known.standing.now;
                    let roots = run::roots(&known.standing);
                    let due = known.due.into_iter().map(|known| known.reservation).collect();
                    let decider =
                        Decider::open(known.standing, Loaded { due, ..Loaded::default() });
                    let (changes, _) = decider.close();
                    run::write(tx, changes, &roots, now).await?;
                    Ok(())
                })
            })
            .await
    }

    /// Those of the accounts that are held for other reasons than was published last.
    async fn differing(&self, ctx: &Ctx, accounts: Vec<String>) -> Result<Vec<String>> {
        let now = super::now(&ctx.clock);
        let query = query(&self.settings, &self.policy, accounts.clone(), now);
        let known = self
            .store
            .read(ctx, move |tx| Box::pin(async move { tx.credit_standing(&query).await }))
            .await?;
        let told = self.store.told_holds(&accounts).await?;
        let mut differ = Vec::new();
        for account in accounts {
            match holds(&known.standing, &account) {
                Ok(holds) if holds == told.get(&account).cloned().unwrap_or_default() => {}
                Ok(_) => differ.push(account),
                Err(error) => passed_over(&account, error)?,
            }
        }
        Ok(differ)
    }

    /// Compares again under the locks, and publishes what still differs.
    async fn tell(&self, ctx: &Ctx, accounts: Vec<String>) -> Result<usize> {
        let (settings, policy) = (self.settings.clone(), self.policy.clone());
        self.store
            .write(ctx, Lane::Bulk, move |tx| {
                let (settings, policy, accounts) =
                    (settings.clone(), policy.clone(), accounts.clone());
                Box::pin(async move {
                    let known = locked(tx, &settings, &policy, accounts.clone()).await?;
                    let before = tx.told_holds(&accounts).await?;
                    let (mut changed, mut events) = (Vec::new(), Vec::new());
                    for account in accounts {
                        let holds = holds(&known.standing, &account)?;
                        let told = before.get(&account).cloned().unwrap_or_default();
                        if holds != told {
                            events.push(event(&account, &told, &holds));
                            changed.push((account, holds));
                        }
                    }
                    tx.tell_holds(&changed).await?;
                    tx.publish(events).await?;
                    Ok(changed.len())
                })
            })
            .await
    }
}

/// Whether the same may go well for other accounts.
fn is_of_an_account(error: &Error) -> bool {
    !matches!(
        error,
        Error::Unavailable { .. } | Error::ResourceExhausted { .. } | Error::DeadlineExceeded
    )
}

/// # Errors
/// One that is of no account.
fn passed_over(account: &str, error: Error) -> Result<()> {
    if !is_of_an_account(&error) {
        return Err(error);
    }
    tracing::error!(%error, "transitions of accounts/{account} cannot be told");
    Ok(())
}

async fn locked(
    tx: &mut WriteTx,
    settings: &Settings,
    policy: &LastRuling,
    accounts: Vec<String>,
) -> Result<Known> {
    let ids: BTreeSet<String> = accounts.iter().cloned().collect();
    let heads = tx.lock_roots(&ids).await?;
    let head = heads.values().map(|head| head.head_us).max().unwrap_or_default();
    let us = tx.record_after(head).await?;
    let now = Now { us, today: tx.clock().business_date() };
    let known = tx.credit_standing(&query(settings, policy, accounts, now)).await?;
    policy.saw(&known);
    Ok(known)
}

fn query(
    settings: &Settings,
    policy: &LastRuling,
    accounts: Vec<String>,
    now: Now,
) -> StandingQuery {
    StandingQuery {
        accounts,
        now,
        ruling: policy.get(),
        currencies: BTreeSet::new(),
        base: settings.base_currency,
        rate_age_days_max: settings.rate_age_days_max,
    }
}

/// What holds an account, in any segment. Having no limit is no event of its own.
fn holds(standing: &Standing, account: &str) -> Result<Holds> {
    let currency = super::check::currency_of(standing, account)?;
    let companies = standing.policy.segments.values().filter_map(|set| set.first());
    let companies: BTreeSet<&str> = companies.map(String::as_str).chain([""]).collect();
    let mut holds = Holds::new();
    for company in companies {
        let amount = Money { minor: 0, currency };
        let evaluation =
            standing.evaluate(Question { account, company, amount, counted: 0, unpaid: 0 })?;
        holds.extend(evaluation.reasons.iter().map(|reason| reason.code));
    }
    holds.remove(&ReasonCode::NoLimit);
    Ok(holds)
}

fn event(account: &str, told: &Holds, holds: &Holds) -> Event {
    let codes = |codes: Vec<&ReasonCode>| -> Vec<&str> {
        codes.into_iter().map(|code| code.as_str()).collect()
    };
    Event::new(
        EventType::StandingChanged,
        account,
        account_name(account),
        json!({
            "begun": codes(holds.difference(told).collect()),
            "ended": codes(told.difference(holds).collect()),
        }),
    )
}
