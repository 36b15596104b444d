//! ListReceivablesRisk: the worst accounts first, in one currency.
//!
//! Every account has to be looked at to know the worst. They are looked at a window at a time,
//! and of each window only the rows that still have a place on the page are kept.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::Receivables;
use super::conversion::Converter;
use crate::ctx::Ctx;
use crate::domain::aging::{Aging, Edges, age_days};
use crate::domain::error::Result;
use crate::domain::ledger::Narrow;
use crate::domain::page::Page;
use crate::domain::receivables::query::{PageAt, RiskKey, RiskListQuery, RiskPage};
use crate::domain::receivables::{AccountRisk, RiskOrder};
use crate::store::receivables::{At, CurrencyCells};

impl Receivables {
    /// All accounts that owe anything, the worst first; ties by account id.
    ///
    /// # Errors
    /// KNOWN_AT_NOT_SETTLED, RATE_MISSING for any account that owes.
    pub async fn list_risk(&self, ctx: &Ctx, query: RiskListQuery) -> Result<RiskPage> {
        let RiskListQuery { point, company_code, currency, order, page } = query;
        let at = self.settled_at(ctx, point).await?;
        let mut converter = self.converter(currency, at).await?;
        let narrow = Narrow { company_code, currency: None };
        let mut worst = Worst { size: page.to_read(), rows: BinaryHeap::new() };
        let mut last = String::new();
        loop {
            ctx.check_deadline()?;
            let window = self.store.account_window(&narrow, at, &last).await?;
            let Some(end) = window.last else { break };
            for (account_id, cells) in window.accounts {
                let ranked = rank(account_id, &cells, &mut converter, order, at)?;
                let behind = |r: &Ranked| page.after.as_ref().is_none_or(|after| *after < r.place);
                if let Some(ranked) = ranked.filter(behind) {
                    worst.offer(ranked);
                }
            }
            last = end;
        }
        let Page { items, next, keys } = page.cut(worst.into_rows(), |last| last.place.clone());
        let rates = converter.take_rates();
        let page = Page { items: self.named(items).await?, next, keys };
        let point = self.echo(ctx, at).await?;
        Ok(RiskPage { page: PageAt { page, point, known_from: None }, rates })
    }

    async fn named(&self, rows: Vec<Ranked>) -> Result<Vec<AccountRisk>> {
        let ids: Vec<String> = rows.iter().map(|row| row.place.account_id.clone()).collect();
        let mut names = self.store.display_names(&ids).await?;
        let row = |row: Ranked| AccountRisk {
            display_name: names.remove(&row.place.account_id).unwrap_or_default(),
            account_id: row.place.account_id,
            worst_overdue_days: row.worst_overdue_days,
            aging: row.aging,
        };
        Ok(rows.into_iter().map(row).collect())
    }
}

#[derive(Debug)]
struct Ranked {
    place: RiskKey,
    worst_overdue_days: i64,
    aging: Aging,
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place.cmp(&other.place)
    }
}

/// The first rows of the page so far, as a heap with the last of them on top.
struct Worst {
    size: u64,
    rows: BinaryHeap<Ranked>,
}

impl Worst {
    fn offer(&mut self, row: Ranked) {
        self.rows.push(row);
        if self.rows.len() as u64 > self.size {
            self.rows.pop();
        }
    }

    fn into_rows(self) -> Vec<Ranked> {
        self.rows.into_sorted_vec()
    }
}

/// The account with its figures converted; `None` if it owes nothing.
fn rank(
    account_id: String,
    cells: &[CurrencyCells],
    converter: &mut Converter,
    order: RiskOrder,
    at: At,
) -> Result<Option<Ranked>> {
    if !cells.iter().any(|of| of.aging.columns().any(|(_, minor, _)| minor > 0)) {
        return Ok(None);
    }
    let edges = Edges::default();
    let mut aging = Aging::new(&edges);
    for of in cells {
        aging.merge(&converter.aging(of.currency, &of.aging, &edges)?);
    }
    let oldest = cells.iter().filter_map(|of| of.oldest).min();
    let worst_overdue_days = oldest.map_or(0, |date| age_days(at.as_of, date));
    let value = match order {
        RiskOrder::Overdue => aging.overdue(),
        RiskOrder::Balance => aging.balance(),
        RiskOrder::WorstOverdueDays => worst_overdue_days.into(),
    };
    let place = RiskKey { value: Reverse(value), account_id };
    Ok(Some(Ranked { place, worst_overdue_days, aging }))
}
