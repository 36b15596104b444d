//! What callers ask of credit, after parsing.

use chrono::NaiveDate;
use serde::Serialize;

use super::decision::Verdict;
use super::hold::HoldScope;
use super::limit::LimitTerms;
use super::policy::Policy;
use super::security::SecurityTerms;
use crate::domain::document::DocumentKey;
use crate::domain::money::Money;
use crate::domain::names::{AccountRef, ChildName, OrderKey, ReservationName};
use crate::domain::page::PageOf;

#[derive(Debug, Clone, Serialize)]
pub struct CheckCredit {
    pub account: AccountRef,
    pub company_code: String,
    pub amount: Money,
    pub order: Option<OrderKey>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ReserveCredit {
    pub account: AccountRef,
    pub amount: Money,
    pub order: OrderKey,
    pub expire_us: Option<i64>,
    /// Empty: none.
    pub override_reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct AmendReservation {
    pub reservation: ReservationName,
    pub amount: Option<Money>,
    pub expire_us: Option<i64>,
    /// Empty: none.
    pub override_reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct DeliverReservation {
    pub reservation: ReservationName,
    pub amount: Option<Money>,
}

#[derive(Debug, Clone, Serialize)]
pub struct CommitReservation {
    pub reservation: ReservationName,
    pub documents: Vec<DocumentKey>,
    pub complete: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct CancelReservation {
    pub reservation: ReservationName,
    pub reason: String,
    pub returned: Option<Money>,
}

#[derive(Debug, Clone, Serialize)]
pub struct DecideReferral {
    pub reservation: ReservationName,
    pub approve: bool,
    pub approver: String,
    pub reason: String,
    pub maximum: Option<Money>,
    pub valid_until_us: Option<i64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct SetCreditLimit {
    pub account: AccountRef,
    pub terms: LimitTerms,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub approver: String,
    pub reason: String,
    /// Version of the limits of the account and segment, if the caller read one.
    pub version: Option<i64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct PlaceHold {
    pub account: AccountRef,
    pub scope: HoldScope,
    pub reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct ReleaseHold {
    pub hold: ChildName,
    pub reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct CreateSecurity {
    pub account: AccountRef,
    pub terms: SecurityTerms,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

#[derive(Debug, Clone, Serialize)]
pub struct EndSecurity {
    pub security: ChildName,
    pub reason: String,
}

/// `created_by` and `recorded_us` of the policy are filled in when it is stored.
#[derive(Debug, Clone, Serialize)]
pub struct CreatePolicy {
    pub policy: Policy,
}

#[derive(Debug, Clone, Serialize)]
pub struct ActivatePolicy {
    pub id: String,
    /// Of the policy that is active now.
    pub version: i64,
}

/// A page of what belongs to an account, the latest first.
#[derive(Debug, Clone)]
pub struct ListOf {
    pub account: AccountRef,
    pub page: PageOf,
}

/// Which decisions.
#[derive(Debug, Clone)]
pub struct ListDecisions {
    pub of: ListOf,
    pub reservation: Option<ReservationName>,
    pub verdict: Option<Verdict>,
}
