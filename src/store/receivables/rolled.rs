//! A past day of the book by what moved since: whole years, then months, then days, summed beforehand
//! by [`crate::store::roll`], and entry by entry only what was recorded since that last ran.
//!
//! With W the recorded time up to which moves are summed, and f(D, K) what is open on D as known at K:
//!
//! ```text
//! f(D, K) = f(∞, ∞) − [f(∞, ∞) − f(∞, W)] − [f(∞, W) − f(D, W)] + [f(D, K) − f(D, W)]
//!           now        recorded since W     moved after D         recorded between W and K
//! ```
//!
//! Where K is before W, the last part is what was recorded after K and took effect by D: of whole
//! months summed, of K's own month by its entries. Items are counted so too: each of them adds one where
//! it opens and takes one where it is settled, told anew whenever more is recorded of it.

use chrono::{DateTime, Datelike, Months, NaiveDate};
use sea_orm::{DbBackend, Value};

use super::At;
use super::moves::Template;
use super::params::Params;
use crate::domain::dates::NO_DATE;
use crate::domain::error::Result;
use crate::store::{Store, sql};

/// So many entries that do not count yet are taken off one by one.
const LATE_MAX: i64 = 5_000;
/// So many entries that are not summed yet are looked at one by one.
const TAIL_MAX: i64 = 20_000;

/// The recorded time up to which moves are summed.
const ROLLED: &str = "(SELECT b.rolled_us FROM book_rolled b)";

/// How balances of the book are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// What is open now, less the entries that do not count yet.
    Entries,
    /// What is open now, less what moved since.
    Moves,
}

impl Store {
    /// The cheaper way to the book at a point.
    pub(super) async fn book_path(&self, at: At) -> Result<Path> {
        let behind = async |condition: &str, than: Value, most: i64| -> Result<bool> {
            let column = condition.split(' ').next().unwrap_or_default();
            let text = format!(
                "SELECT 1 AS v FROM entry WHERE {condition} ORDER BY {column} LIMIT 1 OFFSET $2"
            );
            let found: Option<i32> =
                sql::scalar(&self.reader(), text, vec![than, most.into()]).await?;
            Ok(found.is_some())
        };
        let late = behind("effective_date > $1", at.as_of.into(), LATE_MAX).await?
            || behind("recorded_us > $1", at.known_at.into(), LATE_MAX).await?;
        if !late {
            return Ok(Path::Entries);
        }
        let text = format!("SELECT {ROLLED} AS v");
        let rolled: i64 = sql::scalar(&self.reader(), text, vec![]).await?.unwrap_or_default();
        match behind("recorded_us > $1", rolled.into(), TAIL_MAX).await? {
            true => Ok(Path::Entries),
            false => Ok(Path::Moves),
        }
    }
}

/// The first day of the month of an instant, and the last microsecond of that month.
pub(in crate::store) fn month_of(us: i64) -> (NaiveDate, i64) {
    let endless = (NO_DATE, i64::MAX);
    let Some(day) = DateTime::from_timestamp_micros(us).map(|at| at.date_naive()) else {
        return endless;
    };
    let first = day.with_day(1);
    let next = first.and_then(|first| first.checked_add_months(Months::new(1)));
    let (Some(first), Some(next)) = (first, next) else { return endless };
    let begins = next.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros();
    (first, begins - 1)
}

/// The last day of the month of a day, and of its year.
fn ends(day: NaiveDate) -> [NaiveDate; 2] {
    let month = day.with_day(u32::from(day.num_days_in_month())).unwrap_or(day);
    [month, NaiveDate::from_ymd_opt(day.year(), 12, 31).unwrap_or(day)]
}

