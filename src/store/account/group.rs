//! Groups as they were: who stood below or above an account on a day, by the links of that day
//! as known at an instant.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::domain::error::Result;
use crate::store::{ReadTx, sql};

/// That the link `l` counts on day `$2` as known at `$3`: of the links of its account that are
/// effective and recorded by then, it is the one recorded last.
const COUNTS: &str = "l.effective_date <= $2 AND l.recorded_us <= $3 AND NOT EXISTS \
    (SELECT 1 FROM account_link n WHERE n.account_id = l.account_id \
      AND n.effective_date <= $2 \
      AND n.recorded_us <= $3 AND n.recorded_us > l.recorded_us)";

#[derive(FromQueryResult)]
struct Id {
    id: String,
}

fn ids(rows: Vec<Id>) -> Vec<String> {
    rows.into_iter().map(|row| row.id).collect()
}

/// The account and everything below it, by id. UNION leaves out what was met before, so that
/// the walk ends whatever the links are.
pub(in crate::store) async fn group_members(
    conn: &impl ConnectionTrait,
    root: &str,
    as_of: NaiveDate,
    known_at: i64,
) -> Result<Vec<String>> {
    let rows = sql::all(
        conn,
        format!(
            "WITH RECURSIVE member(id) AS (SELECT CAST($1 AS TEXT) UNION \
             SELECT l.account_id FROM member m JOIN account_link l ON l.parent_id = m.id \
             WHERE {COUNTS}) SELECT id FROM member ORDER BY id"
        ),
        vec![root.into(), as_of.into(), known_at.into()],
    )
    .await?;
    Ok(ids(rows))
}

/// The account's parents, nearest first.
pub(in crate::store) async fn ancestors(
    conn: &impl ConnectionTrait,
    account_id: &str,
    as_of: NaiveDate,
    known_at: i64,
) -> Result<Vec<String>> {
    let rows = sql::all(
        conn,
        format!(
            "WITH RECURSIVE above(id, step) AS (SELECT CAST($1 AS TEXT), 0 UNION ALL \
             SELECT l.parent_id, a.step + 1 FROM above a JOIN account_link l ON l.account_id = a.id \
             WHERE a.step < 64 AND l.parent_id <> '' AND {COUNTS}) \
             SELECT id FROM above WHERE step > 0 ORDER BY step"
        ),
        vec![account_id.into(), as_of.into(), known_at.into()],
    )
    .await?;
    Ok(ids(rows))
}

impl ReadTx {
    /// The account and everything below it on that day, as known at that instant
    /// (microseconds since the epoch), by id. Deleted accounts too: they had their days.
    pub async fn group_members(
        &self,
        root: &str,
        as_of: NaiveDate,
        known_at: i64,
    ) -> Result<Vec<String>> {
        group_members(&self.conn, root, as_of, known_at).await
    }

    /// From the direct parent to the root of the group, on that day as known at that instant.
    pub async fn ancestors(
        &self,
        account_id: &str,
        as_of: NaiveDate,
        known_at: i64,
    ) -> Result<Vec<String>> {
        ancestors(&self.conn, account_id, as_of, known_at).await
    }
}
