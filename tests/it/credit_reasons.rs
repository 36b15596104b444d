//! Every reason for which an order is not simply approved: what it rests on, what it leads to,
//! and that each remedy it names removes it.

mod figures;
mod remedies;
mod shown;
mod situation;

use ballast::pb;

use crate::support::TestServer;
use crate::support::credit::*;
use crate::support::ledger::*;

use situation::{ORDER, Situation};

/// The only reason of a decision.
#[track_caller]
fn only(decision: pb::CreditDecision, verdict: &str, code: &str) -> pb::CreditReason {
    assert_decided(&decision, verdict, &[code]);
    decision.reasons.into_iter().next().expect("one")
}
