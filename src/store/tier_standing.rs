//! How the accounts of the book stand when a day begins: what a run starts from.

use chrono::NaiveDate;
use sea_orm::{DbBackend, FromQueryResult};

use super::{ReadTx, sql};
use crate::domain::error::Result;
use crate::domain::tier::applied::Standing;
use crate::domain::tier::evaluate::Standings;

#[derive(FromQueryResult)]
struct Row {
    account_id: String,
    class: String,
    since_date: NaiveDate,
    raw_class: String,
    below_runs: i32,
    proposed_class: Option<String>,
}

/// Of each account the last change point before the day `$1`, or of a person on it. One step down the
/// index finds it, however many there are before it: in both forms accounts are gone through and each
/// change point is looked up, as a join that an engine is free to order could read them all. SQLite's index
/// names the row, by which it is read at once.
fn text(engine: DbBackend) -> String {
    let last = |columns: &str| {
        format!(
            "SELECT {columns} FROM tier_assignment t WHERE t.account_id = k.id \
               AND t.from_date <= $1 AND (t.from_date < $1 OR t.reason IS NOT NULL) \
             ORDER BY t.from_date DESC, t.recorded_us DESC LIMIT 1"
        )
    };
    let columns = "class, since_date, raw_class, below_runs, proposed_class";
    let standing = match engine {
        DbBackend::Sqlite => {
            format!("CROSS JOIN tier_assignment a ON a.rowid = ({})", last("rowid"))
        }
        _ => format!("CROSS JOIN LATERAL ({}) a", last(columns)),
    };
    let columns = columns.replace(", ", ", a.");
    format!("SELECT k.id AS account_id, a.{columns} FROM account k {standing} ORDER BY k.id")
}

