//! The findings about accounts that may be the same one, of many of them at once.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use crate::domain::directory::KeyKind;
use crate::domain::error::Result;
use crate::domain::finding::Finding;
use crate::domain::finding::duplicate::{duplicates, suspected};
use crate::store::ReadTx;

/// What accounts have in common with others; `None`: what they had then is not known.
#[derive(Default)]
pub(super) struct Duplicates(Option<HashMap<String, Vec<(String, KeyKind)>>>);

impl Duplicates {
    /// As it is now, of those that the caller sees.
    pub async fn read(tx: &ReadTx, ids: &BTreeSet<&str>, is_now: bool) -> Result<Self> {
        if !is_now {
            return Ok(Self(None));
        }
        let mut known = tx.shared_keys(ids).await?;
        let others = known.values().flatten().map(|(other, _)| other.clone());
        let others: BTreeSet<String> = others.collect();
        let seen = tx.seen(others.iter().map(String::as_str)).await?;
        for pairs in known.values_mut() {
            pairs.retain(|(other, _)| seen.has(other));
        }
        Ok(Self(Some(known)))
    }

    pub fn finding(&self, id: &str, day: NaiveDate) -> Finding {
        let pairs = |known: &HashMap<String, Vec<(String, KeyKind)>>| {
            duplicates(known.get(id).cloned().unwrap_or_default())
        };
        suspected(id, day, self.0.as_ref().map(pairs))
    }
}
