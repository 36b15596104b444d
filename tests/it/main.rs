//! Everything about the running service, in one binary: a real server in this process, on its
//! own fresh database for each test, once on SQLite and once on PostgreSQL.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, in its helpers too"
)]

#[macro_use]
mod support;
mod team;

mod access;
mod account;
mod account_type;
mod architecture;
mod audit;
mod bad_days;
mod bad_input;
mod clearing_status;
mod command_line;
mod contact;
mod contract;
mod credit_cases;
mod credit_days;
mod credit_jobs;
mod credit_kept;
mod credit_orders;
mod credit_people;
mod credit_races;
mod credit_reasons;
mod credit_rules;
mod demo;
mod directory;
mod error_contract;
mod findings;
mod imports;
mod interaction;
mod jwt;
mod ledger_rules;
mod member;
mod member_book;
mod merges;
mod overload;
mod points;
mod process;
mod properties;
mod proto;
mod readme;
mod real_ledgers;
mod receivable_cases;
mod receivables_read;
mod records;
mod reflection;
mod requirements;
mod restricted;
mod risk_kept;
mod roles;
mod sensitivity;
mod tiers;
mod timeline;
mod transport;
mod work;