impl ReadTx {
    /// How accounts stood when a day began, and as people decided on it: the last change point of
    /// each, without those of a run of the day itself.
    pub async fn standings_before(&self, day: NaiveDate) -> Result<Standings> {
        // Built at once of what comes in the order of ids.
        let mut standings = Vec::new();
        let take = |row: Row| {
            let Row { account_id, class, since_date, raw_class, below_runs, proposed_class } = row;
            let standing = Standing {
                class,
                since: since_date,
                raw: raw_class,
                below_runs,
                proposed: proposed_class,
            };
            standings.push((account_id, standing));
            Ok(())
        };
        let engine = sea_orm::ConnectionTrait::get_database_backend(&self.conn);
        sql::by_indexes(&self.conn, true).await?;
        sql::each(&self.conn, text(engine), vec![day.into()], take).await?;
        sql::by_indexes(&self.conn, false).await?;
        Ok(standings.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use rust_decimal::Decimal;
    use rust_decimal::prelude::ToPrimitive as _;
    use sea_orm::Statement;
    use uuid::Uuid;

    use super::*;
    use crate::store::seed::{Fresh, day, fresh};

    async fn point(db: &Fresh, account: &str, from: NaiveDate, recorded_us: i64, decided: bool) {
        db.sql(
            "INSERT INTO tier_assignment (id, account_id, from_date, recorded_us, run_id, class, \
             since_date, raw_class, below_runs, cause, figures, recorded_by, reason) \
             VALUES ($1, $2, $3, $4, $1, $5, $3, 'C', 0, 'RUN', '{}', 'me', $6)",
            vec![
                Uuid::now_v7().into(),
                account.into(),
                from.into(),
                recorded_us.into(),
                format!("{account}-{recorded_us}").into(),
                decided.then_some("so").into(),
            ],
        )
        .await;
    }

    async fn classes(db: &Fresh, on: NaiveDate) -> Vec<String> {
        let read = db
            .store
            .read(&db.ctx, move |tx| Box::pin(async move { tx.standings_before(on).await }));
        read.await.unwrap().into_values().map(|standing| standing.class).collect()
    }

    #[tokio::test]
    async fn the_last_point_before_the_day_counts_and_a_decision_of_the_day() {
        for db in fresh().await {
            for id in ["a", "b", "c", "d"] {
                db.account(id).await;
            }
            point(&db, "a", day(6, 1), 1, false).await;
            point(&db, "a", day(6, 10), 4, false).await;
            point(&db, "b", day(6, 1), 1, false).await;
            point(&db, "b", day(6, 1), 2, false).await;
            // On the day itself: decided by a person, and then by a run that took another's place.
            point(&db, "b", day(6, 10), 3, true).await;
            point(&db, "b", day(6, 10), 4, false).await;
            point(&db, "c", day(6, 11), 5, false).await;
            assert_eq!(classes(&db, day(6, 1)).await, Vec::<String>::new());
            assert_eq!(classes(&db, day(6, 2)).await, ["a-1", "b-2"]);
            assert_eq!(classes(&db, day(6, 10)).await, ["a-1", "b-3"]);
            assert_eq!(classes(&db, day(6, 12)).await, ["a-4", "b-4", "c-5"]);
        }
    }

    /// Change points of each account, one a day.
    const HISTORY: u64 = 200;

    #[tokio::test]
    async fn one_step_finds_how_an_account_stands_whatever_came_before() {
        for db in fresh().await {
            let first = day(1, 1) - Days::new(HISTORY);
            for account in ["a", "b", "c"] {
                db.account(account).await;
                for n in 0..HISTORY {
                    point(&db, account, first + Days::new(n), 1 + n as i64, false).await;
                }
            }
            db.sql("ANALYZE", vec![]).await;
            let engine = sea_orm::ConnectionTrait::get_database_backend(&db.store.reader());
            let of_day = vec![day(6, 1).into()];
            let statement = Statement::from_sql_and_values(engine, text(engine), of_day);
            let plan = db.plan(&statement).await;
            match db.store.is_sqlite() {
                true => {
                    let step = "SEARCH t USING INDEX tier_assignment_account \
                        (account_id=? AND from_date<?)";
                    assert!(plan.contains(step), "{plan}");
                    assert!(plan.contains("SEARCH a USING INTEGER PRIMARY KEY"), "{plan}");
                    assert!(!plan.contains("SCAN t") && !plan.contains("SCAN a"), "{plan}");
                    // In the order of the index: nothing is sorted to find the last.
                    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
                }
                false => {
                    let step = "Index Scan Backward using tier_assignment_account";
                    assert!(plan.contains(step), "{plan}");
                    assert!(!plan.contains("Scan on tier_assignment"), "{plan}");
                    assert_eq!(rows_read(&db, &statement).await, 3, "one of each account");
                }
            }
        }
    }

    /// Change points that the connection has read from end to end, and not told the server's statistics yet.
    async fn scanned(tx: &ReadTx) -> Result<i64> {
        let text = "SELECT CAST(seq_tup_read AS BIGINT) AS v FROM pg_stat_xact_user_tables \
             WHERE relname = 'tier_assignment'";
        Ok(sql::scalar(&tx.conn, text, vec![]).await?.unwrap_or_default())
    }

    #[tokio::test]
    async fn a_plan_of_the_empty_book_does_not_outlive_it() {
        for db in fresh().await {
            if db.store.is_sqlite() {
                continue;
            }
            // An empty table of which it is known that it is.
            db.sql("ANALYZE", vec![]).await;
            assert_eq!(classes(&db, day(6, 1)).await, Vec::<String>::new());
            for account in ["a", "b", "c"] {
                db.account(account).await;
                for n in 0..HISTORY {
                    let from = day(1, 1) - Days::new(n);
                    point(&db, account, from, 1 + n as i64, false).await;
                }
            }
            let read = db.store.read(&db.ctx, |tx| {
                Box::pin(async move {
                    let before = scanned(tx).await?;
                    let standings = tx.standings_before(day(6, 1)).await?;
                    Ok((standings.len(), scanned(tx).await? - before))
                })
            });
            assert_eq!(read.await.unwrap(), (3, 0), "accounts, and rows not found by an index");
        }
    }

    /// How many change points PostgreSQL hands on when it runs the statement.
    async fn rows_read(db: &Fresh, statement: &Statement) -> u64 {
        let analyzed = Statement { sql: format!("ANALYZE {}", statement.sql), ..statement.clone() };
        let plan = db.plan(&analyzed).await;
        let scan = plan.lines().find(|line| line.contains("using tier_assignment_account"));
        let actual = scan.and_then(|line| line.split("actual").nth(1)).expect("a scan");
        let number = |name: &str| -> Decimal {
            let told = actual.split(name).nth(1).expect("a number");
            let end = told.find(|c: char| c != '.' && !c.is_ascii_digit());
            told[..end.unwrap_or(told.len())].parse().expect("a number")
        };
        (number("rows=") * number("loops=")).round().to_u64().expect("a number")
    }
}
