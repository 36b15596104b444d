//! What accounts owe and what is said about it, all of it: for whoever has to do something about it.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{basic, full, positions_of};
use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::ledger::PointQuery;
use crate::domain::money::{Currency, Money, to_minor};
use crate::domain::receivables::{Dispute, Promise, Risk};
use crate::domain::work::facts::{Disputed, Overdue, Owed};
use crate::service::receivables::Receivables;
use crate::store::receivables::{At, Whose};

impl Receivables {
    /// What these accounts owe on a day by what is recorded now, by account: the figures of their risk.
    /// The number of statements does not depend on how many they are.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn owed(
        &self,
        ctx: &Ctx,
        ids: Vec<String>,
        day: NaiveDate,
    ) -> Result<HashMap<String, Owed>> {
        let point = PointQuery { as_of: Some(day), known_at: None };
        let at = self.settled_at(ctx, point).await?;
        let whose = Whose::Accounts(ids);
        let balances = self.store.account_positions(&positions_of(&whose, at)).await?;
        let risks = basic::risks(&balances, self.echo(ctx, at).await?);
        let evidence = self.store.open_evidence(&whose, &basic::overdue(&risks), at).await?;
        let mut owed = HashMap::new();
        for risk in &risks {
            owed.insert(risk.account_id.clone(), figures(risk)?);
        }
        for item in evidence.items {
            if let Some(of) = owed.get_mut(&item.account_id) {
                of.items.push(item);
            }
        }
        // A dispute about a settled item reduces nothing.
        for one in evidence.disputes.into_iter().filter(|one| one.open > 0) {
            if let Some(of) = owed.get_mut(&one.dispute.account_id) {
                of.disputes.push(Disputed { dispute: one.dispute, open: one.open });
            }
        }
        for promise in evidence.promises {
            if let Some(of) = owed.get_mut(&promise.account_id) {
                of.promises.push(full::promise(promise, day));
            }
        }
        Ok(owed)
    }

    /// What was promised to be paid at these accounts in a year up to a day, and is disputed on it, by
    /// account, as recorded by an instant in microseconds since the epoch.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn promised(
        &self,
        ids: Vec<String>,
        day: NaiveDate,
        known_us: i64,
    ) -> Result<HashMap<String, (Vec<Promise>, Vec<Dispute>)>> {
        let at = At { as_of: day, known_at: known_us };
        let evidence = self.store.open_evidence(&Whose::Accounts(ids), &[], at).await?;
        let mut promised: HashMap<String, (Vec<Promise>, Vec<Dispute>)> = HashMap::new();
        for promise in evidence.promises {
            let of = promised.entry(promise.account_id.clone()).or_default();
            of.0.push(full::promise(promise, day));
        }
        for one in evidence.disputes.into_iter().filter(|one| one.open > 0) {
            let of = promised.entry(one.dispute.account_id.clone()).or_default();
            of.1.push(one.dispute);
        }
        Ok(promised)
    }

    /// What amounts come to in one currency on a day, in the order asked.
    ///
    /// # Errors
    /// RATE_MISSING.
    pub async fn in_currency(
        &self,
        ctx: &Ctx,
        amounts: impl Iterator<Item = &[Money]>,
        to: Currency,
        day: NaiveDate,
    ) -> Result<Vec<i128>> {
        let at = self.settled_at(ctx, PointQuery { as_of: Some(day), known_at: None }).await?;
        let mut converter = self.converter(to, at).await?;
        let mut sums = Vec::new();
        for amounts in amounts {
            let mut sum = 0;
            for Money { minor, currency } in amounts {
                sum += converter.convert(*currency, (*minor).into())?;
            }
            sums.push(sum);
        }
        Ok(sums)
    }
}

fn figures(risk: &Risk) -> Result<Owed> {
    let mut owed = Owed::default();
    for of in &risk.currencies {
        let (balance, overdue) = (of.aging.balance(), of.aging.overdue());
        if balance != 0 {
            owed.open.push(Money { minor: to_minor(balance)?, currency: of.currency });
        }
        if overdue > 0 {
            let (currency, worst_days) = (of.currency, of.worst_overdue_days);
            owed.overdue.push(Overdue { currency, minor: to_minor(overdue)?, worst_days });
        }
    }
    Ok(owed)
}
