//! What counts against limits: a projection of each account with everything below it, so that
//! a check reads the chain of an account and not its group.
//!
//! The rows of an account are those of its group: whoever moves them holds its lock.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use crate::domain::credit::component::{AT_ONCE, ExposureKey};
use crate::domain::error::Result;
use crate::domain::group::MAX_DEPTH;
use crate::store::entity::credit_exposure::{Column, Entity};
use crate::store::rows::{self, ROWS_PER_STATEMENT, Set};
use crate::store::{WriteTx, sql};

/// That an entry `e` of an item `i` counts as soon as it is recorded, whatever its day: see
/// [`crate::domain::books::Changes`]. A debit does, and what takes it back from its first day on.
pub(in crate::store) const COUNTS_AT_ONCE: &str =
    "(e.kind IN ('POST', 'REVERSE') AND i.amount > 0 AND e.effective_date = i.posting_date)";

/// Adds to what is there.
fn add() -> String {
    rows::adding::<Entity>(&[Column::Amount])
}

/// What has come to count by today counts at once: one row for all of it.
pub(in crate::store) fn settle_days(
    moves: BTreeMap<ExposureKey, i64>,
    today: NaiveDate,
) -> BTreeMap<ExposureKey, i64> {
    let mut settled = BTreeMap::new();
    for (mut key, amount) in moves {
        if key.effective <= today {
            key.effective = AT_ONCE;
        }
        *settled.entry(key).or_default() += amount;
    }
    settled
}

/// Adds to what the accounts count, and every account above each of them. Their groups are
/// locked; rows are written in the order of their key, so that writers meet in one order.
pub(in crate::store) async fn add_exposure(
    conn: &impl ConnectionTrait,
    moves: BTreeMap<ExposureKey, i64>,
) -> Result<()> {
    let moved: Vec<(ExposureKey, i64)> =
        moves.into_iter().filter(|(_, amount)| *amount != 0).collect();
    let (backend, above, add) = (conn.get_database_backend(), above(), add());
    for moved in moved.chunks(ROWS_PER_STATEMENT) {
        let keys = || moved.iter().map(|(key, _)| key);
        let set = Set::new()
            .column(Column::AccountId, keys().map(|key| &key.account_id))
            .column(Column::Currency, keys().map(|key| key.currency))
            .column(Column::CompanyCode, keys().map(|key| &key.company_code))
            .column(Column::Component, keys().map(|key| key.component))
            .column(Column::EffectiveDate, keys().map(|key| key.effective))
            .column(Column::Amount, moved.iter().map(|(_, amount)| *amount));
        let text = format!(
            "INSERT INTO credit_exposure \
               (account_id, currency, company_code, component, effective_date, amount) \
             WITH moved AS (SELECT * FROM {}), {above} \
             SELECT u.ancestor_id, m.currency, m.company_code, m.component, m.effective_date, \
               CAST(SUM(m.amount) AS BIGINT) \
             FROM moved m JOIN above u ON u.account_id = m.account_id \
             GROUP BY u.ancestor_id, m.currency, m.company_code, m.component, m.effective_date \
             HAVING SUM(m.amount) <> 0 \
             ORDER BY u.ancestor_id, m.currency, m.company_code, m.component, m.effective_date \
             {add}",
            set.table(backend, "r", 1)
        );
        sql::execute(conn, text, set.into_values(backend)).await?;
    }
    Ok(())
}

/// The accounts of `moved` with themselves and each account above them, as `above`. A level for
/// each that a group may have: see [`super::inputs`].
fn above() -> String {
    let mut levels = vec![
        "l0(account_id, ancestor_id, parent_id) AS (SELECT a.id, a.id, a.parent_id \
         FROM (SELECT DISTINCT account_id FROM moved) o JOIN account a ON a.id = o.account_id)"
            .to_owned(),
    ];
    for level in 1..MAX_DEPTH {
        levels.push(format!(
            "l{level}(account_id, ancestor_id, parent_id) AS (SELECT l.account_id, a.id, \
             a.parent_id FROM l{below} l JOIN account a ON a.id = l.parent_id)",
            below = level - 1
        ));
    }
    let all: Vec<String> =
        (0..MAX_DEPTH).map(|l| format!("SELECT account_id, ancestor_id FROM l{l}")).collect();
    format!("{}, above AS ({})", levels.join(", "), all.join(" UNION ALL "))
}

/// Takes what an account and everything below it counts off the accounts above it, and adds it
/// to `parent_id` (empty: nobody) and those above that. The account still stands where it stood,
/// and both groups are locked.
pub(in crate::store) async fn move_exposure(
    conn: &impl ConnectionTrait,
    account_id: &str,
    parent_id: &str,
) -> Result<()> {
    sql::execute(
        conn,
        format!(
            "INSERT INTO credit_exposure \
               (account_id, currency, company_code, component, effective_date, amount) \
             WITH RECURSIVE above(id, sign, step) AS ( \
               SELECT parent_id, -1, 0 FROM account WHERE id = $1 AND parent_id <> '' \
               UNION ALL SELECT id, 1, 0 FROM account WHERE id = $2 \
               UNION ALL SELECT a.parent_id, u.sign, u.step + 1 FROM above u \
               JOIN account a ON a.id = u.id WHERE a.parent_id <> '' AND u.step < 64), \
             moved AS (SELECT id, SUM(sign) AS sign FROM above GROUP BY id HAVING SUM(sign) <> 0) \
             SELECT m.id, c.currency, c.company_code, c.component, c.effective_date, \
               CAST(m.sign * c.amount AS BIGINT) \
             FROM moved m JOIN credit_exposure c ON c.account_id = $1 WHERE c.amount <> 0 \
             ORDER BY m.id, c.currency, c.company_code, c.component, c.effective_date {}",
            add()
        ),
        vec![account_id.into(), parent_id.into()],
    )
    .await?;
    Ok(())
}

impl WriteTx {
    /// Adds to what accounts and every account above them count against limits; their groups
    /// are locked. What counts from a day on that has come counts at once.
    pub async fn add_exposure(&mut self, moves: BTreeMap<ExposureKey, i64>) -> Result<()> {
        add_exposure(&self.conn, settle_days(moves, self.clock().business_date())).await
    }
}
