//! What a class means, to and from the wire. Faults go to the violations of the whole policy.

use std::collections::BTreeSet;

use crate::api::convert::closed_set::both_ways;
use crate::api::convert::coverage::{read_function, read_level, write_function, write_level};
use crate::api::convert::read::{self, within};
use crate::api::convert::request::{at_most, bounded};
use crate::api::convert::write;
use crate::domain::account::SITE_REGION_CHARS_MAX;
use crate::domain::coverage::WINDOW_DAYS;
use crate::domain::error::{Reason, Violations};
use crate::domain::job::Level;
use crate::domain::money::Money;
use crate::domain::names::check_segment;
use crate::domain::text;
use crate::domain::tier::policy::WHOLE_BP;
use crate::domain::tier::service::{
    Cadence, CellScope, CustomerTerms, DiscountBand, OwnerRule, RequiredCell, ServicePolicy,
    ServiceStandard,
};
use crate::pb;

both_ways! {
    read_scope, write_scope: CellScope = CellScope { Site, Account }
}

const MAX_LADDER: usize = 10;
const MAX_STANDARDS: usize = 50;
const MAX_CELLS: usize = 50;
const MAX_TEXT_CHARS: usize = 500;
const MAX_DAYS: i32 = 3_650;
const VISITS_PER_WEEK: i32 = 3;

pub fn parse(field: &str, policy: pb::ServicePolicy, violations: &mut Violations) -> ServicePolicy {
    let at = |part: &str| within(field, part);
    let pb::ServicePolicy {
        response_hours,
        ladder_hours,
        cadence,
        owner,
        sponsor_required,
        net_days,
        overdue_days_max,
        overdue_amount_max,
        price_floor_bp,
        discount,
        gift_cap,
        gift_cap_official,
        gift_cap_account,
        effort_share_bp,
        embedded_allowed,
        purpose_required,
        hook_required,
        handover_required,
        service_standards,
        required_cells,
    } = policy;
    for (part, number, bounds) in [
        ("response_hours", response_hours, 1..=1_000),
        ("net_days", net_days, 0..=MAX_DAYS),
        ("overdue_days_max", overdue_days_max, 0..=MAX_DAYS),
        ("price_floor_bp", price_floor_bp, 0..=WHOLE_BP),
        ("effort_share_bp", effort_share_bp, 0..=WHOLE_BP),
    ] {
        number.inspect(|number| bounded(violations, &at(part), *number, bounds));
    }
    let mut amount = |part: &str, money: Option<pb::Money>| -> Option<Money> {
        violations.keep(read::optional_limit(&at(part), money.as_ref())).flatten()
    };
    let overdue_amount_max = amount("overdue_amount_max", overdue_amount_max);
    let gift_cap = amount("gift_cap", gift_cap);
    let gift_cap_official = amount("gift_cap_official", gift_cap_official);
    let gift_cap_account = amount("gift_cap_account", gift_cap_account);
    ServicePolicy {
        response_hours,
        ladder_hours: ladder(&at("ladder_hours"), ladder_hours, violations),
        cadence: cadence.map(|of| self::cadence(&at("cadence"), of, violations)),
        owner: owner.map(|of| self::owner(&at("owner"), of, violations)),
        sponsor_required,
        terms: CustomerTerms { net_days, overdue_days_max, overdue_amount_max },
        price_floor_bp,
        discount: discount.map(|of| self::discount(&at("discount"), of, violations)),
        gift_cap,
        gift_cap_official,
        gift_cap_account,
        effort_share_bp,
        embedded_allowed,
        purpose_required,
        hook_required,
        handover_required,
        standards: standards(&at("service_standards"), service_standards, violations),
        required_cells: self::required_cells(&at("required_cells"), required_cells, violations),
    }
}

fn ladder(field: &str, hours: Vec<i32>, violations: &mut Violations) -> Vec<i32> {
    if at_most(MAX_LADDER, hours.len(), field, violations) {
        let is_ladder = hours.is_sorted_by(|a, b| a < b)
            && hours.iter().all(|hours| (1..=10_000).contains(hours));
        if !is_ladder {
            violations.add(field, Reason::FieldInvalid, "must be 1 to 10000, ascending");
        }
    }
    hours
}

fn cadence(field: &str, cadence: pb::ServiceCadence, violations: &mut Violations) -> Cadence {
    let at = |part: &str| within(field, part);
    let pb::ServiceCadence { target_days, min_days, visits_per_week } = cadence;
    bounded(violations, &at("target_days"), target_days, 1..=MAX_DAYS);
    bounded(violations, &at("min_days"), min_days, 0..=target_days.max(0));
    bounded(violations, &at("visits_per_week"), visits_per_week, 0..=50);
    let visits_per_week = if visits_per_week == 0 { VISITS_PER_WEEK } else { visits_per_week };
    Cadence { target_days, min_days, visits_per_week }
}

fn owner(field: &str, owner: pb::ServiceOwnerRule, violations: &mut Violations) -> OwnerRule {
    let at = |part: &str| within(field, part);
    let pb::ServiceOwnerRule { competency_min, accounts_max } = owner;
    bounded(violations, &at("competency_min"), competency_min, 1..=5);
    accounts_max.inspect(|max| bounded(violations, &at("accounts_max"), *max, 1..=10_000));
    OwnerRule { competency_min, accounts_max }
}

fn discount(
    field: &str,
    discount: pb::ServiceDiscountBand,
    violations: &mut Violations,
) -> DiscountBand {
    let at = |part: &str| within(field, part);
    let pb::ServiceDiscountBand { min_bp, max_bp } = discount;
    bounded(violations, &at("min_bp"), min_bp, 0..=WHOLE_BP);
    bounded(violations, &at("max_bp"), max_bp, min_bp.clamp(0, WHOLE_BP)..=WHOLE_BP);
    DiscountBand { min_bp, max_bp }
}

