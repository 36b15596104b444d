//! What the types of accounts follow from, of many accounts at once.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::power_map;
use crate::domain::bond::TRADE_DAYS;
use crate::domain::bond::evidence::{Evidence, Promised, Seated, TieDays};
use crate::domain::dates::days_before;
use crate::domain::edge::Pair;
use crate::domain::error::Result;
use crate::domain::position::Position;
use crate::domain::position::incumbency;
use crate::store::ReadTx;

/// Between which days, and as recorded by when.
#[derive(Debug, Clone, Copy)]
pub(in crate::service) struct Span {
    pub from: NaiveDate,
    pub through: NaiveDate,
    /// Microseconds since the epoch.
    pub known_us: i64,
}

/// What is known of these accounts, by account, for whoever asks about the days of a span; where nothing
/// is known they are missing.
pub(in crate::service) async fn evidence(
    tx: &ReadTx,
    ids: &BTreeSet<&str>,
    span: Span,
) -> Result<HashMap<String, Evidence>> {
    let Span { from, through, known_us } = span;
    let mut known: HashMap<String, Evidence> = HashMap::new();
    let touched = tx.touch_days(ids, through, known_us).await?;
    let members: BTreeSet<&str> = touched.keys().map(|pair| pair.member_id.as_str()).collect();
    let active = match members.is_empty() {
        true => BTreeSet::new(),
        false => power_map::active(tx, members).await?,
    };
    let mut promises: HashMap<Pair, Vec<Promised>> = HashMap::new();
    for (pair, promised) in tx.promised(ids, known_us).await? {
        promises.entry(pair).or_default().push(promised);
    }
    for (pair, days) in touched {
        if active.contains(&pair.member_id) {
            let promises = promises.remove(&pair).unwrap_or_default();
            let Pair { account_id, member_id, contact_id } = pair;
            let tie = TieDays { member_id, contact_id, days, promises };
            known.entry(account_id).or_default().ties.push(tie);
        }
    }
    for (account_id, seat) in seats(tx, ids, known_us).await? {
        known.entry(account_id).or_default().seats.push(seat);
    }
    // On the day before the first one a year of trade counts already.
    let days = [days_before(from, TRADE_DAYS + 1), through];
    for (account_id, traded) in tx.traded(ids, days, known_us).await? {
        known.entry(account_id).or_default().trades.push(traded);
    }
    Ok(known)
}

/// Who sits at these accounts on which days: only while the position is there.
async fn seats(tx: &ReadTx, ids: &BTreeSet<&str>, known_us: i64) -> Result<Vec<(String, Seated)>> {
    let positions = tx.positions_known(ids, known_us).await?;
    let positions: HashMap<_, &Position> = positions.iter().map(|of| (of.id, of)).collect();
    let told = incumbency::told(tx.seatings_known(ids, known_us).await?).into_iter();
    let seated = told.filter_map(|one| {
        let position = positions.get(&one.position_id)?;
        let last_day = one.last_day.into_iter().chain(position.last_day).min();
        let first_day = one.first_day.max(position.first_day);
        let is_there = last_day.is_none_or(|last| first_day <= last);
        let seated = Seated { contact_id: one.contact_id, first_day, last_day };
        is_there.then_some((one.account_id, seated))
    });
    Ok(seated.collect())
}
