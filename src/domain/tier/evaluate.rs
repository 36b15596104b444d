//! One run over the book: values in, how accounts stand out. Nothing depends on the order of what
//! comes in, and the same comes out of the same.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::applied::{Cause, Found, Rules, Standing};
use super::assignment::Figures;
use super::classify::{Cut, Note, Placed, Ranked, classify};
use super::groups::Heads;
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
    /// What is left of revenue after costs, in minor units of the set it came from, where the policy asks
    /// for it and it was uploaded.
    pub contributions: BTreeMap<String, i128>,
    /// Accounts that count with others: what is known of those is of all together. Where each account counts
    /// on its own, those that count as another alone.
    pub heads: Heads,
    /// The set that values or contributions came from.
    pub value_set: Option<String>,
}

impl Values {
    /// Whether an account stays as it is, whatever the others are worth.
    pub fn stays(&self, id: &str) -> bool {
        self.unknown.contains(id) || self.excluded.contains(id)
    }

    /// What accounts are worth together, by their heads. Where an amount of one has no rate, the worth of
    /// none of its group is known.
    #[must_use]
    pub fn by_group(self, heads: Heads) -> Self {
        let Self { known, unknown, excluded, contributions, value_set, .. } = self;
        let takes_part = |id: &String| !excluded.contains(id);
        let mut of_heads: BTreeMap<String, i128> = BTreeMap::new();
        for (id, value) in known.into_iter().filter(|(id, _)| takes_part(id)) {
            *of_heads.entry(heads.head(&id).to_owned()).or_default() += value;
        }
        let mut left: BTreeMap<String, i128> = BTreeMap::new();
        for (id, contribution) in contributions.into_iter().filter(|(id, _)| takes_part(id)) {
            *left.entry(heads.head(&id).to_owned()).or_default() += contribution;
        }
        let not_known: BTreeSet<&str> =
            unknown.iter().filter(|id| takes_part(id)).map(|id| heads.head(id)).collect();
        let members = heads.members().filter(|(_, head)| not_known.contains(head));
        let stay = members.map(|(id, _)| id).chain(not_known.iter().copied());
        let stay = stay.map(str::to_owned).collect();
        let (known, unknown, contributions) = (of_heads, stay, left);
        Self { known, unknown, excluded, contributions, value_set, heads, ..Self::default() }
    }

    /// Those that are ranked and cost more than they bring.
    pub fn losses(&self) -> Vec<&String> {
        let left = self.contributions.iter().filter(|(_, left)| **left < 0);
        left.map(|(id, _)| id).filter(|id| self.is_ranked(id)).collect()
    }

    /// Whether an account is compared with others.
    pub fn is_ranked(&self, id: &str) -> bool {
        self.known.get(id).is_some_and(|value| self.ranks(id, *value))
    }

    fn ranks(&self, id: &str, value: i128) -> bool {
        value > 0 && !self.unknown.contains(id)
    }

    /// Those that are ranked, by their places among all of which a value is known: numbers are sorted faster than
    /// ids, and in the same order.
    fn ranked(&self) -> Vec<Ranked<usize>> {
        let known = self.known.iter().enumerate();
        let known = known.filter(|(_, (id, value))| self.ranks(id, **value));
        let ranked = known.map(|(at, (id, value))| Ranked {
            id: at,
            value: *value,
            loyalty_bp: self.loyalty_bp.get(id).copied(),
            is_loss: self.contributions.get(id).is_some_and(|left| *left < 0),
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
    let places = places(policy, values, found.placed);
    let book = Book { rules, currency, best: best(policy, values, before) };
    let place_of = |id: &str| {
        let at = places.binary_search_by(|place| place.id.cmp(id)).ok();
        at.and_then(|at| places.get(at))
    };
    let mut placed = places.iter().peekable();
    let mut stood = before.iter().peekable();
    let mut members = values.heads.members().peekable();
    loop {
        let first = [
            stood.peek().map(|(id, _)| id.as_str()),
            placed.peek().map(|place| place.id),
            members.peek().map(|(id, _)| *id),
        ];
        let Some(id) = first.into_iter().flatten().min() else { return Ok(summary) };
        let was = stood.next_if(|(other, _)| *other == id).map(|(_, standing)| standing);
        let place = placed.next_if(|place| place.id == id);
        let head = members.next_if(|(other, _)| *other == id).map(|(_, head)| head);
        if values.stays(id) {
            continue;
        }
        let head = match head {
            None => Head { id, stood: was, place },
            Some(id) => Head { id, stood: before.get(id), place: place_of(id) },
        };
        let Some(outcome) = book.outcome(id, &head, was)? else { continue };
        count(&mut summary, was, &outcome.standing);
        tell(id, outcome);
    }
}

/// Of each group with members: the best class of the policy that any of them was in, of several the
/// first by id. A group goes on from there where its head was in none, as one does that was put above the
/// others.
fn best<'a>(
    policy: &TierPolicy,
    values: &'a Values,
    before: &'a Standings,
) -> BTreeMap<&'a str, &'a Standing> {
    let class = |of: &Standing| policy.classes.iter().position(|class| class.code == of.class);
    let mut best: BTreeMap<&str, (usize, &Standing)> = BTreeMap::new();
    for (id, head) in values.heads.members() {
        let Some(standing) = before.get(id) else { continue };
        let Some(class) = class(standing) else { continue };
        if best.get(head).is_none_or(|(known, _)| class < *known) {
            best.insert(head, (class, standing));
        }
    }
    best.into_iter().map(|(head, (_, standing))| (head, standing)).collect()
}

/// What decides about accounts, and groups of them.
struct Book<'a> {
    rules: Rules<'a>,
    currency: Currency,
    best: BTreeMap<&'a str, &'a Standing>,
}

/// Who stands for an account, which may be itself: how it stood, and where it is in the book.
struct Head<'a> {
    id: &'a str,
    stood: Option<&'a Standing>,
    place: Option<&'a Place<'a>>,
}

