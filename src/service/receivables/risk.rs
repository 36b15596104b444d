//! GetReceivablesRisk and its batch.

mod basic;
mod full;
mod owed;

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::Receivables;
use super::columns::debits;
use super::share::share_bp;
use crate::ctx::Ctx;
use crate::domain::aging::{Basis, Edges};
use crate::domain::coverage::finance::{FinanceContact, Signal};
use crate::domain::error::{Error, Result};
use crate::domain::ledger::{LedgerPoint, Narrow, PointQuery};
use crate::domain::money::Currency;
use crate::domain::names::AccountRef;
use crate::domain::receivables::{CurrencyRisk, Risk, RiskView};
use crate::service::resolve;
use crate::store::KeptRisk;
use crate::store::receivables::{AccountPositions, At, PositionsQuery, Recalled, Whose};

/// What the accounts asked for owe, as far as the account alone tells.
struct Told {
    /// In the order of the request.
    ids: Vec<String>,
    at: At,
    risks: Vec<Risk>,
    /// What each account that is no related party has open in debits.
    debits: HashMap<String, Debits>,
    /// Who answers for money at the one account asked about, where that was read with it.
    signal: Option<Option<Signal>>,
}

type Debits = Vec<(Currency, i128)>;

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
        let Told { ids, at, mut risks, debits, signal } = match accounts {
            [one] => self.one(ctx, one, point, display, view).await?,
            _ => self.several(ctx, accounts, point, view).await?,
        };
        if view == RiskView::Full {
            // A share tells how large the whole is.
            if ctx.rows.is_all() {
                self.add_shares(&mut risks, &debits, at).await?;
            }
            match signal.filter(|_| ctx.rows.is_all()) {
                Some(signal) => add_finance_contact(&mut risks, signal.as_ref(), at.as_of),
                None => self.add_finance_contacts(ctx, &mut risks, at.as_of).await?,
            }
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
            add_finance_contact(std::slice::from_mut(risk), signal, day);
        }
        Ok(())
    }

    async fn one(
        &self,
        ctx: &Ctx,
        name: &AccountRef,
        point: PointQuery,
        display: Option<Currency>,
        view: RiskView,
    ) -> Result<Told> {
        let id = self.id_of(ctx, "account", name).await?;
        let head = match display {
            None => self.head_at(ctx, &id, point).await?,
            Some(_) => self.head_with_rates_at(ctx, &id, point).await?,
        };
        let day = head.at.as_of;
        let is_of_now = point.known_at.is_none();
        let is_full = view == RiskView::Full;
        if is_of_now && let Some(recalled) = self.store.recall_risk(&id, day, is_full).await? {
            let at = head.seen(recalled.kept.head_us);
            return Ok(recalled_as(id, at, self.echo(ctx, at).await?, recalled, view));
        }
        let whose = Whose::Account(id.clone());
        let accounts = self.store.account_positions(&positions_of(&whose, head.at)).await?;
        let account = accounts.first().ok_or_else(|| resolve::missing([name]))?;
        let AccountPositions { head_us, revision, .. } = *account;
        let at = head.seen(head_us);
        let mut risks = basic::risks(&accounts, self.echo(ctx, at).await?);
        let basic = basic::currencies(&risks);
        self.add_evidence(&mut risks, &whose, at, view).await?;
        if is_of_now {
            let full = is_full.then(|| basic::currencies(&risks)).filter(|full| !is_personal(full));
            let debits = debits_of(account);
            self.store.keep_risk(&id, KeptRisk { day, head_us, revision, basic, full, debits });
        }
        Ok(Told { ids: vec![id], at, risks, debits: unrelated(&accounts), signal: None })
    }

    async fn several(
        &self,
        ctx: &Ctx,
        names: &[AccountRef],
        point: PointQuery,
        view: RiskView,
    ) -> Result<Told> {
        let found = resolve::all(names, self.store.find_accounts(ctx, names).await?)?;
        let ids: Vec<String> = names.iter().map(|name| found[name].id.clone()).collect();
        let at = self.settled_at(ctx, point).await?;
        let whose = Whose::Accounts(ids.clone());
        let accounts = self.store.account_positions(&positions_of(&whose, at)).await?;
        let mut risks = basic::risks(&accounts, self.echo(ctx, at).await?);
        self.add_evidence(&mut risks, &whose, at, view).await?;
        Ok(Told { ids, at, risks, debits: unrelated(&accounts), signal: None })
    }

    async fn add_evidence(
        &self,
        risks: &mut [Risk],
        whose: &Whose,
        at: At,
        view: RiskView,
    ) -> Result<()> {
        if view == RiskView::Full {
            let overdue = basic::overdue(risks);
            let evidence = self.store.evidence(whose, &overdue, at).await?;
            full::add(risks, evidence, at.as_of);
        }
        Ok(())
    }

    /// Related parties have no share, and do not count in the book that others have shares of.
    async fn add_shares(
        &self,
        risks: &mut [Risk],
        debits: &HashMap<String, Debits>,
        at: At,
    ) -> Result<()> {
        if debits.is_empty() {
            return Ok(());
        }
        let Some(book) = self.book_debits(at).await? else { return Ok(()) };
        for risk in risks {
            let Some(debits) = debits.get(&risk.account_id) else { continue };
            for of in &mut risk.currencies {
                let whole = book.get(&of.currency).copied().unwrap_or_default();
                let part = debits.iter().find(|(currency, _)| *currency == of.currency);
                of.portfolio_share_bp = share_bp(part.map_or(0, |(_, minor)| *minor), whole);
            }
        }
        Ok(())
    }
}

/// What is kept, told as of a point.
fn recalled_as(id: String, at: At, point: LedgerPoint, recalled: Recalled, view: RiskView) -> Told {
    let Recalled { kept, related_party, signal } = recalled;
    let full = kept.full.as_ref().filter(|_| view == RiskView::Full);
    let risk = Risk {
        account_id: id.clone(),
        point,
        currencies: full.unwrap_or(&kept.basic).clone(),
        converted: None,
        finance_contact: None,
    };
    let debits = (!related_party).then(|| (id.clone(), kept.debits.clone())).into_iter().collect();
    Told { ids: vec![id], at, risks: vec![risk], debits, signal: Some(signal) }
}

/// Whether some of the evidence is what somebody wrote or said.
fn is_personal(currencies: &[CurrencyRisk]) -> bool {
    currencies.iter().any(|of| !of.worst_disputes.is_empty() || !of.promises.is_empty())
}

fn unrelated(accounts: &[AccountPositions]) -> HashMap<String, Debits> {
    let unrelated = accounts.iter().filter(|account| !account.related_party);
    unrelated.map(|account| (account.account_id.clone(), debits_of(account))).collect()
}

fn debits_of(account: &AccountPositions) -> Debits {
    let currencies: BTreeSet<Currency> = account.positions.iter().map(|of| of.currency).collect();
    let debits = |currency| (currency, debits(&account.positions, currency));
    currencies.into_iter().map(debits).collect()
}

fn add_finance_contact(risks: &mut [Risk], signal: Option<&Signal>, day: NaiveDate) {
    for risk in risks {
        let told = signal.map(|signal| signal.on(&risk.account_id, day));
        risk.finance_contact = Some(told.unwrap_or(FinanceContact::Unknown));
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
