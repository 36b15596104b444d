//! Accounts with those above them.

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult};

use super::within;
use crate::domain::account::AccountState;
use crate::domain::error::Result;
use crate::domain::group::MAX_DEPTH;
use crate::store::rows::Set;
use crate::store::sql;

/// An account, and how its group is.
#[derive(Debug, FromQueryResult)]
pub(super) struct Account {
    pub id: String,
    /// Empty at the top.
    pub parent_id: String,
    pub state: AccountState,
    /// 0 while it is there.
    pub delete_us: i64,
    pub root_id: String,
    pub group_revision: i64,
    /// When a reservation of the group counts otherwise by itself.
    pub next_change_us: i64,
}

/// The accounts and those above them.
pub(super) async fn load(conn: &impl ConnectionTrait, asked: &[String]) -> Result<Vec<Account>> {
    let (backend, set) = (conn.get_database_backend(), Set::one(asked));
    let asked = format!("SELECT v FROM {}", set.table(backend, "s", 1));
    let all: Vec<String> = (0..MAX_DEPTH).map(|l| format!("SELECT id FROM l{l}")).collect();
    let text = format!(
        "WITH {levels}, chain(id) AS ({chain}) \
         SELECT a.id, a.parent_id, a.state, a.delete_us, h.root_id, g.group_revision, \
           COALESCE((SELECT o.next_change_us FROM credit_reservation o \
             WHERE o.root_id = h.root_id AND o.next_change_us < {NEVER} \
             ORDER BY o.next_change_us LIMIT 1), {NEVER}) AS next_change_us \
         FROM account a JOIN account_head h ON h.account_id = a.id \
         JOIN account_head g ON g.account_id = h.root_id WHERE {these}",
        levels = levels(backend, &asked),
        chain = all.join(" UNION "),
        these = within(backend, "a.id", "SELECT id FROM chain"),
    );
    sql::all(conn, text, set.into_values(backend)).await
}

/// Of a reservation that does not change by itself.
pub(super) const NEVER: i64 = i64::MAX;

/// The levels of a group, from the accounts asked about up to where it ends: `l0`, `l1` and so on.
///
/// The walk up is written out, a level for each that a group may have: of a recursive one
/// PostgreSQL thinks so large that it reads whole tables.
fn levels(engine: DbBackend, asked: &str) -> String {
    let up = "SELECT id, parent_id FROM account WHERE";
    let mut levels = vec![format!("l0(id, parent_id) AS ({up} {})", within(engine, "id", asked))];
    for level in 1..MAX_DEPTH {
        let below = format!("SELECT parent_id FROM l{}", level - 1);
        levels.push(format!("l{level}(id, parent_id) AS ({up} {})", within(engine, "id", &below)));
    }
    levels.join(", ")
}
