//! Pure rules: no I/O, no clock, no transport, no SQL. Everything here is a function of
//! its arguments and is tested beside the code.

mod stored;

pub mod account;
pub mod aging;
pub mod books;
pub mod calendar;
pub mod change;
pub mod clearing;
pub mod contact;
pub mod credit;
pub mod currency;
pub mod dated;
pub mod dates;
pub mod days_to_pay;
pub mod directory;
pub mod dispute;
pub mod document;
pub mod error;
pub mod event;
pub mod external_ref;
pub mod finding;
pub mod group;
pub mod import;
pub mod item;
pub mod ledger;
pub mod machine;
pub mod member;
pub mod money;
pub mod names;
pub mod page;
pub mod personal;
pub mod point;
pub mod policy;
pub mod portfolio;
pub mod position;
pub mod promise;
pub mod rates;
pub mod receivables;
pub mod record;
pub mod rounding;
pub mod severity;
pub mod team;
pub mod terms;
pub mod text;
pub mod tier;
pub mod version;
