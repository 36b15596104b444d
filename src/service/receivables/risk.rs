//! GetReceivablesRisk and its batch.

mod basic;

use std::collections::HashMap;

use super::Receivables;
use crate::ctx::Ctx;
use crate::domain::aging::Basis;
use crate::domain::error::{Error, Result};
use crate::domain::ledger::{Narrow, PointQuery};
use crate::domain::money::Currency;
use crate::domain::names::AccountRef;
use crate::domain::receivables::{Risk, RiskView};
use crate::service::accounts::resolve;
use crate::store::receivables::{AccountPositions, At, PositionsQuery, Whose};

/// The accounts asked for, with their balances.
struct Asked {
    /// In the order of the request.
    ids: Vec<String>,
    at: At,
    accounts: Vec<AccountPositions>,
}

impl Receivables {
    /// What each account owes and what is at risk with it, in the order of `accounts`; all or
    /// none. The number of statements does not depend on the number of accounts.
    ///
    /// # Errors
    /// KNOWN_AT_NOT_SETTLED, RATE_MISSING, RESOURCE_NOT_FOUND with every missing name.
    pub async fn risk(
        &self,
        ctx: &Ctx,
        accounts: &[AccountRef],
        point: PointQuery,
        display: Option<Currency>,
        view: RiskView,
    ) -> Result<Vec<Risk>> {
        let Asked { ids, at, accounts } = match accounts {
            [one] => self.ask_one(ctx, one, point).await?,
            _ => self.ask_several(ctx, accounts, point).await?,
        };
        let mut risks = basic::risks(&accounts, self.echo(ctx, at).await?);
        if let Some(to) = display {
            basic::convert(&mut risks, self.converter(to, at).await?)?;
        }
        let by_id: HashMap<String, Risk> =
            risks.into_iter().map(|risk| (risk.account_id.clone(), risk)).collect();
        let risk_of = |id: String| {
            by_id.get(&id).cloned().ok_or_else(|| Error::internal(format!("no balances of {id}")))
        };
        ids.into_iter().map(risk_of).collect()
    }

    async fn ask_one(&self, ctx: &Ctx, name: &AccountRef, point: PointQuery) -> Result<Asked> {
        let id = self.id_of("account", name).await?;
        let head = self.head_at(ctx, point).await?;
        let of = positions_of(Whose::Account(id.clone()), head.at);
        let accounts = self.store.account_positions(&of).await?;
        match accounts.first() {
            Some(account) => Ok(Asked { ids: vec![id], at: head.seen(account.head_us), accounts }),
            None => Err(resolve::missing([name])),
        }
    }

    async fn ask_several(
        &self,
        ctx: &Ctx,
        names: &[AccountRef],
        point: PointQuery,
    ) -> Result<Asked> {
        let found = resolve::all(names, self.store.find_accounts(names).await?)?;
        let ids: Vec<String> = names.iter().map(|name| found[name].id.clone()).collect();
        let at = self.settled_at(ctx, point).await?;
        let of = positions_of(Whose::Accounts(ids.clone()), at);
        let accounts = self.store.account_positions(&of).await?;
        Ok(Asked { ids, at, accounts })
    }
}

fn positions_of(whose: Whose, at: At) -> PositionsQuery {
    PositionsQuery { whose, narrow: Narrow::default(), basis: Basis::DueDate, at }
}
