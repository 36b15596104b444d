//! The book as a whole, to and from the wire. All faults of a request are named at once.

use rust_decimal::Decimal;

use super::tier_policy::write_measure;
use crate::api::convert::read;
use crate::api::convert::request::all;
use crate::api::convert::write;
use crate::api::list;
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::money::Currency;
use crate::domain::names::{account_name, named};
use crate::domain::policy::Terms;
use crate::domain::portfolio::concentration::{Concentration, Pareto, Point};
use crate::domain::portfolio::repurchase::{Estimate, Model, Prospect, Repurchase, parameter};
use crate::domain::portfolio::{GroupRow, Portfolio, PortfolioQuery, Side, Stress};
use crate::domain::tier::policy::TierPolicy;
use crate::pb;

const MODEL: &str = "purchase_model";
const PARAMETER_MAX: u32 = 1_000;
const PARAMETER_DECIMALS: u32 = 9;

pub fn parse(request: pb::GetPortfolioRequest) -> Result<PortfolioQuery> {
    let pb::GetPortfolioRequest { as_of, groups_max, purchase_model } = request;
    let mut violations = Violations::new();
    let as_of = violations.keep(read::optional_date("as_of", as_of)).flatten();
    let groups_max = list::page_size(groups_max)
        .map_err(|violation| Violation { field: "groups_max".into(), ..violation });
    let groups_max = violations.keep(groups_max);
    let model = purchase_model.and_then(|model| self::model(model, &mut violations));
    let groups_max = all(violations, groups_max)?;
    Ok(PortfolioQuery { as_of, groups_max, model })
}

fn model(model: pb::PurchaseModel, violations: &mut Violations) -> Option<Model> {
    let pb::PurchaseModel { r, alpha, a, b } = model;
    let mut number = |part: &str, given: Option<pb::Decimal>| {
        let field = read::within(MODEL, part);
        let given = read::decimal(&field, given.as_ref(), PARAMETER_DECIMALS);
        let given = violations.keep(given)?;
        if given <= Decimal::ZERO || given > Decimal::from(PARAMETER_MAX) {
            let what = format!("must be above 0 and at most {PARAMETER_MAX}");
            violations.add(field, Reason::FieldInvalid, what);
            return None;
        }
        Some(given)
    };
    let (r, alpha) = (number("r", r), number("alpha", alpha));
    let (a, b) = (number("a", a), number("b", b));
    let (r, alpha, a, b) = (r?, alpha?, a?, b?);
    if a == Decimal::ONE {
        let what = "must not be 1: nothing is defined there";
        violations.add(read::within(MODEL, "a"), Reason::FieldInvalid, what);
    }
    if a + b <= Decimal::ONE {
        let what = "must be more than 1 together with a";
        violations.add(read::within(MODEL, "b"), Reason::FieldInvalid, what);
    }
    let (r, alpha) = (parameter(r)?, parameter(alpha)?);
    Some(Model { r, alpha, a: parameter(a)?, b: parameter(b)? })
}

pub fn encode(portfolio: Portfolio) -> Result<pb::Portfolio> {
    let Portfolio {
        as_of,
        policy_id,
        measure,
        currency,
        revenue,
        receivables,
        stresses,
        groups,
        repurchase,
    } = portfolio;
    let stress = |stress: Stress| {
        let Stress { groups, revenue, receivables } = stress;
        Ok(pb::LossStress {
            groups: write::count(groups)?,
            revenue: Some(write::total(revenue, currency)?),
            receivables: Some(write::total(receivables, currency)?),
        })
    };
    Ok(pb::Portfolio {
        as_of: Some(write::date(as_of)),
        policy: named(TierPolicy::COLLECTION, &policy_id),
        measure: write_measure(measure).into(),
        currency_code: currency.code().to_owned(),
        revenue: Some(side(revenue, currency)?),
        receivables: Some(side(receivables, currency)?),
        loss_stress: stresses.into_iter().map(stress).collect::<Result<_>>()?,
        groups: groups.into_iter().map(|row| group(row, currency)).collect::<Result<_>>()?,
        repurchase: repurchase.map(self::repurchase),
    })
}

fn side(side: Side, currency: Currency) -> Result<pb::Concentration> {
    let Side { concentration, unknown } = side;
    let Concentration {
        groups,
        total,
        pareto,
        largest_bp: [cr1_bp, cr3_bp, cr5_bp],
        hhi_bp,
        effective,
        gini_bp,
        severity,
        curve,
    } = concentration;
    let count = |Pareto { share_bp, groups }| pb::ParetoCount { share_bp, groups: groups as i64 };
    let point = |Point { groups, share_bp }| pb::ParetoPoint { groups: groups as i64, share_bp };
    Ok(pb::Concentration {
        groups: groups as i64,
        total: Some(write::total(total, currency)?),
        pareto: pareto.into_iter().map(count).collect(),
        cr1_bp,
        cr3_bp,
        cr5_bp,
        hhi_bp,
        effective_groups: effective.map(write::decimal),
        gini_bp,
        severity: severity.map(write::severity).unwrap_or_default().into(),
        unknown: unknown as i64,
        curve: curve.into_iter().map(point).collect(),
    })
}

fn group(row: GroupRow, currency: Currency) -> Result<pb::PortfolioGroup> {
    let GroupRow {
        root_id,
        display_name,
        accounts,
        revenue,
        receivables,
        revenue_bp,
        receivables_bp,
    } = row;
    Ok(pb::PortfolioGroup {
        account: account_name(&root_id),
        display_name,
        accounts: accounts as i64,
        revenue: Some(write::total(revenue, currency)?),
        revenue_bp: revenue_bp.unwrap_or_default(),
        receivables: Some(write::total(receivables, currency)?),
        receivables_bp: receivables_bp.unwrap_or_default(),
    })
}

fn repurchase(repurchase: Repurchase) -> pb::Repurchase {
    let Repurchase { customers, repeaters, estimate } = repurchase;
    let estimate = estimate.map(|estimate| {
        let Estimate { alive, purchases, purchases_of_new, accounts } = estimate;
        pb::RepurchaseEstimate {
            alive: Some(write::decimal(alive)),
            purchases: Some(write::decimal(purchases)),
            purchases_of_new: Some(write::decimal(purchases_of_new)),
            accounts: accounts.into_iter().map(prospect).collect(),
        }
    });
    let (customers, repeat_customers) = (customers as i64, repeaters as i64);
    pb::Repurchase { customers, repeat_customers, estimate }
}

fn prospect(prospect: Prospect) -> pb::RepurchaseProspect {
    let Prospect { bought, alive_bp, purchases } = prospect;
    pb::RepurchaseProspect {
        account: account_name(&bought.account_id),
        invoice_days: bought.days,
        first_invoice_date: Some(write::date(bought.first_day)),
        last_invoice_date: Some(write::date(bought.last_day)),
        alive_bp,
        purchases: Some(write::decimal(purchases)),
    }
}
