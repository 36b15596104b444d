//! One run over the book: values in, how accounts stand out. Nothing depends on the order of what
//! comes in, and the same comes out of the same.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use super::applied::{Cause, Found, Rules, Standing};
use super::assignment::Figures;
use super::classify::{Cut, Note, Ranked, classify};
use super::policy::{NONE, TierPolicy};
use super::run::Summary;
use crate::domain::error::Result;
use crate::domain::money::{Currency, Money, to_minor};

/// What accounts are worth in one currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Values {
    /// In minor units, of accounts with trade in the window.
    pub known: BTreeMap<String, i128>,
    /// Accounts with an amount that no rate is known for.
    pub unknown: BTreeSet<String>,
    /// Accounts that take no part: related parties, and those that are deleted.
    pub excluded: BTreeSet<String>,
    /// In basis points, of those it is known of, where the policy asks for it.
    pub loyalty_bp: BTreeMap<String, i32>,
    /// Accounts that cost more than they bring, where the policy asks for it and it was uploaded.
    pub losses: BTreeSet<String>,
    /// The set that values or contributions came from.
    pub value_set: Option<String>,
}

/// How an account stands after a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub standing: Standing,
    pub cause: Cause,
    pub figures: Figures,
}

/// How every account stands that has a value or stood somewhere before, by id, and what the run
/// saw. Accounts whose value is not known, and those that take no part, are left out: they stay as they
/// are.
///
/// # Errors
/// If a sum leaves the range of amounts.
pub fn evaluate(
    policy: &TierPolicy,
    currency: Currency,
    day: NaiveDate,
    values: &Values,
    before: &BTreeMap<String, Standing>,
) -> Result<(BTreeMap<String, Outcome>, Summary)> {
    let ranked = |(id, value): (&String, &i128)| Ranked {
        id: id.clone(),
        value: *value,
        loyalty_bp: values.loyalty_bp.get(id).copied(),
        is_loss: values.losses.contains(id),
    };
    let positive =
        values.known.iter().filter(|(id, value)| **value > 0 && !values.unknown.contains(*id));
    let found = classify(policy, positive.map(ranked).collect());
    let rules = Rules { policy, cuts: &found.cuts, day };
    let mut summary = Summary {
        currency,
        measure: policy.measure,
        ranked: found.placed.len() as i64,
        total: to_minor(found.total)?,
        cuts: found.cuts.iter().map(in_minor).collect::<Result<_>>()?,
        raw: BTreeMap::new(),
        applied: BTreeMap::new(),
        changes: 0,
        proposals: 0,
        unknown: values.unknown.len() as i64,
        value_set: values.value_set.clone(),
    };
    let mut places: BTreeMap<&str, (Found, Option<usize>, Vec<Note>)> = BTreeMap::new();
    for placed in &found.placed {
        let of = &placed.ranked;
        let place = Found {
            class: placed.class,
            value: of.value,
            loyalty_bp: of.loyalty_bp,
            is_loss: of.is_loss,
        };
        places.insert(&of.id, (place, Some(placed.rank), placed.notes.clone()));
    }
    let last = policy.classes.len().saturating_sub(1);
    for (id, value) in values.known.iter().filter(|(_, value)| **value <= 0) {
        let place = Found { class: last, value: *value, loyalty_bp: None, is_loss: false };
        places.insert(id, (place, None, vec![Note::NonPositive]));
    }
    let ids = before.keys().map(String::as_str).chain(places.keys().copied());
    let stays = |id: &str| values.unknown.contains(id) || values.excluded.contains(id);
    let ids: BTreeSet<&str> = ids.filter(|id| !stays(id)).collect();
    for (_, standing) in before.iter().filter(|(id, _)| values.unknown.contains(*id)) {
        *summary.applied.entry(standing.class.clone()).or_default() += 1;
    }
    let money = |minor: i128| to_minor(minor).map(|minor| Money { minor, currency });
    let mut outcomes = BTreeMap::new();
    for id in ids {
        let (place, rank, notes) =
            places.remove(id).map_or((None, None, vec![]), |(f, r, n)| (Some(f), r, n));
        let was = before.get(id);
        let (standing, cause) = rules.next(was, place);
        count(&mut summary, was, &standing);
        let cut = class_cut(policy, &found.cuts, &standing.class);
        let figures = Figures {
            value: place.map(|place| money(place.value)).transpose()?,
            rank: rank.map(|rank| rank as i64),
            cut: cut.map(money).transpose()?,
            notes,
        };
        outcomes.insert(id.to_owned(), Outcome { standing, cause, figures });
    }
    Ok((outcomes, summary))
}

fn count(summary: &mut Summary, before: Option<&Standing>, after: &Standing) {
    *summary.raw.entry(after.raw.clone()).or_default() += 1;
    *summary.applied.entry(after.class.clone()).or_default() += 1;
    summary.changes += i64::from(before.is_none_or(|before| before.class != after.class));
    summary.proposals += i64::from(after.proposed.is_some());
}

fn in_minor(cut: &Cut) -> Result<Cut<i64>> {
    let minor = |value: Option<i128>| value.map(to_minor).transpose();
    Ok(Cut { last: minor(cut.last)?, next: minor(cut.next)? })
}

/// The value of the last account of a class.
fn class_cut(policy: &TierPolicy, cuts: &[Cut], code: &str) -> Option<i128> {
    let class = policy.classes.iter().position(|class| class.code == code);
    class.filter(|_| code != NONE).and_then(|class| cuts.get(class)?.last)
}
