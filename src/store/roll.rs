//! Sums what moves in the book beside the calls, so that a past day of it is read fast. No answer depends
//! on it: what is not summed yet is read entry by entry ([`super::receivables`]).

use std::time::Duration;

use sea_orm::{DbBackend, EntityTrait, IdenStatic, Iterable, QuerySelect};

use super::entity::{book_move, book_rolled};
use super::queue::Lane;
use super::receivables::rolled::month_of;
use super::tx::WriteTx;
use super::{Store, rows, sql};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Result};

/// Entries that are summed in one transaction, and some more of one recorded time.
const BATCH: i64 = 2_000;
/// What was recorded in the last minute is left for later: the clock of a database may be set back by
/// as much where another server takes its place, and what is summed must never be recorded again.
const YOUNG_MICROS: i64 = 60_000_000;
/// How often it is looked whether something moved: many entries of one day become one row.
const INTERVAL: Duration = Duration::from_secs(10);

impl Store {
    /// Sums until told to stop. Run it on every instance: the row that tells how far it is lets one at a
    /// time do it.
    pub async fn run_roller(&self, ctx: Ctx, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
            loop {
                let rolled = tokio::select! {
                    () = &mut stop => return,
                    rolled = self.while_answered(self.roll(&ctx, BATCH)) => rolled,
                };
                match rolled {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::warn!(%error, "moves of the book are summed later");
                        break;
                    }
                }
            }
        }
    }

    /// Sums about so many of the entries that are not summed yet; answers whether there were any.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn roll(&self, ctx: &Ctx, batch: i64) -> Result<bool> {
        // Before the look at what is there: nothing can be recorded by then any more.
        let settled = self.settled().await? - YOUNG_MICROS;
        let rolled = rows::one(&self.reader(), book_rolled::Entity::find()).await?;
        let from = rolled.map_or(0, |row| row.rolled_us);
        if self.next_after(from, settled).await?.is_none() {
            return Ok(false);
        }
        self.write(ctx, Lane::Bulk, move |tx| {
            Box::pin(async move { tx.roll(settled, batch).await })
        })
        .await
    }

    async fn next_after(&self, from: i64, settled: i64) -> Result<Option<i64>> {
        sql::scalar(&self.reader(), NEXT, vec![from.into(), settled.into(), 0_i64.into()]).await
    }
}

/// The recorded time of the entry behind so many that were recorded after one time and by another.
const NEXT: &str = "SELECT recorded_us AS v FROM entry WHERE recorded_us > $1 \
     AND recorded_us <= $2 ORDER BY recorded_us LIMIT 1 OFFSET CAST($3 AS BIGINT)";

impl WriteTx {
    async fn roll(&mut self, settled: i64, batch: i64) -> Result<bool> {
        let row = book_rolled::Entity::find().lock_exclusive();
        let row = rows::one(&self.conn, row).await?;
        let from = row.ok_or_else(|| Error::internal("book_rolled has no row"))?.rolled_us;
        let next = async |offset: i64| -> Result<Option<i64>> {
            let values = vec![from.into(), settled.into(), offset.into()];
            sql::scalar(&self.conn, NEXT, values).await
        };
        let Some(first) = next(0).await? else { return Ok(false) };
        let (month, month_ends) = month_of(first);
        // What one transaction recorded is summed as a whole.
        let full = next(batch).await?.map(|behind| (behind - 1).max(first));
        let bound = full.unwrap_or(settled).min(month_ends);
        // Of what is there, and not of the clock: nothing is recorded before what was.
        let last = "SELECT MAX(recorded_us) AS v FROM entry WHERE recorded_us <= $1";
        let to = sql::scalar(&self.conn, last, vec![bound.into()]).await?.unwrap_or(first);
        let engine = sea_orm::ConnectionTrait::get_database_backend(&self.conn);
        let values = vec![from.into(), to.into(), month.into()];
        sql::by_indexes(&self.conn, true).await?;
        sql::execute(&self.conn, rolling(engine), values).await?;
        sql::by_indexes(&self.conn, false).await?;
        let rolled = book_rolled::Model { id: 1, rolled_us: to };
        rows::update(&self.conn, vec![rolled]).await?;
        Ok(true)
    }
}

