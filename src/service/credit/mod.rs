//! Use cases of credit: limits, holds, securities and policies, and the decisions they rule.
//!
//! Commands about reservations are decided in batches: those that wait are decided one after the
//! other in memory, written as sets and committed once (`batch`, `run`). Everything else is a
//! transaction of its own.

mod batch;
mod check;
mod command;
mod entry;
mod event;
mod evidence;
mod holds;
mod limits;
mod policies;
mod reservations;
mod rule_event;
#[cfg(test)]
mod rule_tests;
mod run;
mod securities;
mod watch;

use std::sync::{Arc, PoisonError, RwLock};

use crate::ctx::{Clock, Ctx};
use crate::domain::credit::decide::Caller;
use crate::domain::credit::reservation::Now;
use crate::service::Settings;
use crate::store::Store;
use crate::store::credit::{Known, Ruling};

use self::batch::Batcher;
pub use self::watch::Transitions;

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub struct Credit {
    store: Store,
    settings: Settings,
    batcher: Batcher,
    policy: LastRuling,
}

impl Credit {
    /// Starts a task that decides commands about reservations, so it must be called in a runtime.
    pub fn new(store: Store, settings: Settings) -> Self {
        let policy = LastRuling::default();
        let batcher = Batcher::start(store.clone(), settings.clone(), policy.clone());
        Self { store, settings, batcher, policy }
    }
}

/// What ruled at the last read: while it still does, it need not be loaded again.
#[derive(Debug, Clone, Default)]
struct LastRuling(Arc<RwLock<Ruling>>);

impl LastRuling {
    fn get(&self) -> Ruling {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn saw(&self, known: &Known) {
        let ids = |ruling: &Ruling| {
            let tiers = ruling.tiers.as_ref().map(|tiers| tiers.id.clone());
            (ruling.credit.id.clone(), tiers)
        };
        if ids(&self.get()) != ids(&known.ruling) {
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = known.ruling.clone();
        }
    }
}

/// The instant and the business date that a read is answered for.
fn now(clock: &Clock) -> Now {
    Now { us: clock.now_micros(), today: clock.business_date() }
}

/// The caller, and whether it may override a decision.
fn caller(ctx: &Ctx) -> Caller<'_> {
    Caller {
        principal: &ctx.principal,
        may_override: ctx.scopes.allows(crate::domain::credit::decide::OVERRIDE),
    }
}
