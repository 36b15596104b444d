//! Answers of the ledger to the wire.
//!
//! Nothing is decided here. What cannot be told truly (a sum beyond 64 bits, a class the
//! contract does not have) is an error of ours, never another figure.

mod aging;
mod document;
mod fact;
mod import;
mod item;
mod risk;
mod statement;
mod terms;
mod waiting;

pub use aging::aging;
pub use document::{clearing, document, documents, draft, post_results};
pub use fact::{closed_period, control_total, dispute, promise, rates_recorded};
pub use import::{acknowledgement, finish_step, started};
pub use item::{export_page, key, open_items};
pub use risk::{basic_risk, risk, risk_page};
pub use statement::statement;
pub use waiting::waiting_clearings;
