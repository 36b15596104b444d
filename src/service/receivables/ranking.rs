//! ListReceivablesRisk: the worst accounts first, in one currency.
//!
//! Every account has to be looked at to know the worst. They are looked at a window at a time,
//! and of each window only the rows that still have a place on the page are kept. Mostly balance
//! and overdue amount say what place that is; all columns are read of the others, and of those on the page.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use chrono::NaiveDate;

use super::Receivables;
use super::conversion::Converter;
use crate::ctx::Ctx;
use crate::domain::aging::{Aging, Edges, age_days};
use crate::domain::error::{Error, Result};
use crate::domain::ledger::Narrow;
use crate::domain::money::Currency;
use crate::domain::page::Page;
use crate::domain::receivables::query::{PageAt, RiskKey, RiskListQuery, RiskPage};
use crate::domain::receivables::{AccountRisk, RiskOrder};
use crate::store::receivables::{At, CurrencyCells, Standing};

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
            let mut unsure = Vec::new();
            let mut ranked = Vec::new();
            for of in window.standings.chunk_by(|a, b| a.account_id == b.account_id) {
                match place(of, currency, order, at) {
                    Some(row) => ranked.push(row),
                    None => unsure.push(of[0].account_id.clone()),
                }
            }
            for (account_id, cells) in self.store.account_cells(&narrow, at, unsure).await? {
                ranked.extend(rank(account_id, &cells, &mut converter, order, at)?);
            }
            let behind = |r: &Ranked| page.after.as_ref().is_none_or(|after| *after < r.place);
            ranked.into_iter().filter(behind).for_each(|row| worst.offer(row));
            last = end;
        }
        let Page { items, next, keys } = page.cut(worst.into_rows(), |last| last.place.clone());
        let items = self.with_columns(items, &narrow, at).await?;
        let rates = converter.take_rates();
        let page = Page { items: self.named(items).await?, next, keys };
        let point = self.echo(ctx, at).await?;
        Ok(RiskPage { page: PageAt { page, point, known_from: None }, rates })
    }

    /// The rows with all columns, also those whose place was known without.
    async fn with_columns(
        &self,
        mut rows: Vec<Ranked>,
        narrow: &Narrow,
        at: At,
    ) -> Result<Vec<Ranked>> {
        let bare = rows.iter().filter(|row| row.aging.is_none());
        let ids = bare.map(|row| row.place.account_id.clone()).collect();
        let mut cells = self.store.account_cells(narrow, at, ids).await?;
        for row in rows.iter_mut().filter(|row| row.aging.is_none()) {
            // In the currency that is asked for, and in no other.
            let of = cells.remove(&row.place.account_id).and_then(|mut of| of.pop());
            row.aging = of.map(|of| of.aging);
        }
        Ok(rows)
    }

    async fn named(&self, rows: Vec<Ranked>) -> Result<Vec<AccountRisk>> {
        let ids: Vec<String> = rows.iter().map(|row| row.place.account_id.clone()).collect();
        let mut names = self.store.display_names(&ids).await?;
        let row = |row: Ranked| {
            let Ranked { place: RiskKey { account_id, .. }, worst_overdue_days, aging } = row;
            let aging = aging.ok_or_else(|| Error::internal("an account without its columns"))?;
            let display_name = names.remove(&account_id).unwrap_or_default();
            Ok(AccountRisk { account_id, display_name, worst_overdue_days, aging })
        };
        rows.into_iter().map(row).collect()
    }
}

#[derive(Debug)]
struct Ranked {
    place: RiskKey,
    worst_overdue_days: i64,
    /// `None` until it is read.
    aging: Option<Aging>,
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
    let figures = Figures { balance: aging.balance(), overdue: aging.overdue(), oldest };
    Ok(Some(figures.ranked(account_id, Some(aging), order, at)))
}

/// The place of an account by its balance and overdue amount alone: where nothing is converted, and one of
/// them says that it owes something. `None`: its columns say.
fn place(of: &[Standing], to: Currency, order: RiskOrder, at: At) -> Option<Ranked> {
    let [Standing { account_id, currency, balance, overdue, oldest }] = of else { return None };
    if *currency != to || (*balance <= 0 && *overdue <= 0) {
        return None;
    }
    let figures =
        Figures { balance: (*balance).into(), overdue: (*overdue).into(), oldest: *oldest };
    Some(figures.ranked(account_id.clone(), None, order, at))
}

/// What accounts are ranked by.
struct Figures {
    balance: i128,
    overdue: i128,
    oldest: Option<NaiveDate>,
}

impl Figures {
    fn ranked(self, account_id: String, aging: Option<Aging>, order: RiskOrder, at: At) -> Ranked {
        let worst_overdue_days = self.oldest.map_or(0, |date| age_days(at.as_of, date));
        let value = match order {
            RiskOrder::Overdue => self.overdue,
            RiskOrder::Balance => self.balance,
            RiskOrder::WorstOverdueDays => worst_overdue_days.into(),
        };
        Ranked { place: RiskKey { value: Reverse(value), account_id }, worst_overdue_days, aging }
    }
}
