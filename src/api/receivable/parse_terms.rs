//! Terms of payment and instalments, as a document states them.

use crate::api::convert::read::{self, missing, within};
use crate::api::convert::request::at_most;
use crate::domain::document::{BaselineDates, MAX_INSTALMENTS};
use crate::domain::error::{Reason, Violation, Violations};
use crate::domain::money::{Currency, Money};
use crate::domain::terms::{
    Baseline, Discount, Instalment, InstalmentKind, MAX_DISCOUNTS, MAX_SHARES, MAX_STEPS,
    MonthDays, PaymentTerms, Share, TermStep, WHOLE_BP,
};
use crate::domain::text;
use crate::pb;

use super::enums;

const MAX_RELEASE_CONDITION_CHARS: usize = 200;
const MAX_ADD_DAYS: i32 = 730;
const MAX_ADD_MONTHS: i32 = 24;
const MAX_DISCOUNT_DAYS: i32 = u16::MAX as i32;

/// Terms as far as they can be read; the rules among their parts are the domain's.
pub fn terms(field: &str, terms: pb::PaymentTerms, violations: &mut Violations) -> PaymentTerms {
    let pb::PaymentTerms { baseline, shares, steps, discounts } = terms;
    let at = |part: &str| within(field, part);
    let baseline = read::optional_enum(&at("baseline"), baseline, enums::read_baseline);
    let baseline = violations.keep(baseline).flatten();
    let shares = match (shares.is_empty(), steps.is_empty()) {
        (true, _) => vec![Share {
            share_bp: WHOLE_BP,
            steps: self::steps(&at("steps"), &steps, violations),
            kind: InstalmentKind::Normal,
        }],
        (false, true) => self::shares(&at("shares"), &shares, violations),
        (false, false) => {
            let what = "give steps, or shares that have steps of their own, not both";
            violations.add(at("steps"), Reason::TermsInvalid, what);
            self::shares(&at("shares"), &shares, violations)
        }
    };
    PaymentTerms {
        baseline: baseline.unwrap_or(Baseline::Document),
        shares,
        discounts: self::discounts(&at("discounts"), &discounts, violations),
    }
}

fn shares(field: &str, shares: &[pb::TermsShare], violations: &mut Violations) -> Vec<Share> {
    if !at_most(MAX_SHARES, shares.len(), field, violations) {
        return Vec::new();
    }
    let read = |(i, share): (usize, &pb::TermsShare)| {
        let pb::TermsShare { share_bp, steps, kind } = share;
        let at = |part: &str| format!("{field}[{i}].{part}");
        let share_bp = in_range(&at("share_bp"), *share_bp, 1, WHOLE_BP as i32);
        let kind = read::optional_enum(&at("kind"), *kind, enums::read_instalment_kind);
        Share {
            share_bp: violations.keep(share_bp).unwrap_or(0),
            steps: self::steps(&at("steps"), steps, violations),
            kind: violations.keep(kind).flatten().unwrap_or(InstalmentKind::Normal),
        }
    };
    shares.iter().enumerate().map(read).collect()
}

fn steps(field: &str, steps: &[pb::TermsStep], violations: &mut Violations) -> Vec<TermStep> {
    if !at_most(MAX_STEPS, steps.len(), field, violations) {
        return Vec::new();
    }
    let read = |(i, step): (usize, &pb::TermsStep)| {
        let step = self::step(&format!("{field}[{i}]"), step);
        violations.keep(step)
    };
    steps.iter().enumerate().filter_map(read).collect()
}

fn step(field: &str, step: &pb::TermsStep) -> Result<TermStep, Violation> {
    use pb::terms_step::Step;
    let at = |part: &str| within(field, part);
    match &step.step {
        Some(Step::AddDays(n)) => {
            in_range(&at("add_days"), *n, 0, MAX_ADD_DAYS).map(TermStep::AddDays)
        }
        Some(Step::AddMonths(n)) => {
            in_range(&at("add_months"), *n, 0, MAX_ADD_MONTHS).map(TermStep::AddMonths)
        }
        Some(Step::MonthEnd(true)) => Ok(TermStep::MonthEnd),
        Some(Step::MonthEnd(false)) => {
            let what = "must be true; leave the step out if it is not meant";
            Err(Violation::new(at("month_end"), Reason::TermsInvalid, what))
        }
        Some(Step::DayOfMonth(n)) => {
            in_range(&at("day_of_month"), *n, 1, 31).map(TermStep::DayOfMonth)
        }
        Some(Step::DaysOfMonth(pb::DaysOfMonth { days })) => {
            let read = days.iter().map(|day| u8::try_from(*day).ok());
            let days = read.collect::<Option<Vec<u8>>>().and_then(MonthDays::of);
            let what = "must be days from 1 to 31, each once, and at least one";
            let refuse = || Violation::new(at("days_of_month.days"), Reason::TermsInvalid, what);
            days.map(TermStep::DaysOfMonth).ok_or_else(refuse)
        }
        Some(Step::CutoffDay(n)) => in_range(&at("cutoff_day"), *n, 1, 31).map(TermStep::CutoffDay),
        None => Err(Violation::new(field, Reason::TermsInvalid, "a step says what to do")),
    }
}

