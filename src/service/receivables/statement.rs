//! GetStatement.

use std::collections::BTreeMap;

use super::Receivables;
use crate::ctx::Ctx;
use crate::domain::aging::{Basis, Edges};
use crate::domain::error::Result;
use crate::domain::ledger::PointQuery;
use crate::domain::money::Currency;
use crate::domain::receivables::query::StatementQuery;
use crate::domain::receivables::{Statement, StatementBalance, StatementLine};
use crate::service::resolve;
use crate::store::receivables::{At, MovementLine, MovementsRead, PositionsQuery, Whose};

impl Receivables {
    /// What moved the balance of an account on the days asked about, a page of it: opening
    /// balance + movements = closing balance in each currency.
    ///
    /// # Errors
    /// KNOWN_AT_NOT_SETTLED, RESOURCE_NOT_FOUND.
    pub async fn statement(&self, ctx: &Ctx, query: StatementQuery) -> Result<Statement> {
        let (account_id, at, mut balances) = self.opening(ctx, &query).await?;
        let read = MovementsRead {
            account_id: account_id.clone(),
            narrow: query.narrow,
            from: query.from,
            to: query.to,
            known_at: at.known_at,
        };
        for totals in self.store.movement_totals(&read).await? {
            let of = balances.entry(totals.currency).or_insert_with(|| none(totals.currency));
            of.debits = totals.debits.into();
            of.credits = totals.credits.into();
        }
        let lines = self.store.movements(&read, &query.page).await?;
        let line = |line: MovementLine| {
            let opening = balances.get(&line.currency).map_or(0, |balance| balance.opening);
            StatementLine {
                date: line.date,
                document_id: line.document_id,
                key: line.key,
                kind: line.kind,
                movement: line.movement,
                currency: line.currency,
                amount: line.amount,
                balance: opening + i128::from(line.running),
            }
        };
        let lines = lines.map(line);
        let point = self.echo(ctx, at).await?;
        let balances = balances.into_values().collect();
        Ok(Statement { account_id, point, balances, lines })
    }

    /// The balances at the end of the day before the first, and the point of the statement.
    async fn opening(
        &self,
        ctx: &Ctx,
        query: &StatementQuery,
    ) -> Result<(String, At, BTreeMap<Currency, StatementBalance>)> {
        let StatementQuery { account, from, to, known_at, narrow, .. } = query;
        let id = self.id_of(ctx, "account", account).await?;
        let point = PointQuery { as_of: from.pred_opt(), known_at: *known_at };
        let head = self.head_at(ctx, &id, point).await?;
        let of = PositionsQuery {
            whose: Whose::Account(id.clone()),
            narrow: narrow.clone(),
            basis: Basis::DueDate,
            buckets: Some(Edges::default()),
            at: head.at,
        };
        let found = self.store.account_positions(&of).await?.pop();
        let found = found.ok_or_else(|| resolve::missing([account]))?;
        let at = At { as_of: *to, ..head.seen(found.head_us) };
        let mut balances = BTreeMap::new();
        for position in found.positions {
            let currency = position.currency;
            let of: &mut StatementBalance =
                balances.entry(currency).or_insert_with(|| none(currency));
            of.opening += i128::from(position.amount);
        }
        // What is left is what has a balance; movements add their currencies later.
        balances.retain(|_, balance| balance.opening != 0);
        Ok((id, at, balances))
    }
}

fn none(currency: Currency) -> StatementBalance {
    StatementBalance { currency, opening: 0, debits: 0, credits: 0 }
}
