//! Groups as they were: who stood below or above an account on a day, by the links of that day
//! as known at an instant.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::domain::error::Result;
use crate::store::ReadTx;
use crate::store::rows::Set;
use crate::store::sql;

/// That the link `l` counts on a day as known at an instant (both SQL): of the links of its
/// account that are effective and recorded by then, it is the one recorded last.
fn counts(day: &str, known_at: &str) -> String {
    format!(
        "l.effective_date <= {day} AND l.recorded_us <= {known_at} AND NOT EXISTS \
         (SELECT 1 FROM account_link n WHERE n.account_id = l.account_id \
           AND n.effective_date <= {day} \
           AND n.recorded_us <= {known_at} AND n.recorded_us > l.recorded_us)"
    )
}

#[derive(FromQueryResult)]
struct Id {
    id: String,
}

fn ids(rows: Vec<Id>) -> Vec<String> {
    rows.into_iter().map(|row| row.id).collect()
}

/// The account and everything below it, by id. UNION leaves out what was met before, so that
/// the walk ends whatever the links are.
async fn group_members(
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
             WHERE {}) SELECT id FROM member ORDER BY id",
            counts("$2", "$3")
        ),
        vec![root.into(), as_of.into(), known_at.into()],
    )
    .await?;
    Ok(ids(rows))
}

/// The parents of each account, nearest first, each at its own day as known at its own instant;
/// in the order asked.
async fn ancestors(
    conn: &impl ConnectionTrait,
    points: &[(String, NaiveDate, i64)],
) -> Result<Vec<Vec<String>>> {
    let backend = conn.get_database_backend();
    let asked = Set::new()
        .named("n", 0_i64..points.len() as i64)
        .named("id", points.iter().map(|(id, ..)| id))
        .named("as_of", points.iter().map(|(_, as_of, _)| *as_of))
        .named("known_at", points.iter().map(|(.., known_at)| *known_at));
    let sql = format!(
        "WITH RECURSIVE above(n, id, step, as_of, known_at) AS ( \
           SELECT n, id, 0, as_of, known_at FROM {} UNION ALL \
           SELECT a.n, l.parent_id, a.step + 1, a.as_of, a.known_at \
           FROM above a JOIN account_link l ON l.account_id = a.id \
           WHERE a.step < 64 AND l.parent_id <> '' AND {}) \
         SELECT n, id FROM above WHERE step > 0 ORDER BY n, step",
        asked.table(backend, "k", 1),
        counts("a.as_of", "a.known_at"),
    );
    #[derive(FromQueryResult)]
    struct Row {
        n: i64,
        id: String,
    }
    let rows: Vec<Row> = sql::all(conn, sql, asked.into_values(backend)).await?;
    let mut found = vec![Vec::new(); points.len()];
    for Row { n, id } in rows {
        if let Some(above) = usize::try_from(n).ok().and_then(|n| found.get_mut(n)) {
            above.push(id);
        }
    }
    Ok(found)
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
        let mut found = self.ancestors_of(&[(account_id.to_owned(), as_of, known_at)]).await?;
        Ok(found.pop().unwrap_or_default())
    }

    /// The ancestors of several accounts, each on its own day as known at its own instant, in
    /// the order asked.
    pub async fn ancestors_of(
        &self,
        points: &[(String, NaiveDate, i64)],
    ) -> Result<Vec<Vec<String>>> {
        ancestors(&self.conn, points).await
    }
}