fn discounts(
    field: &str,
    discounts: &[pb::TermsDiscount],
    violations: &mut Violations,
) -> Vec<Discount> {
    if !at_most(MAX_DISCOUNTS, discounts.len(), field, violations) {
        return Vec::new();
    }
    let read = |(i, discount): (usize, &pb::TermsDiscount)| {
        let pb::TermsDiscount { days, rate_bp } = *discount;
        let days = in_range(&format!("{field}[{i}].days"), days, 0, MAX_DISCOUNT_DAYS);
        let rate = in_range(&format!("{field}[{i}].rate_bp"), rate_bp, 0, WHOLE_BP as i32);
        let (days, rate) = (violations.keep(days), violations.keep(rate));
        Some(Discount { days: days?, rate_bp: rate? })
    };
    discounts.iter().enumerate().filter_map(read).collect()
}

/// Instalments in the document's currency, which is unknown if its gross could not be read.
pub fn instalments(
    instalments: Vec<pb::Instalment>,
    currency: Option<Currency>,
    violations: &mut Violations,
) -> Vec<Instalment> {
    if !at_most(MAX_INSTALMENTS, instalments.len(), "instalments", violations) {
        return Vec::new();
    }
    let read = |(i, part): (usize, pb::Instalment)| {
        let pb::Instalment { kind, due_date, amount, release_condition } = part;
        let at = |part: &str| format!("instalments[{i}].{part}");
        let kind = read::optional_enum(&at("kind"), kind, enums::read_instalment_kind);
        let due_date = read::optional_date(&at("due_date"), due_date);
        let field = at("release_condition");
        let condition = text::check(&field, &release_condition, 0, MAX_RELEASE_CONDITION_CHARS);
        violations.keep(condition);
        Instalment {
            kind: violations.keep(kind).flatten().unwrap_or(InstalmentKind::Normal),
            due_date: violations.keep(due_date).flatten(),
            amount_minor: amount_in(&at("amount"), amount.as_ref(), currency, violations)
                .unwrap_or_else(|| {
                    if amount.is_none() {
                        violations.push(missing(&at("amount")));
                    }
                    0
                }),
            release_condition: (!release_condition.is_empty()).then_some(release_condition),
        }
    };
    instalments.into_iter().enumerate().map(read).collect()
}

/// An amount that may be left out and has to be in the document's currency, in minor units.
pub fn amount_in(
    field: &str,
    amount: Option<&pb::Money>,
    currency: Option<Currency>,
    violations: &mut Violations,
) -> Option<i64> {
    let Money { minor, currency: own } = violations.keep(read::optional_money(field, amount))??;
    match currency {
        Some(expected) if expected != own => {
            let what = format!("is in {own}, the gross amount in {expected}");
            violations.add(within(field, "currency_code"), Reason::CurrencyMismatch, what);
            None
        }
        Some(_) | None => Some(minor),
    }
}

pub fn baseline_dates(dates: pb::BaselineDates, violations: &mut Violations) -> BaselineDates {
    let pb::BaselineDates {
        delivery_date,
        tax_invoice_receipt_date,
        acceptance_date,
        statement_date,
    } = dates;
    let mut read = |part: &str, date| {
        let field = within("baseline_dates", part);
        violations.keep(read::optional_date(&field, date)).flatten()
    };
    BaselineDates {
        delivery: read("delivery_date", delivery_date),
        tax_invoice_receipt: read("tax_invoice_receipt_date", tax_invoice_receipt_date),
        acceptance: read("acceptance_date", acceptance_date),
        statement: read("statement_date", statement_date),
    }
}

fn in_range<T: TryFrom<i32>>(field: &str, n: i32, min: i32, max: i32) -> Result<T, Violation> {
    let refuse = || {
        let what = format!("must be {min} to {max}, not {n}");
        Violation::new(field, Reason::TermsInvalid, what)
    };
    if !(min..=max).contains(&n) {
        return Err(refuse());
    }
    T::try_from(n).map_err(|_| refuse())
}