/// Adds what was recorded after `$1` and by `$2`, in the month of `$3`.
///
/// Of each item that this is about, the amount that is open is summed up day by day, with these entries and
/// without them; where one is zero and the other is not, the number of open items changes.
fn rolling(engine: DbBackend) -> String {
    let is_sqlite = engine == DbBackend::Sqlite;
    let (month_of, year_of) = match is_sqlite {
        true => ("SUBSTR(x.day, 1, 7) || '-01'", "SUBSTR(x.day, 1, 4) || '-01-01'"),
        false => {
            ("CAST(DATE_TRUNC('month', x.day) AS DATE)", "CAST(DATE_TRUNC('year', x.day) AS DATE)")
        }
    };
    let (no_month, no_date, month) = match is_sqlite {
        true => ("'0001-01-01'", "'9999-12-31'", "$3"),
        false => ("DATE '0001-01-01'", "DATE '9999-12-31'", "CAST($3 AS DATE)"),
    };
    // Item by item along the index, whatever is thought of how many there are.
    let (of_item, item) = match is_sqlite {
        true => {
            ("CROSS JOIN entry e ON e.item_id = t.item_id", "CROSS JOIN item i ON i.id = x.item_id")
        }
        false => (
            "CROSS JOIN LATERAL (SELECT * FROM entry n WHERE n.item_id = t.item_id OFFSET 0) e",
            "CROSS JOIN LATERAL (SELECT * FROM item n WHERE n.id = x.item_id LIMIT 1) i",
        ),
    };
    let columns: Vec<&str> = book_move::Column::iter().map(|column| column.as_str()).collect();
    let columns = columns.join(", ");
    format!(
        "WITH touched AS (SELECT DISTINCT t.item_id FROM entry t \
           WHERE t.recorded_us > $1 AND t.recorded_us <= $2), \
         days AS (SELECT e.item_id, e.effective_date AS day, SUM(e.amount) AS after_all, \
             SUM(CASE WHEN e.recorded_us <= $1 THEN e.amount ELSE 0 END) AS before_all \
           FROM touched t {of_item} WHERE e.recorded_us <= $2 \
           GROUP BY e.item_id, e.effective_date), \
         opened AS (SELECT item_id, day, after_all - before_all AS amount, \
             CASE WHEN SUM(after_all) OVER w = 0 THEN 0 ELSE 1 END \
             - CASE WHEN SUM(before_all) OVER w = 0 THEN 0 ELSE 1 END AS opened \
           FROM days WINDOW w AS (PARTITION BY item_id ORDER BY day)), \
         moved AS (SELECT item_id, day, amount, \
             opened - COALESCE(LAG(opened) OVER (PARTITION BY item_id ORDER BY day), 0) AS items, \
             0 AS expected FROM opened \
           UNION ALL SELECT x.item_id, \
             CASE WHEN x.effective_date < i.posting_date THEN x.effective_date \
               ELSE i.posting_date END AS day, 0 AS amount, 0 AS items, -x.amount AS expected \
           FROM entry x {item} \
           WHERE x.recorded_us > $1 AND x.recorded_us <= $2 AND i.kind = 'RECEIPT' \
             AND x.kind IN ('POST', 'REVERSE')) \
         INSERT INTO book_move ({columns}) \
         SELECT g.grain, CASE g.grain WHEN 'D' THEN x.day WHEN 'M' THEN {month_of} ELSE {year_of} END \
             AS period, i.currency, i.company_code, i.class, \
           CASE WHEN i.class IN ('ORDINARY', 'RETENTION') THEN i.due_date ELSE {no_date} END AS due, \
           CASE g.grain WHEN 'D' THEN {month} ELSE {no_month} END AS recorded_month, \
           CAST(SUM(x.amount) AS BIGINT), CAST(SUM(x.items) AS BIGINT), \
           CAST(SUM(x.expected) AS BIGINT) \
         FROM moved x {item} \
         CROSS JOIN (SELECT 'D' AS grain UNION ALL SELECT 'M' UNION ALL SELECT 'Y') g \
         WHERE x.amount <> 0 OR x.items <> 0 OR x.expected <> 0 \
         GROUP BY 1, 2, 3, 4, 5, 6, 7 \
         HAVING SUM(x.amount) <> 0 OR SUM(x.items) <> 0 OR SUM(x.expected) <> 0 \
         ON CONFLICT (grain, period, currency, company_code, class, due_date, recorded_month) \
         DO UPDATE SET amount = book_move.amount + excluded.amount, \
           items = book_move.items + excluded.items, \
           expected = book_move.expected + excluded.expected"
    )
}
