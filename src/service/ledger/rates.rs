//! The exchange rates a change may need, loaded before the rules run.

use chrono::{Days, NaiveDate};

use crate::domain::books::RateSource;
use crate::domain::error::Result;
use crate::domain::money::Currency;
use crate::domain::rates::{RateTable, SPOT, UsedRate};
use crate::service::Settings;
use crate::store::WriteTx;

/// Rates for some days, by the rules of the installation.
#[derive(Debug, Default, Clone)]
pub struct Rates {
    table: RateTable,
    settings: Settings,
}

impl Rates {
    /// None at all: for changes within one currency.
    pub fn none() -> Self {
        Self::default()
    }

    /// The rates that may count on the days from `first` to `last`.
    pub async fn load(
        tx: &WriteTx,
        settings: &Settings,
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<Self> {
        let age = u64::try_from(settings.rate_age_days_max).unwrap_or(0);
        let from = first.checked_sub_days(Days::new(age)).unwrap_or(first);
        let table = RateTable::new(tx.quotes(from, last).await?);
        Ok(Self { table, settings: settings.clone() })
    }
}

impl RateSource for Rates {
    fn rate(&self, from: Currency, to: Currency, day: NaiveDate) -> Option<UsedRate> {
        let Settings { base_currency, rate_age_days_max } = self.settings;
        self.table.lookup(from, to, day, SPOT, base_currency, rate_age_days_max)
    }
}
