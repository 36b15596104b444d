//! Use cases, one file for each aggregate: open the transaction, ask `domain`, call `store`.
//!
//! What must not be here: SQL, wire types, and rules that could stand without a database.

pub mod account_types;
pub mod accounts;
pub mod briefs;
pub mod contacts;
pub mod credit;
pub mod departures;
pub mod directory;
mod external_refs;
pub mod facts;
pub mod findings;
pub mod handovers;
pub mod interactions;
pub mod ledger;
pub mod member_books;
pub mod members;
pub mod merges;
pub mod receivables;
pub mod records;
mod resolve;
#[cfg(test)]
mod stored_tests;
pub mod teams;
pub mod tiers;
pub mod timelines;
pub mod trust;
pub mod work;

use serde::Serialize;

use crate::domain::money::Currency;

/// What the installation decides for every use case.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Exchange rates may be found by way of this currency.
    pub base_currency: Option<Currency>,
    /// How old a rate may be, in days before the day asked about.
    pub rate_age_days_max: i64,
}

impl Settings {
    /// A command together with these settings.
    pub fn configure<C>(&self, command: C) -> Configured<C> {
        Configured { command, settings: self.clone() }
    }
}

/// A command with the settings it is carried out by. These are no part of what was asked: two
/// calls are the same whatever the settings of their times.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Configured<C, S = Settings> {
    pub command: C,
    #[serde(skip)]
    pub settings: S,
}
