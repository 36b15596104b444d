//! One run over the book: values in, how accounts stand out. Nothing depends on the order of what
//! comes in, and the same comes out of the same.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::applied::{Cause, Found, Rules, Standing};
use super::assignment::Figures;
use super::classify::{Cut, Note, Placed, Ranked, classify};
use super::policy::{NONE, TierPolicy};
use super::run::Summary;
use crate::domain::error::Result;
use crate::domain::money::{Currency, Money, to_minor};

/// What accounts are worth in one currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// In minor units, of accounts with trade in the window.
    pub known: BTreeMap<String, i128>,
    /// Accounts with an amount that no rate is known for.
    pub unknown: BTreeSet<String>,
    /// Accounts that take no part: related parties, and those that are deleted.
    pub excluded: BTreeSet<String>,
    /// In basis points, of those that are ranked and it is known of, where the policy asks for it.
    pub loyalty_bp: BTreeMap<String, i32>,
    /// Accounts that are ranked and cost more than they bring, where the policy asks for it and it was
    /// uploaded.
    pub losses: BTreeSet<String>,
    /// The set that values or contributions came from.
    pub value_set: Option<String>,
}

impl Values {
    /// Whether an account stays as it is, whatever the others are worth.
    pub fn stays(&self, id: &str) -> bool {
        self.unknown.contains(id) || self.excluded.contains(id)
    }

    /// Whether an account is compared with others.
    pub fn is_ranked(&self, id: &str) -> bool {
        self.known.get(id).is_some_and(|value| self.ranks(id, *value))
    }

    fn ranks(&self, id: &str, value: i128) -> bool {
        value > 0 && !self.unknown.contains(id)
    }

    /// Those that are ranked.
    fn ranked(&self) -> Vec<Ranked<&str>> {
        let known = self.known.iter().filter(|(id, value)| self.ranks(id, **value));
        let ranked = known.map(|(id, value)| Ranked {
            id: id.as_str(),
            value: *value,
            loyalty_bp: self.loyalty_bp.get(id).copied(),
            is_loss: self.losses.contains(id),
        });
        ranked.collect()
    }
}

/// How an account stands after a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub standing: Standing,
    pub cause: Cause,
    pub figures: Figures,
}

/// How accounts stand, by id.
pub type Standings = BTreeMap<String, Standing>;

/// Where an account is in the book of a run.
struct Place<'a> {
    id: &'a str,
    found: Found,
    rank: Option<usize>,
    notes: Vec<Note>,
}

/// Tells how every account stands that has a value or stood somewhere before, in the order of ids, and
/// answers what the run saw. Accounts whose value is not known, and those that take no part, are left
/// out: they stay as they are.
///
/// # Errors
/// If a sum leaves the range of amounts.
pub fn evaluate(
    policy: &TierPolicy,
    currency: Currency,
    day: NaiveDate,
    values: &Values,
    before: &Standings,
    mut tell: impl FnMut(&str, Outcome),
) -> Result<Summary> {
    let found = classify(policy, values.ranked());
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
    for (_, standing) in before.iter().filter(|(id, _)| values.unknown.contains(*id)) {
        *summary.applied.entry(standing.class.clone()).or_default() += 1;
    }
    let rules = Rules { policy, cuts: &found.cuts, day };
    let mut places = places(policy, values, found.placed).into_iter().peekable();
    let mut stood = before.iter().peekable();
    let money = |minor: i128| to_minor(minor).map(|minor| Money { minor, currency });
    loop {
        let heads = [stood.peek().map(|(id, _)| id.as_str()), places.peek().map(|place| place.id)];
        let Some(id) = heads.into_iter().flatten().min() else { return Ok(summary) };
        let was = stood.next_if(|(other, _)| *other == id).map(|(_, standing)| standing);
        let place = places.next_if(|place| place.id == id);
        if values.stays(id) {
            continue;
        }
        let (standing, cause) = rules.next(was, place.as_ref().map(|place| place.found));
        count(&mut summary, was, &standing);
        let cut = class_cut(policy, rules.cuts, &standing.class);
        let figures = Figures {
            value: place.as_ref().map(|place| money(place.found.value)).transpose()?,
            rank: place.as_ref().and_then(|place| Some(place.rank? as i64)),
            cut: cut.map(money).transpose()?,
            notes: place.map(|place| place.notes).unwrap_or_default(),
        };
        tell(id, Outcome { standing, cause, figures });
    }
}

/// Everybody with trade in the window, in the order of ids.
fn places<'a>(
    policy: &TierPolicy,
    values: &'a Values,
    placed: Vec<Placed<&'a str>>,
) -> Vec<Place<'a>> {
    let last = policy.classes.len().saturating_sub(1);
    let by_rank = placed.into_iter().map(|Placed { ranked, rank, class, notes }| {
        let Ranked { id, value, loyalty_bp, is_loss } = ranked;
        Place { id, found: Found { class, value, loyalty_bp, is_loss }, rank: Some(rank), notes }
    });
    let nothing_left = values.known.iter().filter(|(_, value)| **value <= 0);
    let nothing_left = nothing_left.map(|(id, value)| Place {
        id,
        found: Found { class: last, value: *value, loyalty_bp: None, is_loss: false },
        rank: None,
        notes: vec![Note::NonPositive],
    });
    let mut places: Vec<Place<'a>> = by_rank.chain(nothing_left).collect();
    places.sort_unstable_by_key(|place| place.id);
    places
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
