//! Runs and how accounts stand, to and from the wire. All faults of a request are named at once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use uuid::Uuid;

use super::tier_policy::write_measure;
use crate::api::convert::closed_set::one_way;
use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{Identified, all, check_reason, child};
use crate::api::convert::write;
use crate::api::list::{self, PageRequest};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::money::{Currency, Money};
use crate::domain::names::{
    self, AccountRef, TIER_ASSIGNMENTS, TIER_RUNS, TIER_VALUE_SETS, account_name, named,
};
use crate::domain::page::{Page, PageOf};
use crate::domain::personal::Personal;
use crate::domain::policy::Terms;
use crate::domain::text::quote;
use crate::domain::tier::applied::{Cause, Standing};
use crate::domain::tier::assignment::{Assignment, Figures, ListAssignments};
use crate::domain::tier::classify::{Cut, Note};
use crate::domain::tier::policy::TierPolicy;
use crate::domain::tier::run::{DecideChange, EvaluateTiers, Evaluation, Summary, TierRun};
use crate::pb;

one_way! {
    write_cause: Cause = TierCause {
        First, Above, Below, BelowSoFar, Proposed, Recovered, WithinBand, Group, NoTrade, Approved, Kept,
        Restored
    }
    write_note: Note = TierNote {
        TiedAtCut, LoyaltyUnknown, NotLoyal, NonPositive, NegativeContribution
    }
}

/// An evaluation, and the request id if it is to be written.
#[derive(Debug)]
pub struct Evaluate {
    pub command: EvaluateTiers,
    pub apply: Option<String>,
}

pub fn evaluate(request: pb::EvaluateTiersRequest) -> Result<Evaluate> {
    let pb::EvaluateTiersRequest { as_of, apply, replaces, changes_max, request_id, value_set } =
        request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let as_of = violations.keep(read::optional_date("as_of", as_of)).flatten();
    let replaces = violations.keep(optional_run("replaces", &replaces)).flatten();
    let value_set = violations.keep(optional_set(&value_set)).flatten();
    let changes_max = list::page_size(changes_max)
        .map_err(|violation| Violation { field: "changes_max".into(), ..violation });
    let changes_max = violations.keep(changes_max);
    for (field, is_given) in
        [("replaces", replaces.is_some()), ("request_id", !request_id.is_empty())]
    {
        if is_given && !apply {
            violations.add(field, Reason::FieldInvalid, "only goes with apply");
        }
    }
    let changes_max = all(violations, changes_max)?;
    let command = EvaluateTiers { as_of, replaces, changes_max, value_set };
    Ok(Evaluate { command, apply: apply.then_some(request_id) })
}

fn optional_run(field: &str, name: &str) -> Result<Option<Uuid>, Violation> {
    if name.is_empty() { Ok(None) } else { run(field, name).map(Some) }
}

fn optional_set(name: &str) -> Result<Option<String>, Violation> {
    if name.is_empty() {
        return Ok(None);
    }
    names::parse_named("value_set", name, TIER_VALUE_SETS).map(Some)
}

/// The id in `tierRuns/{uuid}`.
fn run(field: &str, name: &str) -> Result<Uuid, Violation> {
    let id = name.strip_prefix(TIER_RUNS).and_then(|rest| rest.strip_prefix('/'));
    let id = id.and_then(|id| Uuid::try_parse(id).ok().filter(|uuid| uuid.to_string() == id));
    id.ok_or_else(|| {
        let what = format!("{} does not have the form tierRuns/{{uuid}}", quote(name));
        Violation::new(field, Reason::ResourceNameInvalid, what)
    })
}

pub fn get(request: &pb::GetTierRunRequest) -> Result<Uuid> {
    let pb::GetTierRunRequest { name } = request;
    Ok(if name.is_empty() { Err(missing("name")) } else { run("name", name) }?)
}

pub fn list(request: &pb::ListTierRunsRequest) -> Result<(PageOf<(NaiveDate, Uuid)>, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let of = page.of(&mut violations);
    violations.finish()?;
    Ok((of, page))
}

pub fn assignments(
    request: &pb::ListTierAssignmentsRequest,
) -> Result<(ListAssignments<AccountRef>, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListTierAssignmentsRequest { parent, run, proposed_only, .. } = request;
    let account = if parent.is_empty() {
        Err(missing("parent"))
    } else {
        names::parse_account_or_all("parent", parent)
    };
    let account = violations.keep(account);
    let run_id = violations.keep(optional_run("run", run)).flatten();
    let of = page.of(&mut violations);
    let account = all(violations, account)?;
    let list = ListAssignments { account, run_id, proposed_only: *proposed_only, page: of };
    Ok((list, page))
}

