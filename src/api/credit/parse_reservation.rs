//! Requests about orders and their reservations, to commands. Whether an instant lies ahead is
//! checked with the clock, hence not here.

use crate::api::convert::read::{self, missing, within};
use crate::api::convert::request::{Identified, MAX_REASON_CHARS, all, at_most, check_reason};
use crate::api::receivable::parse_key;
use crate::domain::credit::command::{
    AmendReservation, CancelReservation, CheckCredit, CommitReservation, DecideReferral,
    DeliverReservation, ReserveCredit,
};
use crate::domain::document::DocumentKey;
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::names::{OrderKey, ReservationName, parse_reservation};
use crate::domain::text;
use crate::pb;

use super::parse_limit::MAX_APPROVER_CHARS;

/// Documents of one commitment.
const MAX_DOCUMENTS: usize = 100;

pub fn check(request: pb::CheckCreditRequest) -> Result<CheckCredit> {
    let pb::CheckCreditRequest { account, company_code, amount, order } = request;
    let mut violations = Violations::new();
    let account = violations.keep(read::account("account", &account));
    violations.keep(read::company("company_code", &company_code));
    let amount = read::optional_not_negative("amount", amount.as_ref())
        .and_then(|amount| amount.ok_or_else(|| missing("amount")));
    let amount = violations.keep(amount);
    let order = order.map(|order| self::order("order", order, &company_code, &mut violations));
    let (account, amount) = all(violations, account.zip(amount))?;
    Ok(CheckCredit { account, company_code, amount, order })
}

pub fn reserve(request: pb::ReserveCreditRequest) -> Result<Identified<ReserveCredit>> {
    let pb::ReserveCreditRequest {
        account,
        company_code,
        amount,
        order,
        expire_time,
        override_reason,
        request_id,
    } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    violations.keep(read::company("company_code", &company_code));
    let amount = violations.keep(read::positive("amount", amount.as_ref()));
    if order.is_none() {
        violations.push(missing("order"));
    }
    let order = order.map(|order| self::order("order", order, &company_code, &mut violations));
    let expire_us = violations.keep(read::micros("expire_time", expire_time)).flatten();
    check_override(&override_reason, &mut violations);
    let ((account, amount), order) = all(violations, account.zip(amount).zip(order))?;
    let command = ReserveCredit { account, amount, order, expire_us, override_reason };
    Ok((request_id, command))
}

pub fn amend(request: pb::AmendReservationRequest) -> Result<Identified<AmendReservation>> {
    let pb::AmendReservationRequest { name, amount, expire_time, override_reason, request_id } =
        request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let reservation = violations.keep(reservation("name", &name));
    if amount.is_none() && expire_time.is_none() {
        violations.add("amount", Reason::FieldRequired, "give an amount or an expire_time");
    }
    let amount = violations.keep(read::optional_positive("amount", amount.as_ref())).flatten();
    let expire_us = violations.keep(read::micros("expire_time", expire_time)).flatten();
    check_override(&override_reason, &mut violations);
    let reservation = all(violations, reservation)?;
    Ok((request_id, AmendReservation { reservation, amount, expire_us, override_reason }))
}

pub fn deliver(request: pb::DeliverReservationRequest) -> Result<Identified<DeliverReservation>> {
    let pb::DeliverReservationRequest { name, amount, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let reservation = violations.keep(reservation("name", &name));
    let amount = violations.keep(read::optional_positive("amount", amount.as_ref())).flatten();
    let reservation = all(violations, reservation)?;
    Ok((request_id, DeliverReservation { reservation, amount }))
}

pub fn commit(request: pb::CommitReservationRequest) -> Result<Identified<CommitReservation>> {
    let pb::CommitReservationRequest { name, documents, complete, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let reservation = violations.keep(reservation("name", &name));
    if documents.is_empty() && !complete {
        violations.add("documents", Reason::FieldRequired, "give a document, or complete");
    }
    let documents = self::documents(documents, &mut violations);
    let reservation = all(violations, reservation)?;
    Ok((request_id, CommitReservation { reservation, documents, complete }))
}

/// In the order given; one that is named twice counts once.
fn documents(keys: Vec<pb::DocumentKey>, violations: &mut Violations) -> Vec<DocumentKey> {
    if !at_most(MAX_DOCUMENTS, keys.len(), "documents", violations) {
        return Vec::new();
    }
    let mut documents = Vec::with_capacity(keys.len());
    for (i, key) in keys.into_iter().enumerate() {
        let key = parse_key::key(&format!("documents[{i}]"), Some(key), violations);
        if !documents.contains(&key) {
            documents.push(key);
        }
    }
    documents
}

pub fn cancel(request: pb::CancelReservationRequest) -> Result<Identified<CancelReservation>> {
    let pb::CancelReservationRequest { name, reason, returned_amount, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let reservation = violations.keep(reservation("name", &name));
    check_reason(&reason, &mut violations);
    let returned = read::optional_positive("returned_amount", returned_amount.as_ref());
    let returned = violations.keep(returned).flatten();
    let reservation = all(violations, reservation)?;
    Ok((request_id, CancelReservation { reservation, reason, returned }))
}

pub fn decide_referral(request: pb::DecideReferralRequest) -> Result<Identified<DecideReferral>> {
    let pb::DecideReferralRequest {
        reservation: name,
        approve,
        approver,
        reason,
        maximum_amount,
        valid_until,
        request_id,
    } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let reservation = violations.keep(reservation("reservation", &name));
    violations.keep(text::check("approver", &approver, 1, MAX_APPROVER_CHARS));
    check_reason(&reason, &mut violations);
    let maximum = read::optional_positive("maximum_amount", maximum_amount.as_ref());
    let maximum = violations.keep(maximum).flatten();
    let valid_until_us = violations.keep(read::micros("valid_until", valid_until)).flatten();
    let reservation = all(violations, reservation)?;
    let command =
        DecideReferral { reservation, approve, approver, reason, maximum, valid_until_us };
    Ok((request_id, command))
}

pub fn get(request: &pb::GetReservationRequest) -> Result<ReservationName> {
    let pb::GetReservationRequest { name } = request;
    Ok(reservation("name", name)?)
}

/// The name of a reservation that has to be given, in either form.
pub fn reservation(field: &str, name: &str) -> Result<ReservationName, Violation> {
    if name.is_empty() { Err(missing(field)) } else { parse_reservation(field, name) }
}

/// Faults go to `violations`; the key, with the company of its request, is of use only if there
/// were none.
fn order(field: &str, key: pb::OrderKey, company: &str, violations: &mut Violations) -> OrderKey {
    let pb::OrderKey { source_system, order_ref } = key;
    let system = within(field, "source_system");
    if source_system.is_empty() {
        violations.push(missing(&system));
    }
    violations.keep(parse_key::check_system(&system, &source_system));
    let at = within(field, "order_ref");
    violations.keep(text::check_key(&at, &order_ref, 1, read::MAX_ORDER_REF_CHARS));
    OrderKey { system: source_system, company_code: company.to_owned(), order_ref }
}

fn check_override(reason: &str, violations: &mut Violations) {
    violations.keep(text::check_multiline("override_reason", reason, 0, MAX_REASON_CHARS));
}
