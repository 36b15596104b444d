//! Groups as they were: who stood below or above an account on a day, by the links of that day
//! as known at an instant. A link is a change point: from its day on, until the next one, the
//! account stands under that parent. Before the first one nobody knows, unless the account was
//! there already: then it stood under nobody.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::domain::error::Result;
use crate::domain::group::{GroupAt, Kin, Links};
use crate::store::rows::Set;
use crate::store::sql;
use crate::store::{ReadTx, WriteTx};

/// That the link `l` counts on a day as known at an instant (both SQL): of the links of its
/// account that are effective and recorded by then, it is the one that takes effect last, and of
/// those the one recorded last.
pub fn counts(day: &str, known_at: &str) -> String {
    format!(
        "l.effective_date <= {day} AND l.recorded_us <= {known_at} AND NOT EXISTS \
         (SELECT 1 FROM account_link n WHERE n.account_id = l.account_id \
           AND n.effective_date <= {day} AND n.recorded_us <= {known_at} \
           AND (n.effective_date > l.effective_date OR \
             (n.effective_date = l.effective_date AND n.recorded_us > l.recorded_us)))"
    )
}

/// That the link `l` is the first one of its account as known at an instant, and takes effect
/// only after a day on which the account was not there yet.
fn is_unknown_on(day: &str, ends_us: &str, known_at: &str) -> String {
    format!(
        "l.effective_date > {day} AND l.recorded_us <= {known_at} AND NOT EXISTS \
         (SELECT 1 FROM account_link n WHERE n.account_id = l.account_id \
           AND n.recorded_us <= {known_at} AND (n.effective_date < l.effective_date OR \
             (n.effective_date = l.effective_date AND n.recorded_us > l.recorded_us))) \
         AND EXISTS (SELECT 1 FROM account a WHERE a.id = l.account_id AND a.create_us >= {ends_us})"
    )
}

/// The account and everything below it, by id. UNION leaves out what was met before, so that
/// the walk ends whatever the links are.
async fn group_members(conn: &impl ConnectionTrait, root: &str, at: GroupAt) -> Result<Kin> {
    #[derive(FromQueryResult)]
    struct Row {
        id: String,
        known: i64,
        first: Option<NaiveDate>,
    }
    let known = counts("$2", "$3");
    let unknown = is_unknown_on("$2", "$4", "$3");
    let rows: Vec<Row> = sql::all(
        conn,
        format!(
            "WITH RECURSIVE member(id, known) AS (SELECT id, 1 FROM account WHERE id = $1 UNION \
             SELECT l.account_id, CASE WHEN l.effective_date <= $2 THEN known ELSE 0 END \
             FROM member m JOIN account_link l ON l.parent_id = m.id \
             WHERE ({known}) OR ({unknown})) \
             SELECT m.id, CAST(known AS BIGINT) AS known, \
               (SELECT MIN(f.effective_date) FROM account_link f \
                WHERE f.account_id = m.id AND f.recorded_us <= $3) AS first \
             FROM member m ORDER BY m.id"
        ),
        vec![root.into(), at.as_of.into(), at.known_at.into(), at.ends_us.into()],
    )
    .await?;
    let mut kin = Kin::default();
    for Row { id, known, first } in rows {
        match known {
            0 => kin.known_from = kin.known_from.max(first.filter(|first| *first > at.as_of)),
            _ => kin.accounts.push(id),
        }
    }
    Ok(kin)
}

/// The parents of each account, nearest first, each at its own day as known at its own instant;
/// in the order asked.
async fn ancestors(conn: &impl ConnectionTrait, points: &[(String, GroupAt)]) -> Result<Vec<Kin>> {
    let backend = conn.get_database_backend();
    let asked = Set::new()
        .named("n", 0_i64..points.len() as i64)
        .named("id", points.iter().map(|(id, _)| id))
        .named("as_of", points.iter().map(|(_, at)| at.as_of))
        .named("known_at", points.iter().map(|(_, at)| at.known_at));
    let sql = format!(
        "WITH RECURSIVE above(n, id, step, as_of, known_at) AS ( \
           SELECT n, id, 0, as_of, known_at FROM {} UNION ALL \
           SELECT a.n, l.parent_id, a.step + 1, a.as_of, a.known_at \
           FROM above a JOIN account_link l ON l.account_id = a.id \
           WHERE a.step < 64 AND l.parent_id <> '' AND {}) \
         SELECT u.n, u.id, CAST(u.step AS BIGINT) AS step, o.create_us, \
           (SELECT MIN(f.effective_date) FROM account_link f \
            WHERE f.account_id = u.id AND f.recorded_us <= u.known_at) AS first \
         FROM above u JOIN account o ON o.id = u.id ORDER BY u.n, u.step",
        asked.table(backend, "k", 1),
        counts("a.as_of", "a.known_at"),
    );
    #[derive(FromQueryResult)]
    struct Row {
        n: i64,
        id: String,
        step: i64,
        create_us: i64,
        first: Option<NaiveDate>,
    }
    let rows: Vec<Row> = sql::all(conn, sql, asked.into_values(backend)).await?;
    let mut found = vec![Kin::default(); points.len()];
    for Row { n, id, step, create_us, first } in rows {
        let Some(n) = usize::try_from(n).ok() else { continue };
        let (Some(kin), Some((_, at))) = (found.get_mut(n), points.get(n)) else { continue };
        if create_us >= at.ends_us {
            kin.known_from = kin.known_from.max(first.filter(|first| *first > at.as_of));
        }
        if step > 0 {
            kin.accounts.push(id);
        }
    }
    Ok(found)
}

impl WriteTx {
    /// All links of an account, of whoever stood above another one on any day, and, if asked, of
    /// whoever stood below the account on any day.
    pub async fn links_of(&self, account_id: &str, above: &str, below: bool) -> Result<Links> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            effective_date: NaiveDate,
            parent_id: String,
        }
        let rows: Vec<Row> = sql::all(
            &self.conn,
            "WITH RECURSIVE above(id) AS (SELECT id FROM account WHERE id = $2 UNION \
             SELECT l.parent_id FROM above a JOIN account_link l ON l.account_id = a.id \
             WHERE l.parent_id <> ''), \
             below(id) AS (SELECT id FROM account WHERE id = $1 UNION \
             SELECT l.account_id FROM below b JOIN account_link l ON l.parent_id = b.id \
             WHERE $3) \
             SELECT l.account_id, l.effective_date, l.parent_id FROM account_link l \
             WHERE l.account_id IN (SELECT id FROM below) OR l.account_id IN (SELECT id FROM above) \
             ORDER BY l.recorded_us",
            vec![account_id.into(), above.into(), below.into()],
        )
        .await?;
        let mut links = Links::default();
        for Row { account_id, effective_date, parent_id } in rows {
            let parent = Some(parent_id).filter(|id| !id.is_empty());
            links.record(account_id, effective_date, parent);
        }
        Ok(links)
    }
}

impl ReadTx {
    /// The account and everything below it on that day, as known at that instant, by id. Deleted
    /// accounts too: they had their days.
    pub async fn group_members(&self, root: &str, at: GroupAt) -> Result<Kin> {
        group_members(&self.conn, root, at).await
    }

    /// From the direct parent to the root of the group, of several accounts, each on its own day
    /// as known at its own instant, in the order asked.
    pub async fn ancestors_of(&self, points: &[(String, GroupAt)]) -> Result<Vec<Kin>> {
        ancestors(&self.conn, points).await
    }
}