impl Template<'_> {
    /// The moves of the book at a point, by when they fall due: those of [`Template::moves`].
    pub fn rolled_moves(&self, engine: DbBackend, params: &mut Params, at: At) -> String {
        let (as_of, known_at) = (self.as_of(), self.known_at());
        let [month_end, year_end] = ends(at.as_of).map(|day| params.bind(day));
        let (month, ends_us) = month_of(at.known_at);
        let (month, ends_us) = (params.bind(month), params.bind(ends_us));
        let present = self.projection();
        let narrow = self.narrow("m");
        let moved = |grain: &str, until: String| {
            format!(
                "SELECT '' AS account_id, m.currency, m.company_code, m.class, m.due_date AS date, \
                 -m.amount AS amount, -m.items AS items, m.expected AS expected FROM book_move m \
                 WHERE m.grain = '{grain}' AND m.period > {as_of}{until}{narrow}"
            )
        };
        let days = moved("D", format!(" AND m.period <= {month_end}"));
        let months = moved("M", format!(" AND m.period <= {year_end}"));
        let years = moved("Y", String::new());
        // Of later months nothing was known, whenever it took effect; that of months and years is none.
        let unknown = format!(
            "SELECT '' AS account_id, m.currency, m.company_code, m.class, m.due_date AS date, \
             CASE WHEN m.period <= {as_of} THEN -m.amount ELSE 0 END AS amount, \
             CASE WHEN m.period <= {as_of} THEN -m.items ELSE 0 END AS items, \
             CASE WHEN m.period > {as_of} THEN -m.expected ELSE 0 END AS expected \
             FROM book_move m WHERE m.recorded_month > {month} \
             AND m.recorded_month < '9999-12-31'{narrow}"
        );
        format!(
            "{present} UNION ALL {days} UNION ALL {months} UNION ALL {years} UNION ALL {unknown} \
             UNION ALL {tail} UNION ALL {partly}",
            tail = self.tail(engine, &params.bind(i64::MAX)),
            partly = self.known_partly(engine, known_at, &ends_us),
        )
    }

    /// What was recorded since moves were summed.
    fn tail(&self, engine: DbBackend, always: &str) -> String {
        let (as_of, known_at) = (self.as_of(), self.known_at());
        let by_then = format!("e.effective_date <= {as_of}");
        let sum = |condition: String, name: &str| {
            format!("CAST(SUM(CASE WHEN {condition} THEN e.amount ELSE 0 END) AS BIGINT) AS {name}")
        };
        let sums = [
            sum(format!("e.recorded_us <= {ROLLED}"), "was"),
            sum(
                format!("{by_then} AND (e.recorded_us <= {ROLLED} OR e.recorded_us <= {known_at})"),
                "then_known",
            ),
            sum(format!("{by_then} AND e.recorded_us <= {ROLLED}"), "then_was"),
            sum(
                format!(
                    "e.kind IN ('POST', 'REVERSE') AND e.effective_date > {as_of} \
                     AND e.recorded_us > {ROLLED} AND e.recorded_us <= {known_at}"
                ),
                "posted",
            ),
        ];
        self.by_item(
            engine,
            // Both ends, so that a planner that knows neither goes along the index.
            &format!("t.recorded_us > {ROLLED} AND t.recorded_us <= {always}"),
            &sums.join(", "),
            "s.was - i.open + s.then_known - s.then_was",
            "CASE WHEN s.was = 0 THEN 0 ELSE 1 END - CASE WHEN i.open = 0 THEN 0 ELSE 1 END \
             + CASE WHEN s.then_known = 0 THEN 0 ELSE 1 END \
             - CASE WHEN s.then_was = 0 THEN 0 ELSE 1 END",
            "-s.posted",
        )
    }

    /// What was recorded later in the month of what is known, and is summed.
    fn known_partly(&self, engine: DbBackend, known_at: &str, ends_us: &str) -> String {
        let as_of = self.as_of();
        let summed = format!("e.recorded_us <= {ends_us} AND e.recorded_us <= {ROLLED}");
        let sum = |condition: String, name: &str| {
            format!("CAST(SUM(CASE WHEN {condition} THEN e.amount ELSE 0 END) AS BIGINT) AS {name}")
        };
        let sums = [
            sum(format!("e.effective_date <= {as_of} AND {summed}"), "then_was"),
            sum(format!("e.effective_date <= {as_of} AND e.recorded_us <= {known_at}"), "known"),
            sum(
                format!(
                    "e.kind IN ('POST', 'REVERSE') AND e.effective_date > {as_of} \
                     AND e.recorded_us > {known_at} AND {summed}"
                ),
                "posted",
            ),
        ];
        self.by_item(
            engine,
            &format!(
                "t.recorded_us > {known_at} AND t.recorded_us <= {ends_us} \
                 AND t.recorded_us <= {ROLLED}"
            ),
            &sums.join(", "),
            "s.known - s.then_was",
            "CASE WHEN s.known = 0 THEN 0 ELSE 1 END - CASE WHEN s.then_was = 0 THEN 0 ELSE 1 END",
            "s.posted",
        )
    }

    /// Moves of the items that have such an entry, from sums over all entries of each: item by item
    /// along the index, whatever is thought of how many there are.
    fn by_item(
        &self,
        engine: DbBackend,
        touched: &str,
        sums: &str,
        amount: &str,
        items: &str,
        expected: &str,
    ) -> String {
        let touched = format!("(SELECT DISTINCT t.item_id FROM entry t WHERE {touched}) d");
        let from = match engine {
            DbBackend::Sqlite => format!(
                "(SELECT e.item_id, {sums} FROM {touched} \
                   CROSS JOIN entry e ON e.item_id = d.item_id GROUP BY e.item_id) s \
                 CROSS JOIN item i ON i.id = s.item_id"
            ),
            _ => format!(
                "{touched} \
                 CROSS JOIN LATERAL (SELECT {sums} FROM entry e WHERE e.item_id = d.item_id) s \
                 CROSS JOIN LATERAL (SELECT * FROM item n WHERE n.id = d.item_id LIMIT 1) i"
            ),
        };
        format!(
            "SELECT '' AS account_id, i.currency, i.company_code, i.class, {date} AS date, \
             {amount} AS amount, {items} AS items, \
             CASE WHEN i.kind = 'RECEIPT' AND i.posting_date > {as_of} THEN {expected} ELSE 0 END \
             AS expected FROM {from} WHERE TRUE{narrow}",
            date = super::moves::date(crate::domain::aging::Basis::DueDate),
            as_of = self.as_of(),
            narrow = self.narrow("i"),
        )
    }
}
