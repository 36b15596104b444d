//! Questions about credit, to queries: each list with the page it is answered as.

use crate::api::convert::read::{self, missing};
use crate::api::convert::request::all;
use crate::api::list::{PageRequest, Paged};
use crate::domain::credit::command::{ListDecisions, ListOf};
use crate::domain::credit::policy::PolicyKey;
use crate::domain::error::{Result, Violations};
use crate::domain::names::{AccountRef, CREDIT_DECISIONS, ChildName, parse_child};
use crate::domain::page::PageOf;
use crate::pb;

use super::enums;
use super::parse_reservation::reservation;

/// The account, and the company an order would be placed with.
pub fn profile(request: pb::GetCreditProfileRequest) -> Result<(AccountRef, String)> {
    let pb::GetCreditProfileRequest { account, company_code } = request;
    let mut violations = Violations::new();
    let account = violations.keep(read::account("account", &account));
    violations.keep(read::company("company_code", &company_code));
    Ok((all(violations, account)?, company_code))
}

pub fn decision(request: &pb::GetCreditDecisionRequest) -> Result<ChildName> {
    let pb::GetCreditDecisionRequest { name } = request;
    let name = if name.is_empty() {
        Err(missing("name"))
    } else {
        parse_child("name", name, CREDIT_DECISIONS)
    };
    Ok(name?)
}

/// A list of what belongs to an account: `parent` is that of the request.
pub fn list<R: Paged>(request: &R, parent: &str) -> Result<(ListOf, PageRequest)> {
    let mut violations = Violations::new();
    let list = list_of(request, parent, &mut violations);
    all(violations, list)
}

pub fn decisions(request: &pb::ListCreditDecisionsRequest) -> Result<(ListDecisions, PageRequest)> {
    let mut violations = Violations::new();
    let list = list_of(request, &request.parent, &mut violations);
    let pb::ListCreditDecisionsRequest {
        parent: _,
        reservation: name,
        verdict,
        page_size: _,
        page_token: _,
    } = request;
    let reservation =
        if name.is_empty() { None } else { violations.keep(reservation("reservation", name)) };
    let verdict = read::optional_enum("verdict", *verdict, enums::read_verdict);
    let verdict = violations.keep(verdict).flatten();
    let (of, page) = all(violations, list)?;
    Ok((ListDecisions { of, reservation, verdict }, page))
}

/// The policies asked for, and the page they are answered as.
pub fn policies(
    request: &pb::ListCreditPoliciesRequest,
) -> Result<(PageOf<PolicyKey>, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let of = page.of(&mut violations);
    violations.finish()?;
    Ok((of, page))
}

fn list_of<R: Paged>(
    request: &R,
    parent: &str,
    violations: &mut Violations,
) -> Option<(ListOf, PageRequest)> {
    let page = PageRequest::parse(request, violations);
    let account = violations.keep(read::account("parent", parent));
    let of = page.of(violations);
    Some((ListOf { account: account?, page: of }, page))
}
