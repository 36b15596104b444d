//! Tier policies to and from the wire. All faults of a request are named at once.

use std::collections::BTreeSet;

use super::policy::{self, Activate};
use super::{festival, service_policy};
use crate::api::convert::closed_set::both_ways;
use crate::api::convert::read::{self, missing, within};
use crate::api::convert::request::{Identified, all, at_most, bounded};
use crate::api::convert::write;
use crate::api::etag;
use crate::api::list::PageRequest;
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::names::check_segment;
use crate::domain::page::Page;
use crate::domain::policy::{ActivatePolicy, CreatePolicy, Policy, PolicyKey, Standing};
use crate::domain::text;
use crate::domain::tier::policy::{
    BAND_BP, Class, CutMethod, DEMOTION_RUNS, DWELL_DAYS, LOYALTY_BAND_BP, LOYALTY_MIN_BP, Measure,
    NONE, Population, TierPolicy, WHOLE_BP, WINDOW_MONTHS,
};
use crate::pb;

const MAX_DESCRIPTION_CHARS: usize = 500;
const MAX_CUTS: usize = 9;

both_ways! {
    read_population, write_population: Population = TierPopulation { Accounts, Groups }
    read_measure, write_measure: Measure = TierMeasure {
        NetRevenue, GrossRevenue, Contribution, Uploaded
    }
    read_method, write_method: CutMethod = TierCutMethod {
        CountQuantile, CumulativeShare, ComputedAbc, Pyramid
    }
}

