//! Terms of payment and instalments.

use crate::api::convert::write;
use crate::api::receivable::enums;
use crate::domain::money::Currency;
use crate::domain::terms::{
    Discount, Instalment, InstalmentKind, PaymentTerms, Share, TermStep, WHOLE_BP,
};
use crate::pb;

pub fn terms(terms: PaymentTerms) -> pb::PaymentTerms {
    let PaymentTerms { baseline, shares, discounts } = terms;
    // The whole by steps is told as it is asked for, without shares.
    let whole = match shares.as_slice() {
        [Share { share_bp: WHOLE_BP, steps, kind: InstalmentKind::Normal }] => Some(steps.clone()),
        _ => None,
    };
    let (shares, whole) = match whole {
        Some(steps) => (Vec::new(), steps),
        None => (shares, Vec::new()),
    };
    pb::PaymentTerms {
        baseline: enums::write_baseline(baseline).into(),
        shares: shares.into_iter().map(share).collect(),
        steps: whole.into_iter().map(step).collect(),
        discounts: discounts.into_iter().map(discount).collect(),
    }
}

fn share(Share { share_bp, steps, kind }: Share) -> pb::TermsShare {
    pb::TermsShare {
        // At most the whole.
        share_bp: share_bp as i32,
        steps: steps.into_iter().map(step).collect(),
        kind: enums::write_instalment_kind(kind).into(),
    }
}

fn step(step: TermStep) -> pb::TermsStep {
    use pb::terms_step::Step;
    let step = match step {
        TermStep::AddDays(n) => Step::AddDays(n.into()),
        TermStep::AddMonths(n) => Step::AddMonths(n.into()),
        TermStep::MonthEnd => Step::MonthEnd(true),
        TermStep::DayOfMonth(n) => Step::DayOfMonth(n.into()),
        TermStep::DaysOfMonth(days) => {
            Step::DaysOfMonth(pb::DaysOfMonth { days: days.iter().map(i32::from).collect() })
        }
        TermStep::CutoffDay(n) => Step::CutoffDay(n.into()),
    };
    pb::TermsStep { step: Some(step) }
}

fn discount(Discount { days, rate_bp }: Discount) -> pb::TermsDiscount {
    // At most the whole.
    pb::TermsDiscount { days: days.into(), rate_bp: rate_bp as i32 }
}

pub fn instalments(instalments: Vec<Instalment>, currency: Currency) -> Vec<pb::Instalment> {
    let instalment = |instalment| {
        let Instalment { kind, due_date, amount_minor, release_condition } = instalment;
        pb::Instalment {
            kind: enums::write_instalment_kind(kind).into(),
            due_date: due_date.map(write::date),
            amount: Some(write::money(amount_minor, currency)),
            release_condition: release_condition.unwrap_or_default(),
        }
    };
    instalments.into_iter().map(instalment).collect()
}