fn standards(
    field: &str,
    standards: Vec<pb::ServiceStandard>,
    violations: &mut Violations,
) -> Vec<ServiceStandard> {
    let mut read = Vec::new();
    if !at_most(MAX_STANDARDS, standards.len(), field, violations) {
        return read;
    }
    let mut codes = BTreeSet::new();
    for (i, standard) in standards.into_iter().enumerate() {
        let at = |part: &str| format!("{field}[{i}].{part}");
        let pb::ServiceStandard { code, text, included, unit_price } = standard;
        violations.keep(check_segment(&at("code"), &code));
        if !codes.insert(code.clone()) {
            violations.add(at("code"), Reason::DuplicateElement, "is named before");
        }
        violations.keep(text::check_multiline(&at("text"), &text, 1, MAX_TEXT_CHARS));
        let unit_price = read::optional_limit(&at("unit_price"), unit_price.as_ref());
        let unit_price = violations.keep(unit_price).flatten();
        if included && unit_price.is_some() {
            let what = "does not go with included: it is not paid for";
            violations.add(at("unit_price"), Reason::FieldInvalid, what);
        }
        read.push(ServiceStandard { code, text, included, unit_price });
    }
    read
}

fn required_cells(
    field: &str,
    cells: Vec<pb::RequiredCell>,
    violations: &mut Violations,
) -> Vec<RequiredCell> {
    let mut read: Vec<RequiredCell> = Vec::new();
    if !at_most(MAX_CELLS, cells.len(), field, violations) {
        return read;
    }
    for (i, cell) in cells.into_iter().enumerate() {
        let at = |part: &str| format!("{field}[{i}].{part}");
        let pb::RequiredCell { function, level_min, scope, window_days, region } = cell;
        bounded(violations, &at("window_days"), window_days, 0..=MAX_DAYS);
        violations.keep(text::check(&at("region"), &region, 0, SITE_REGION_CHARS_MAX));
        let function = read::required_enum(&at("function"), function, read_function);
        let level_min = read::optional_enum(&at("level_min"), level_min, read_level);
        let scope = read::required_enum(&at("scope"), scope, read_scope);
        let (function, scope) = (violations.keep(function), violations.keep(scope));
        let level_min = violations.keep(level_min);
        if scope == Some(CellScope::Account) && !region.is_empty() {
            let what = "goes with the scope SITE alone: regions are of sites";
            violations.add(at("region"), Reason::FieldInvalid, what);
        }
        let Some(((function, scope), level_min)) = function.zip(scope).zip(level_min) else {
            continue;
        };
        let cell = RequiredCell {
            function,
            level_min: level_min.unwrap_or(Level::Staff),
            scope,
            window_days: if window_days == 0 { WINDOW_DAYS } else { window_days },
            region: (!region.is_empty()).then_some(region),
        };
        let whom = |of: &RequiredCell| (of.function, of.level_min, of.scope, of.region.clone());
        if read.iter().any(|before| whom(before) == whom(&cell)) {
            violations.add(
                format!("{field}[{i}]"),
                Reason::DuplicateElement,
                "is asked for before",
            );
        }
        read.push(cell);
    }
    read
}

pub fn encode(policy: ServicePolicy) -> pb::ServicePolicy {
    let ServicePolicy {
        response_hours,
        ladder_hours,
        cadence,
        owner,
        sponsor_required,
        terms,
        price_floor_bp,
        discount,
        gift_cap,
        gift_cap_official,
        gift_cap_account,
        effort_share_bp,
        embedded_allowed,
        purpose_required,
        hook_required,
        handover_required,
        standards,
        required_cells,
    } = policy;
    let CustomerTerms { net_days, overdue_days_max, overdue_amount_max } = terms;
    pb::ServicePolicy {
        response_hours,
        ladder_hours,
        cadence: cadence.map(|Cadence { target_days, min_days, visits_per_week }| {
            pb::ServiceCadence { target_days, min_days, visits_per_week }
        }),
        owner: owner.map(|OwnerRule { competency_min, accounts_max }| pb::ServiceOwnerRule {
            competency_min,
            accounts_max,
        }),
        sponsor_required,
        net_days,
        overdue_days_max,
        overdue_amount_max: overdue_amount_max.map(money),
        price_floor_bp,
        discount: discount
            .map(|DiscountBand { min_bp, max_bp }| pb::ServiceDiscountBand { min_bp, max_bp }),
        gift_cap: gift_cap.map(money),
        gift_cap_official: gift_cap_official.map(money),
        gift_cap_account: gift_cap_account.map(money),
        effort_share_bp,
        embedded_allowed,
        purpose_required,
        hook_required,
        handover_required,
        service_standards: standards_told(standards),
        required_cells: required_cells.into_iter().map(required_cell).collect(),
    }
}

fn required_cell(cell: RequiredCell) -> pb::RequiredCell {
    let RequiredCell { function, level_min, scope, window_days, region } = cell;
    pb::RequiredCell {
        function: write_function(function).into(),
        level_min: write_level(level_min).into(),
        scope: write_scope(scope).into(),
        window_days,
        region: region.unwrap_or_default(),
    }
}

pub fn standards_told(standards: Vec<ServiceStandard>) -> Vec<pb::ServiceStandard> {
    standards.into_iter().map(standard).collect()
}

fn standard(standard: ServiceStandard) -> pb::ServiceStandard {
    let ServiceStandard { code, text, included, unit_price } = standard;
    pb::ServiceStandard { code, text, included, unit_price: unit_price.map(money) }
}

fn money(of: Money) -> pb::Money {
    write::money(of.minor, of.currency)
}