/// The command, and the request id (empty if there is none).
pub fn create(
    request: pb::CreateTierPolicyRequest,
) -> Result<Identified<CreatePolicy<TierPolicy>>> {
    let pb::CreateTierPolicyRequest { tier_policy, tier_policy_id: id, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    violations.keep(policy::id_given("tier_policy_id", &id));
    if tier_policy.is_none() {
        violations.push(missing("tier_policy"));
    }
    let terms = tier_policy.and_then(|policy| self::terms(policy, &mut violations));
    let terms = all(violations, terms)?;
    Ok((request_id, CreatePolicy { id, terms }))
}

pub fn get(request: &pb::GetTierPolicyRequest) -> Result<Option<String>> {
    policy::id_or_active::<TierPolicy>(&request.name)
}

pub fn activate(request: pb::ActivateTierPolicyRequest) -> Result<Identified<ActivatePolicy>> {
    let pb::ActivateTierPolicyRequest { name, effective_date, etag, request_id } = request;
    policy::activate::<TierPolicy>(Activate { name, effective_date, etag, request_id })
}

/// Faults go to `violations`; the policy is of use only if there were none.
fn terms(policy: pb::TierPolicy, violations: &mut Violations) -> Option<TierPolicy> {
    let at = |part: &str| within("tier_policy", part);
    check_numbers(&policy, violations);
    let pb::TierPolicy {
        description,
        population,
        measure,
        window_months,
        currency_code,
        method,
        cuts_bp,
        band_bp,
        dwell_days,
        demotion_runs,
        demotion_approval,
        loyalty_min_bp,
        loyalty_band_bp,
        classes,
        festivals,
        // Ours to say.
        name: _,
        created_by: _,
        create_time: _,
        active: _,
        activations: _,
        etag: _,
    } = policy;
    let field = at("description");
    violations.keep(text::check_multiline(&field, &description, 0, MAX_DESCRIPTION_CHARS));
    let population = read::optional_enum(&at("population"), population, read_population);
    let population = violations.keep(population);
    let measure = read::required_enum(&at("measure"), measure, read_measure);
    let measure = violations.keep(measure);
    let method = violations.keep(read::required_enum(&at("method"), method, read_method));
    let currency = violations.keep(read::optional_currency(&at("currency_code"), &currency_code));
    let classes = self::classes(classes, violations);
    let festivals = festival::parse(&at("festivals"), festivals, &classes, violations);
    if let Some(method) = method {
        check_cuts(method, &cuts_bp, classes.len(), violations);
    }
    Some(TierPolicy {
        description,
        population: population?.unwrap_or(Population::Accounts),
        measure: measure?,
        window_months: or_default(window_months, WINDOW_MONTHS),
        currency: currency?,
        method: method?,
        cuts_bp,
        band_bp: band_bp.unwrap_or(BAND_BP),
        dwell_days: dwell_days.unwrap_or(DWELL_DAYS),
        demotion_runs: or_default(demotion_runs, DEMOTION_RUNS),
        demotion_approval: demotion_approval.unwrap_or(true),
        loyalty_min_bp: loyalty_min_bp.unwrap_or(LOYALTY_MIN_BP),
        loyalty_band_bp: loyalty_band_bp.unwrap_or(LOYALTY_BAND_BP),
        classes,
        festivals,
    })
}

fn or_default(number: i32, default: i32) -> i32 {
    if number == 0 { default } else { number }
}

fn check_numbers(policy: &pb::TierPolicy, violations: &mut Violations) {
    for (part, number, bounds) in [
        ("window_months", Some(policy.window_months), 0..=60),
        ("band_bp", policy.band_bp, 0..=WHOLE_BP / 2),
        ("dwell_days", policy.dwell_days, 0..=3_650),
        ("demotion_runs", Some(policy.demotion_runs), 0..=12),
        ("loyalty_min_bp", policy.loyalty_min_bp, 0..=WHOLE_BP),
        ("loyalty_band_bp", policy.loyalty_band_bp, 0..=WHOLE_BP),
    ] {
        let field = within("tier_policy", part);
        number.inspect(|number| bounded(violations, &field, *number, bounds));
    }
}

/// The cuts a method wants, and the classes they make.
fn check_cuts(method: CutMethod, cuts: &[i32], classes: usize, violations: &mut Violations) {
    let (field, classes_field) = ("tier_policy.cuts_bp", "tier_policy.classes");
    let (least, most) = method.cuts().map_or((1, MAX_CUTS), |wanted| (wanted, wanted));
    if !(least..=most).contains(&cuts.len()) {
        let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
        let what = format!("{method} has {wanted} cuts, not {}", cuts.len());
        violations.add(field, Reason::FieldInvalid, what);
        return;
    }
    if !cuts.is_sorted_by(|a, b| a < b) || cuts.iter().any(|cut| !(1..WHOLE_BP).contains(cut)) {
        violations.add(field, Reason::FieldInvalid, "must be 1 to 9999, ascending");
    }
    let wanted = method.classes(cuts.len());
    if classes != wanted {
        let what = format!("these cuts make {wanted} classes, not {classes}");
        violations.add(classes_field, Reason::FieldInvalid, what);
    }
}

fn classes(classes: Vec<pb::TierClass>, violations: &mut Violations) -> Vec<Class> {
    let field = "tier_policy.classes";
    let mut read = Vec::new();
    if !at_most(MAX_CUTS + 1, classes.len(), field, violations) {
        return read;
    }
    let mut codes = BTreeSet::new();
    for (i, pb::TierClass { code, service }) in classes.into_iter().enumerate() {
        let at = |part: &str| format!("{field}[{i}].{part}");
        violations.keep(check_segment(&at("code"), &code));
        if code == NONE {
            let what = "stands for the class of who has no trade";
            violations.add(at("code"), Reason::FieldInvalid, what);
        }
        if !codes.insert(code.clone()) {
            violations.add(at("code"), Reason::DuplicateElement, "is named before");
        }
        let service = service.unwrap_or_default();
        let service = service_policy::parse(&at("service"), service, violations);
        read.push(Class { code, service });
    }
    read
}

pub fn encode(standing: Standing<TierPolicy>) -> pb::TierPolicy {
    let Standing { policy, active, activations, version } = standing;
    let name = policy.name();
    let Policy { id: _, terms, created_by, recorded_us } = policy;
    let TierPolicy {
        description,
        population,
        measure,
        window_months,
        currency,
        method,
        cuts_bp,
        band_bp,
        dwell_days,
        demotion_runs,
        demotion_approval,
        loyalty_min_bp,
        loyalty_band_bp,
        classes,
        festivals,
    } = terms;
    pb::TierPolicy {
        name,
        description,
        population: write_population(population).into(),
        measure: write_measure(measure).into(),
        window_months,
        currency_code: currency.map(|of| of.code().to_owned()).unwrap_or_default(),
        method: write_method(method).into(),
        cuts_bp,
        band_bp: Some(band_bp),
        dwell_days: Some(dwell_days),
        demotion_runs,
        demotion_approval: Some(demotion_approval),
        loyalty_min_bp: Some(loyalty_min_bp),
        loyalty_band_bp: Some(loyalty_band_bp),
        classes: classes.into_iter().map(class).collect(),
        festivals: festivals.into_iter().map(festival::encode).collect(),
        created_by,
        // A built-in one was never created.
        create_time: (recorded_us != 0).then(|| write::recorded(recorded_us)),
        active,
        activations: policy::activations(activations),
        etag: etag::encode(version),
    }
}

fn class(class: Class) -> pb::TierClass {
    let Class { code, service } = class;
    pb::TierClass { code, service: Some(service_policy::encode(service)) }
}

pub fn page(
    page: Page<Standing<TierPolicy>, PolicyKey>,
    request: &PageRequest,
) -> pb::ListTierPoliciesResponse {
    let (tier_policies, next_page_token) = request.answer(page, encode);
    pb::ListTierPoliciesResponse { tier_policies, next_page_token }
}
