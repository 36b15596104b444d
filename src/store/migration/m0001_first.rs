//! The first schema.

mod accounts;
mod credit;
mod facts;
mod ledger;
mod shared;

use super::Migration;

pub(super) const MIGRATION: Migration = Migration {
    name: "m0001_first",
    text: || {
        [accounts::TABLES, ledger::TABLES, facts::TABLES, credit::TABLES, shared::TABLES].concat()
    },
};
