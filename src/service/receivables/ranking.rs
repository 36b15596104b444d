//! ListReceivablesRisk: the worst accounts first, in one currency.
//!
//! Every account has to be looked at to know the worst. They are looked at a window at a time,
//! and of each window only the rows that still have a place on the page are kept.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::conversion::Converter;
use super::{Receivables, bad_key};
use crate::ctx::Ctx;
use crate::domain::aging::{Aging, Edges, age_days};
use crate::domain::error::Result;
use crate::domain::ledger::Narrow;
use crate::domain::receivables::query::{Page, RiskListQuery, RiskPage};
use crate::domain::receivables::{AccountRisk, RiskOrder};
use crate::store::receivables::{At, CurrencyCells};

impl Receivables {
    /// All accounts that owe anything, the worst first; ties by account id.
    ///
    /// # Errors
    /// PAGE_TOKEN_INVALID, KNOWN_AT_NOT_SETTLED, RATE_MISSING for any account that owes.
    pub async fn list_risk(&self, ctx: &Ctx, query: RiskListQuery) -> Result<RiskPage> {
        let after = query.after.as_deref().map(Place::parse).transpose()?;
        let at = self.settled_at(ctx, query.point).await?;
        let mut converter = self.converter(query.currency, at).await?;
        let narrow = Narrow { company_code: query.company_code.clone(), currency: None };
        let mut worst = Worst { size: query.page_size, rows: BinaryHeap::new(), more: false };
        let mut last = String::new();
        loop {
            ctx.check_deadline()?;
            let window = self.store.account_window(&narrow, at, &last).await?;
            let Some(end) = window.last else { break };
            for (account_id, cells) in window.accounts {
                let ranked = rank(account_id, &cells, &mut converter, query.order, at)?;
                if let Some(ranked) = ranked.filter(|r| after.as_ref().is_none_or(|a| *a < r.place))
                {
                    worst.offer(ranked);
                }
            }
            last = end;
        }
        let more = worst.more;
        let rows = worst.into_rows();
        let next = rows.last().filter(|_| more).map(|last| last.place.key());
        let rates = converter.take_rates();
        let rows = self.named(rows).await?;
        let point = self.echo(ctx, at).await?;
        Ok(RiskPage { page: Page { rows, next, point }, rates })
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

/// Where an account stands in the list; the lesser is the worse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    value: Reverse<i128>,
    account_id: String,
}

impl Place {
    fn key(&self) -> Vec<String> {
        vec![self.value.0.to_string(), self.account_id.clone()]
    }

    fn parse(key: &[String]) -> Result<Self> {
        let [value, account_id] = key else { return Err(bad_key()) };
        let value = Reverse(value.parse().map_err(|_| bad_key())?);
        Ok(Self { value, account_id: account_id.clone() })
    }
}

#[derive(Debug)]
struct Ranked {
    place: Place,
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

/// The first rows of the list so far, as a heap with the last of them on top.
struct Worst {
    size: usize,
    rows: BinaryHeap<Ranked>,
    /// A row was dropped: there is a next page.
    more: bool,
}

impl Worst {
    fn offer(&mut self, row: Ranked) {
        self.rows.push(row);
        if self.rows.len() > self.size {
            self.rows.pop();
            self.more = true;
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
    let place = Place { value: Reverse(value), account_id };
    Ok(Some(Ranked { place, worst_overdue_days, aging }))
}
