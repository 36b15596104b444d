//! GetReceivablesRisk and its batch.

mod basic;
mod full;
mod owed;

use std::collections::HashMap;

use chrono::NaiveDate;

use super::Receivables;
use super::columns::debits;
use super::share::share_bp;
use crate::ctx::Ctx;
use crate::domain::aging::{Basis, Edges};
use crate::domain::coverage::finance::FinanceContact;
use crate::domain::error::{Error, Result};
use crate::domain::ledger::{Narrow, PointQuery};
use crate::domain::money::Currency;
use crate::domain::names::AccountRef;
use crate::domain::receivables::{Risk, RiskView};
use crate::service::resolve;
use crate::store::receivables::{AccountPositions, At, PositionsQuery, Whose};

/// The accounts asked for, with their balances.
struct Asked {
    /// In the order of the request.
    ids: Vec<String>,
    whose: Whose,
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
        let Asked { ids, whose, at, accounts } = match accounts {
            [one] => self.ask_one(ctx, one, point, display).await?,
            _ => self.ask_several(ctx, accounts, point).await?,
        };
        let mut risks = basic::risks(&accounts, self.echo(ctx, at).await?);
        if view == RiskView::Full {
            let overdue = basic::overdue(&risks);
            let evidence = self.store.evidence(&whose, &overdue, at).await?;
            full::add(&mut risks, evidence, at.as_of);
            // A share tells how large the whole is.
            if ctx.rows.is_all() {
                self.add_shares(&mut risks, &accounts, at).await?;
            }
            self.add_finance_contacts(ctx, &mut risks, at.as_of).await?;
        }
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

    /// Whether we know who answers for money at each account on a day, as recorded by now.
    async fn add_finance_contacts(
        &self,
        ctx: &Ctx,
        risks: &mut [Risk],
        day: NaiveDate,
    ) -> Result<()> {
        let ids: Vec<String> = risks.iter().map(|risk| risk.account_id.clone()).collect();
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move { tx.signals(&ids.iter().map(String::as_str).collect()).await })
        });
        let signals = read.await?;
        for risk in risks {
            let signal = signals.get(&risk.account_id);
            let told = signal.map(|signal| signal.on(&risk.account_id, day));
            risk.finance_contact = Some(told.unwrap_or(FinanceContact::Unknown));
        }
        Ok(())
    }

    async fn ask_one(
        &self,
        ctx: &Ctx,
        name: &AccountRef,
        point: PointQuery,
        display: Option<Currency>,
    ) -> Result<Asked> {
        let id = self.id_of(ctx, "account", name).await?;
        let head = match display {
            None => self.head_at(ctx, &id, point).await?,
            Some(_) => self.head_with_rates_at(ctx, &id, point).await?,
        };
        let whose = Whose::Account(id.clone());
        let accounts = self.store.account_positions(&positions_of(&whose, head.at)).await?;
        let account = accounts.first().ok_or_else(|| resolve::missing([name]))?;
        let at = head.seen(account.head_us);
        Ok(Asked { ids: vec![id], whose, at, accounts })
    }

    async fn ask_several(
        &self,
        ctx: &Ctx,
        names: &[AccountRef],
        point: PointQuery,
    ) -> Result<Asked> {
        let found = resolve::all(names, self.store.find_accounts(ctx, names).await?)?;
        let ids: Vec<String> = names.iter().map(|name| found[name].id.clone()).collect();
        let at = self.settled_at(ctx, point).await?;
        let whose = Whose::Accounts(ids.clone());
        let accounts = self.store.account_positions(&positions_of(&whose, at)).await?;
        Ok(Asked { ids, whose, at, accounts })
    }

    /// Related parties have no share, and do not count in the book that others have shares of.
    async fn add_shares(
        &self,
        risks: &mut [Risk],
        accounts: &[AccountPositions],
        at: At,
    ) -> Result<()> {
        let unrelated = accounts.iter().filter(|account| !account.related_party);
        let by_id: HashMap<&str, &AccountPositions> =
            unrelated.map(|account| (account.account_id.as_str(), account)).collect();
        if by_id.is_empty() {
            return Ok(());
        }
        let Some(book) = self.book_debits(at).await? else { return Ok(()) };
        for risk in risks {
            let Some(account) = by_id.get(risk.account_id.as_str()) else { continue };
            for of in &mut risk.currencies {
                let whole = book.get(&of.currency).copied().unwrap_or_default();
                of.portfolio_share_bp = share_bp(debits(&account.positions, of.currency), whole);
            }
        }
        Ok(())
    }
}

fn positions_of(whose: &Whose, at: At) -> PositionsQuery {
    PositionsQuery {
        whose: whose.clone(),
        narrow: Narrow::default(),
        basis: Basis::DueDate,
        buckets: Some(Edges::default()),
        at,
    }
}
