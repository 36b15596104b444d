//! MergeRecords and UndoMerge: what is asked, what may be, and what comes of it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::contact::Contact;
use super::directory::normal;
use super::error::{Error, Reason, Result};
use super::money::Money;
use super::names::ContactRef;
use super::personal::Personal;
use super::stored::stored_enum;

/// Records that one call merges at most.
pub const LOSERS_MAX: usize = 20;
/// Records that count as one contact, or as one account, at most.
pub const MERGED_MAX: usize = 50;
/// Names that are told of each kind.
pub const NAMES_MAX: usize = 20;

#[derive(Debug, Clone, Serialize)]
pub struct MergeRecords {
    pub survivor: ContactRef,
    pub losers: Vec<ContactRef>,
    pub reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct UndoMerge {
    pub loser: ContactRef,
    pub reason: String,
}

stored_enum! {
    /// What a merge brings together.
    pub enum MovedKind {
        Position => "POSITION",
        Tie => "TIE",
        Interaction => "INTERACTION",
        Commitment => "COMMITMENT",
        Promise => "PROMISE",
        Gift => "GIFT",
        Advice => "ADVICE",
        Item => "ITEM",
        Reservation => "RESERVATION",
        Hold => "HOLD",
    }
}

/// How many records of a kind there are, and the names of the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub kind: MovedKind,
    pub records: u64,
    /// At most [`NAMES_MAX`].
    pub names: Vec<String>,
}

impl Counted {
    /// `None` of no records.
    pub fn of(kind: MovedKind, mut names: Vec<String>) -> Option<Self> {
        let records = names.len() as u64;
        names.truncate(NAMES_MAX);
        (records > 0).then_some(Self { kind, records, names })
    }
}

/// That a loser says something else than the survivor, whose word counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    pub loser_id: String,
    /// Path of the field.
    pub field: String,
}

/// What an account of a merge has open, by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    pub account_id: String,
    /// By currency, those that come to nothing left out.
    pub open: Vec<Money>,
}

/// What a merge did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    pub survivor_id: String,
    pub loser_ids: Vec<String>,
    /// Microseconds since the epoch; `None` if it was only looked at.
    pub merge_us: Option<i64>,
    pub moved: Vec<Counted>,
    /// What is told once from then on.
    pub folded: Vec<Counted>,
    pub conflicts: Vec<Conflict>,
    /// What each account has open by itself, the survivor first; of contacts none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sides: Vec<Side>,
}

/// Refuses a merge of contacts as they are, with how many others count as each.
///
/// # Errors
/// STATE_WRONG, MERGE_CHAINED, TOO_MANY_ELEMENTS.
pub fn check(
    survivor: &Contact,
    losers: &[&Contact],
    others: &BTreeMap<String, usize>,
) -> Result<()> {
    survivor.check_absorbs()?;
    for loser in losers {
        (*loser).clone().merge(&survivor.id)?;
        if let Some(count) = others.get(&loser.id) {
            let what = format!("{count} others count as it: undo these merges first");
            return Err(Error::precondition(Reason::MergeChained, loser.name(), what));
        }
    }
    let merged = others.get(&survivor.id).copied().unwrap_or_default() + losers.len();
    if merged > MERGED_MAX {
        let what = format!("{merged} would count as one, at most {MERGED_MAX} may");
        return Err(Error::invalid("losers", Reason::TooManyElements, what));
    }
    Ok(())
}

/// Where a loser says something else than the survivor says, on a day.
pub fn conflicts(survivor: &Contact, loser: &Contact, day: NaiveDate) -> Vec<Conflict> {
    let mut fields = Vec::new();
    let other = |one: &Personal, other: &Personal| {
        let (one, other) = (normal::name(one.expose()), normal::name(other.expose()));
        !one.is_empty() && !other.is_empty() && one != other
    };
    if other(&survivor.display_name, &loser.display_name) {
        fields.push("display_name".to_owned());
    }
    if other(&survivor.latin_name, &loser.latin_name) {
        fields.push("latin_name".to_owned());
    }
    if survivor.official.is_some()
        && loser.official.is_some_and(|his| survivor.official != Some(his))
    {
        fields.push("official".to_owned());
    }
    let differs =
        |key: &String, value: &String| survivor.labels.get(key).is_some_and(|his| his != value);
    let labels = loser.labels.iter().filter(|(key, value)| differs(key, value));
    fields.extend(labels.map(|(key, _)| format!("labels.{key}")));
    for one in loser.preferences_on(day) {
        let his = survivor.preferences_on(day).find(|his| his.key == one.key);
        if his.is_some_and(|his| his.value != one.value) {
            fields.push(format!("preferences.{}", one.key));
        }
    }
    for one in &loser.occasions {
        let his = survivor.occasions.iter().find(|his| his.kind == one.kind);
        if his.is_some_and(|his| his.on != one.on) {
            fields.push(format!("occasions.{}", one.kind));
        }
    }
    let conflict = |field| Conflict { loser_id: loser.id.clone(), field };
    fields.into_iter().map(conflict).collect()
}
