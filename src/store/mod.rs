//! The only place with SQL.
//!
//! What lives here: connections, transactions, migrations, and one file for each aggregate
//! that turns rows into domain types and back. What must not: rules (they are in `domain`),
//! sequence (in `service`), anything of the wire.
//!
//! Functions take `&impl ConnectionTrait` (or a [`tx::WriteTx`]), never acquire a second
//! connection, and answer domain types.

pub mod account;
mod advice;
mod batch;
mod bond;
mod columns;
mod commitment;
mod connect;
mod contact;
pub mod credit;
mod customers;
mod edge;
mod entity;
pub mod error;
pub mod facts;
mod file_lock;
mod finding;
mod gift;
mod handle;
mod handover;
mod import_run;
mod interaction;
mod interaction_stats;
mod journal;
mod keyset;
mod lease;
mod ledger;
mod lock;
mod lookup;
mod member;
mod member_book;
mod migration;
mod moved;
mod network;
mod observe;
mod once;
mod people;
#[cfg(test)]
mod plans;
mod policy;
mod pool;
mod portfolio;
mod position;
mod probe;
mod queue;
mod quotes;
pub mod receivables;
mod record_key;
mod risks;
mod roll;
mod rows;
mod seal;
#[cfg(test)]
pub(crate) mod seed;
mod seen;
mod settled;
mod signal;
mod source_system;
mod sql;
mod standings;
mod team;
mod tie;
mod tier;
mod tier_class;
mod tier_override;
mod tier_standing;
mod tier_value;
mod timeline;
mod trust;
mod tx;
mod verify;
mod visible;
mod work;

pub mod idempotency;

pub use advice::AdviceOf;
pub use batch::{Answered, KeptAnswer};
pub use commitment::CommitmentsOf;
pub use contact::Greeted;
pub use entity::account_head::Head;
pub use entity::import_run::ImportRun;
pub use finding::{Rule as SuspectRule, SponsorOf, Suspects};
pub use gift::GiftsOf;
pub use handle::Store;
pub use handover::HandoversOf;
pub use idempotency::{Call, CallRecord, Outcome, Step, reused};
pub use interaction::InteractionsOf;
pub use interaction_stats::HeldOf;
pub use journal::AuditEntry;
pub use ledger::{DueRequest, KnownClearing};
pub use lock::Entered;
pub use people::Touches;
pub use portfolio::Balance;
pub use queue::{Lane, Wait};
pub use record_key::{Keyed, KeyedInteraction};
pub use risks::KeptRisk;
pub use seen::Seen;
pub use signal::PeopledAccounts;
pub use team::Carried;
pub use tier::{Decided, TierState, Turnover, Window};
pub use trust::WordsOf;
pub use tx::{ReadTx, WriteTx};
pub use verify::{AuditCheck, ChainEnd, Check};
pub use work::{Candidate, Unmet};
