//! Requests about policies, to commands.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::convert::read::{self, missing, within};
use crate::api::convert::request::{Identified, all, at_most};
use crate::api::etag;
use crate::domain::credit::command::{ActivatePolicy, CreatePolicy};
use crate::domain::credit::decision::{Disposition, ReasonCode};
use crate::domain::credit::policy::{Policy, RESERVATION_DAYS_DEFAULT, WHOLE_BP};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::names::{self, check_id, check_segment};
use crate::domain::text;
use crate::pb;

use super::enums;
use super::parse_limit::not_negative;

const MAX_DESCRIPTION_CHARS: usize = 500;
const MAX_SEGMENTS: usize = 50;
const MAX_COMPANIES: usize = 200;
const MAX_GRACE_DAYS: i32 = 365;
const MAX_RESERVATION_DAYS: i32 = 3_650;

/// The command, and the request id (empty if there is none).
pub fn create(request: pb::CreateCreditPolicyRequest) -> Result<Identified<CreatePolicy>> {
    let pb::CreateCreditPolicyRequest { policy, policy_id, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    violations.keep(policy_id_given(&policy_id));
    if policy.is_none() {
        violations.push(missing("policy"));
    }
    let policy = self::policy(policy_id, policy.unwrap_or_default(), &mut violations);
    violations.finish()?;
    Ok((request_id, CreatePolicy { policy }))
}

fn policy_id_given(id: &str) -> Result<(), Violation> {
    if id.is_empty() { Err(missing("policy_id")) } else { check_id("policy_id", id) }
}

/// Faults go to `violations`; the policy is of use only if there were none.
fn policy(id: String, policy: pb::CreditPolicy, violations: &mut Violations) -> Policy {
    let pb::CreditPolicy {
        name: _,
        description,
        segments,
        deduct_unapplied_cash,
        deduct_open_credits,
        overdue_days_max,
        overdue_amount_max,
        overdue_grace_days,
        utilization_bp_max,
        rules,
        reservation_days,
        created_by: _,
        create_time: _,
        active: _,
        etag: _,
    } = policy;
    let at = |part: &str| within("policy", part);
    let field = at("description");
    violations.keep(text::check_multiline(&field, &description, 0, MAX_DESCRIPTION_CHARS));
    violations.keep(not_negative(&at("overdue_days_max"), overdue_days_max.unwrap_or_default()));
    let field = at("overdue_amount_max");
    let overdue = read::optional_limit(&field, overdue_amount_max.as_ref());
    let mut within_range = |part: &str, number: i32, first: i32, last: i32| {
        if !(first..=last).contains(&number) {
            let what = format!("must be {first} to {last}");
            violations.add(at(part), Reason::FieldInvalid, what);
        }
    };
    within_range("overdue_grace_days", overdue_grace_days, 0, MAX_GRACE_DAYS);
    within_range("utilization_bp_max", utilization_bp_max.unwrap_or(1), 1, WHOLE_BP);
    within_range("reservation_days", reservation_days, 0, MAX_RESERVATION_DAYS);
    Policy {
        id,
        description,
        segments: self::segments(segments, violations),
        deduct_unapplied_cash,
        deduct_open_credits,
        overdue_days_max,
        overdue_amount_max: violations.keep(overdue).flatten(),
        overdue_grace_days,
        utilization_bp_max,
        rules: self::rules(&rules, violations),
        reservation_days: if reservation_days == 0 {
            RESERVATION_DAYS_DEFAULT
        } else {
            reservation_days
        },
        // Told when it is recorded.
        created_by: String::new(),
        recorded_us: 0,
    }
}

fn segments(
    segments: Vec<pb::CreditSegment>,
    violations: &mut Violations,
) -> BTreeMap<String, BTreeSet<String>> {
    let field = "policy.segments";
    let mut read = BTreeMap::new();
    if !at_most(MAX_SEGMENTS, segments.len(), field, violations) {
        return read;
    }
    for (i, segment) in segments.into_iter().enumerate() {
        let pb::CreditSegment { segment, company_codes } = segment;
        let at = |part: &str| format!("{field}[{i}].{part}");
        violations.keep(check_segment(&at("segment"), &segment));
        let companies = companies(&at("company_codes"), company_codes, violations);
        if read.insert(segment, companies).is_some() {
            violations.add(at("segment"), Reason::DuplicateElement, "is named before");
        }
    }
    read
}

fn companies(
    field: &str,
    company_codes: Vec<String>,
    violations: &mut Violations,
) -> BTreeSet<String> {
    let mut read = BTreeSet::new();
    if company_codes.is_empty() {
        violations.push(missing(field));
    }
    if !at_most(MAX_COMPANIES, company_codes.len(), field, violations) {
        return read;
    }
    for (i, code) in company_codes.into_iter().enumerate() {
        let field = format!("{field}[{i}]");
        violations.keep(text::check_key(&field, &code, 1, read::MAX_COMPANY_CODE_CHARS));
        if !read.insert(code) {
            violations.add(field, Reason::DuplicateElement, "is named before");
        }
    }
    read
}

fn rules(
    rules: &[pb::CreditReasonRule],
    violations: &mut Violations,
) -> BTreeMap<ReasonCode, Disposition> {
    let field = "policy.rules";
    let mut read = BTreeMap::new();
    if !at_most(ReasonCode::ALL.len(), rules.len(), field, violations) {
        return read;
    }
    for (i, rule) in rules.iter().enumerate() {
        let &pb::CreditReasonRule { code, disposition } = rule;
        let at = |part: &str| format!("{field}[{i}].{part}");
        let code = read::required_enum(&at("code"), code, enums::read_code);
        let code = violations.keep(code);
        let disposition =
            read::required_enum(&at("disposition"), disposition, enums::read_disposition);
        let disposition = violations.keep(disposition);
        if let Some((code, disposition)) = code.zip(disposition)
            && read.insert(code, disposition).is_some()
        {
            violations.add(at("code"), Reason::DuplicateElement, "is named before");
        }
    }
    read
}

/// The id of a policy; `None` is the one that is active.
pub fn get(request: &pb::GetCreditPolicyRequest) -> Result<Option<String>> {
    let pb::GetCreditPolicyRequest { name } = request;
    let id = if name.is_empty() {
        Err(missing("name"))
    } else {
        names::parse_policy_or_active("name", name)
    };
    Ok(id?)
}

pub fn activate(request: pb::ActivateCreditPolicyRequest) -> Result<Identified<ActivatePolicy>> {
    let pb::ActivateCreditPolicyRequest { name, etag, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let id =
        if name.is_empty() { Err(missing("name")) } else { names::parse_policy("name", &name) };
    let id = violations.keep(id);
    let version = violations.keep(etag::required("etag", &etag));
    let (id, version) = all(violations, id.zip(version))?;
    Ok((request_id, ActivatePolicy { id, version }))
}
