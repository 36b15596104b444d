//! Totals in another currency: one rate for each currency that has something to convert.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::Receivables;
use crate::domain::aging::{Aging, Edges};
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::money::{self, Currency};
use crate::domain::rates::{RateTable, SPOT, UsedRate};
use crate::service::Settings;
use crate::store::receivables::At;

/// Converts to one currency at the rates of one day, and keeps which it used.
pub(super) struct Converter {
    table: RateTable,
    to: Currency,
    day: NaiveDate,
    settings: Settings,
    used: BTreeMap<Currency, UsedRate>,
}

impl Receivables {
    /// The rates that count on the day asked about, as known then.
    pub(super) async fn converter(&self, to: Currency, at: At) -> Result<Converter> {
        let age = u64::try_from(self.settings.rate_age_days_max).unwrap_or_default();
        let first = at.as_of.checked_sub_days(Days::new(age)).unwrap_or(NaiveDate::MIN);
        let quotes = self.store.quotes(SPOT, first, at).await?;
        Ok(Converter {
            table: quotes.into_iter().collect(),
            to,
            day: at.as_of,
            settings: self.settings.clone(),
            used: BTreeMap::new(),
        })
    }
}

impl Converter {
    pub fn to(&self) -> Currency {
        self.to
    }

    /// Rounds once, half to even. An amount of zero needs no rate.
    ///
    /// # Errors
    /// RATE_MISSING.
    pub fn convert(&mut self, from: Currency, minor: i128) -> Result<i128> {
        if minor == 0 || from == self.to {
            return Ok(minor);
        }
        if !self.used.contains_key(&from) {
            let Settings { base_currency, rate_age_days_max } = self.settings;
            let found =
                self.table.lookup(from, self.to, self.day, SPOT, base_currency, rate_age_days_max);
            self.used.insert(from, found.ok_or_else(|| self.missing(from))?);
        }
        money::convert(minor, from, self.to, self.used[&from].rate)
    }

    /// Every cell on its own; the numbers of items stay.
    pub fn aging(&mut self, from: Currency, aging: &Aging, edges: &Edges) -> Result<Aging> {
        let mut converted = Aging::new(edges);
        for (column, minor, items) in aging.columns() {
            converted.add(column, self.convert(from, minor)?, items);
        }
        Ok(converted)
    }

    /// The rates used since the last time this was asked, by the currency converted from.
    pub fn take_rates(&mut self) -> Vec<(Currency, Currency, UsedRate)> {
        let used = std::mem::take(&mut self.used);
        used.into_iter().map(|(from, rate)| (from, self.to, rate)).collect()
    }

    fn missing(&self, from: Currency) -> Error {
        let Self { to, day, settings, .. } = self;
        let days = settings.rate_age_days_max;
        let description = format!("no rate on {day} or at most {days} days before");
        Precondition::new(Reason::RateMissing, format!("rates/{from}-{to}"), description)
            .with("from_currency", from)
            .with("to_currency", to)
            .with("date", day)
            .into()
    }
}
