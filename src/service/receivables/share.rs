//! What the whole book has open in debits, and an account's share of it.
//!
//! The figure of a point never changes, so it is remembered; the figure of a point nearby is
//! that one and what was recorded in between. Summing the book is left for the first question
//! about a day.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::Receivables;
use crate::domain::error::Result;
use crate::domain::money::Currency;
use crate::domain::rounding::div_half_even;
use crate::store::receivables::At;

/// Days remembered at a time.
const DAYS_MAX: usize = 16;
/// A figure is summed anew after this, for accounts become related parties and cease to be.
const AGE_MAX: Duration = Duration::from_secs(60);
/// How far a point may lie from a remembered one, in microseconds, for the entries in between to
/// be few.
const NEAR_MICROS: u64 = 60_000_000;

/// Open debits by currency, minor units, without related parties.
pub(super) type BookDebits = BTreeMap<Currency, i128>;

#[derive(Debug, Default)]
pub(super) struct BookCache {
    /// Locked while a book is summed, so that one caller does it for all who wait.
    days: Mutex<Vec<Remembered>>,
}

#[derive(Debug)]
struct Remembered {
    at: At,
    summed: Instant,
    debits: BookDebits,
}

impl Receivables {
    /// The open debits of the book at a point. `None` while it is not settled: then the figure
    /// could still change.
    pub(super) async fn book_debits(&self, at: At) -> Result<Option<BookDebits>> {
        if !self.is_settled(at.known_at).await? {
            return Ok(None);
        }
        let mut days = self.book.days.lock().await;
        days.retain(|day| day.summed.elapsed() < AGE_MAX);
        let near = days.iter_mut().find(|day| {
            day.at.as_of == at.as_of && day.at.known_at.abs_diff(at.known_at) <= NEAR_MICROS
        });
        if let Some(day) = near {
            return self.walk(day, at).await.map(Some);
        }
        let debits = wide(self.store.book_debits(at).await?);
        if days.len() == DAYS_MAX {
            days.remove(0);
        }
        days.push(Remembered { at, summed: Instant::now(), debits: debits.clone() });
        Ok(Some(debits))
    }

    /// From a remembered point to one nearby; a later point replaces the remembered one.
    async fn walk(&self, day: &mut Remembered, at: At) -> Result<BookDebits> {
        let from = day.at.known_at;
        if from == at.known_at {
            return Ok(day.debits.clone());
        }
        let forward = from < at.known_at;
        let (after, until) = if forward { (from, at.known_at) } else { (at.known_at, from) };
        let moved = self.store.book_debits_moved(after, At { known_at: until, ..at }).await?;
        let sign = if forward { 1 } else { -1 };
        let mut debits = day.debits.clone();
        for (currency, amount) in wide(moved) {
            *debits.entry(currency).or_default() += sign * amount;
        }
        if forward {
            day.at = at;
            day.debits.clone_from(&debits);
        }
        Ok(debits)
    }
}

fn wide(debits: Vec<(Currency, i64)>) -> BookDebits {
    debits.into_iter().map(|(currency, minor)| (currency, minor.into())).collect()
}

/// A share in basis points, rounded half to even; `None` of an empty book.
pub(super) fn share_bp(part: i128, whole: i128) -> Option<i32> {
    if whole <= 0 {
        return None;
    }
    i32::try_from(div_half_even(part * 10_000, whole)).ok()
}