pub fn decide(request: pb::DecideTierChangeRequest) -> Result<Identified<DecideChange>> {
    let pb::DecideTierChangeRequest { name, approve: approved, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let assignment = violations.keep(child("name", &name, TIER_ASSIGNMENTS));
    check_reason(&reason, &mut violations);
    let assignment = all(violations, assignment)?;
    Ok((request_id, DecideChange { assignment, approved, reason }))
}

pub fn evaluation(answer: Evaluation) -> pb::EvaluateTiersResponse {
    let Evaluation { run, changes } = answer;
    pb::EvaluateTiersResponse {
        run: Some(encode(run)),
        changes: changes.into_iter().map(assignment).collect(),
    }
}

pub fn run_name(id: Uuid) -> String {
    if id.is_nil() { String::new() } else { named(TIER_RUNS, &id.to_string()) }
}

pub fn encode(run: TierRun) -> pb::TierRun {
    let TierRun { id, as_of, policy_id, summary, digest: _, recorded_by, recorded_us, replaced_us } =
        run;
    let Summary {
        currency,
        measure,
        ranked,
        total,
        cuts,
        raw,
        applied,
        changes,
        proposals,
        unknown,
        value_set,
    } = summary;
    let codes: BTreeSet<&String> = raw.keys().chain(applied.keys()).collect();
    let of = |counts: &BTreeMap<String, i64>, code: &String| {
        counts.get(code).copied().unwrap_or_default()
    };
    let classes = codes.into_iter().map(|code| pb::TierClassCount {
        tier: code.clone(),
        raw: of(&raw, code),
        applied: of(&applied, code),
    });
    let money = |minor: Option<i64>| minor.map(|of| in_units(of, currency));
    let cut = |Cut { last, next }| pb::TierCut { value: money(last), next_value: money(next) };
    pb::TierRun {
        name: run_name(id),
        as_of: Some(write::date(as_of)),
        policy: named(TierPolicy::COLLECTION, &policy_id),
        measure: write_measure(measure).into(),
        ranked,
        total: Some(in_units(total, currency)),
        classes: classes.collect(),
        cuts: cuts.into_iter().map(cut).collect(),
        changes,
        proposals,
        unknown,
        recorded_by,
        create_time: (recorded_us != 0).then(|| write::recorded(recorded_us)),
        replace_time: (replaced_us != 0).then(|| write::recorded(replaced_us)),
        value_set: value_set.map(|id| named(TIER_VALUE_SETS, &id)).unwrap_or_default(),
    }
}

fn in_units(minor: i64, currency: Currency) -> pb::Money {
    write::money(minor, currency)
}

pub fn assignment(assignment: Assignment) -> pb::TierAssignment {
    let (name, account) = (assignment.name(), account_name(&assignment.account_id));
    let Assignment {
        id: _,
        account_id: _,
        from_date,
        recorded_us,
        run_id,
        before,
        standing,
        cause,
        figures,
        recorded_by,
        reason,
    } = assignment;
    let Standing { class, since, raw, below_runs, proposed } = standing;
    let Figures { value, rank, cut, notes } = figures;
    let money = |of: Money| in_units(of.minor, of.currency);
    pb::TierAssignment {
        // What was not written has no name yet.
        name: if run_id.is_nil() { String::new() } else { name },
        account,
        from_date: Some(write::date(from_date)),
        tier: class,
        since: Some(write::date(since)),
        tier_before: before.unwrap_or_default(),
        raw_tier: raw,
        cause: write_cause(cause).into(),
        proposed_tier: proposed.unwrap_or_default(),
        below_runs,
        value: value.map(money),
        rank: rank.unwrap_or_default(),
        cut: cut.map(money),
        notes: notes.into_iter().map(|note| write_note(note).into()).collect(),
        run: run_name(run_id),
        recorded_by,
        create_time: (recorded_us != 0).then(|| write::recorded(recorded_us)),
        reason: reason.map(Personal::into_exposed).unwrap_or_default(),
    }
}

pub fn page(
    page: Page<TierRun, (NaiveDate, Uuid)>,
    request: &PageRequest,
) -> pb::ListTierRunsResponse {
    let (tier_runs, next_page_token) = request.answer(page, encode);
    pb::ListTierRunsResponse { tier_runs, next_page_token }
}

pub fn assignments_page(
    page: Page<Assignment>,
    request: &PageRequest,
) -> pb::ListTierAssignmentsResponse {
    let (tier_assignments, next_page_token) = request.answer(page, assignment);
    pb::ListTierAssignmentsResponse { tier_assignments, next_page_token }
}