impl Book<'_> {
    /// How an account stands with its group, which may be itself alone; `None` if neither of them was ever
    /// seen.
    fn outcome(
        &self,
        id: &str,
        head: &Head<'_>,
        was: Option<&Standing>,
    ) -> Result<Option<Outcome>> {
        let Self { rules, currency, best } = self;
        let policy = rules.policy;
        let in_class = |of: &&Standing| policy.classes.iter().any(|class| class.code == of.class);
        let best = best.get(head.id).copied();
        let stood = head.stood.filter(in_class).or(best).or(head.stood);
        let place = head.place;
        if stood.or(was).is_none() && place.is_none() {
            return Ok(None);
        }
        let money = |minor: i128| to_minor(minor).map(|minor| Money { minor, currency: *currency });
        let (mut standing, mut cause) = rules.next(stood, place.map(|place| place.found));
        // Each account is in the class since it is itself in it.
        let same = was.filter(|was| was.class == standing.class);
        standing.since = same.map_or(rules.day, |was| was.since);
        let moved_alone =
            same.is_none() && stood.is_some_and(|stood| stood.class == standing.class);
        if moved_alone && cause != Cause::NoTrade {
            cause = Cause::Group;
        }
        if id != head.id {
            // A person decides about the group, at its head.
            standing.proposed = None;
        }
        let cut = class_cut(policy, rules.cuts, &standing.class);
        let figures = Figures {
            value: place.map(|place| money(place.found.value)).transpose()?,
            rank: place.and_then(|place| Some(place.rank? as i64)),
            cut: cut.map(money).transpose()?,
            notes: place.map(|place| place.notes.clone()).unwrap_or_default(),
        };
        Ok(Some(Outcome { standing, cause, figures }))
    }
}

/// Everybody with trade in the window, in the order of ids.
fn places<'a>(
    policy: &TierPolicy,
    values: &'a Values,
    placed: Vec<Placed<usize>>,
) -> Vec<Place<'a>> {
    let last = policy.classes.len().saturating_sub(1);
    let nothing_left = |(id, value): (&'a String, &i128)| Place {
        id,
        found: Found { class: last, value: *value, loyalty_bp: None, is_loss: false },
        rank: None,
        notes: if *value <= 0 { vec![Note::NonPositive] } else { Vec::new() },
    };
    let mut places: Vec<Place<'a>> = values.known.iter().map(nothing_left).collect();
    for Placed { ranked, rank, class, notes } in placed {
        let Ranked { id: at, value, loyalty_bp, is_loss } = ranked;
        if let Some(place) = places.get_mut(at) {
            place.found = Found { class, value, loyalty_bp, is_loss };
            (place.rank, place.notes) = (Some(rank), notes);
        }
    }
    // Of the others, not all of what they are worth is known.
    places.retain(|place| place.rank.is_some() || place.found.value <= 0);
    places
}

fn count(summary: &mut Summary, before: Option<&Standing>, after: &Standing) {
    one_more(&mut summary.raw, &after.raw);
    one_more(&mut summary.applied, &after.class);
    summary.changes += i64::from(before.is_none_or(|before| before.class != after.class));
    summary.proposals += i64::from(after.proposed.is_some());
}

fn one_more(counts: &mut BTreeMap<String, i64>, class: &str) {
    match counts.get_mut(class) {
        Some(count) => *count += 1,
        None => _ = counts.insert(class.to_owned(), 1),
    }
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::domain::customers::Customers;

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn what_members_are_worth_is_added_up_and_unknown_for_all_if_it_is_for_one() {
        let value = |id: &str, value: i128| (id.to_owned(), value);
        let values = Values {
            known: [value("a", 5), value("b", 7), value("x", 100), value("e", 3)].into(),
            unknown: set(&["f", "x"]),
            excluded: set(&["x"]),
            contributions: [value("a", -5), value("b", 4)].into(),
            ..Values::default()
        };
        let links = [("b", "a"), ("x", "a"), ("e", "d"), ("f", "d")];
        let links = links.map(|(id, parent)| (id.to_owned(), parent.to_owned()));
        let parents: HashMap<String, String> = links.into();
        let told = values.by_group(Heads::of(&parents, &set(&["x"]), &Customers::default()));
        assert_eq!(told.known, [value("a", 12), value("d", 3)].into());
        assert_eq!(told.unknown, set(&["d", "e", "f"]));
        assert_eq!(told.losses(), [&"a".to_owned()]);
    }
}
