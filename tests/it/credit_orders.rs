//! Orders on their way from the question to the last invoice, and what counts against the limits
//! of an account and of its group at each step.

mod advances;
mod decisions;
mod group;
mod invoices;
mod lapse;
mod overrides;
mod referrals;
mod securities;
mod stages;

use ballast::pb;
use tonic::{Code, Status};

use crate::support::credit::*;
use crate::support::ledger::*;
use crate::support::{TestServer, assert_refused};

const STATE: Code = Code::FailedPrecondition;

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, reason: &str) {
    let status = answer.expect_err(reason);
    assert_refused(&status, code, reason, None);
}

/// An invoice of the day every test begins on, due so many days later.
fn billed(no: &str, gross: &str, due: i64) -> pb::Document {
    invoice(no, day(0), gross, &[(day(due), gross)])
}
