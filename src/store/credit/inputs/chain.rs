//! Accounts with those above them, and those that count as one of these.

use std::collections::BTreeSet;

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
    /// As which it counts; `None`: as itself.
    pub merged_into: Option<String>,
    pub root_id: String,
    pub group_revision: i64,
    /// When a reservation of the group counts otherwise by itself.
    pub next_change_us: i64,
}

/// The accounts and those above them, and whichever count as one of these.
#[derive(Debug, Default)]
pub(super) struct Chains {
    pub accounts: Vec<Account>,
    /// Those that count as others, with the account that they count as. One that is neither asked about
    /// nor above is here alone.
    pub merged: Vec<(String, String)>,
}

impl Chains {
    fn of(asked: &[String], found: Vec<Account>) -> Self {
        let counts_as =
            |account: &Account| Some((account.id.clone(), account.merged_into.clone()?));
        let merged: Vec<(String, String)> = found.iter().filter_map(counts_as).collect();
        if merged.is_empty() {
            return Self { accounts: found, merged };
        }
        let mut within: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = asked.iter().map(String::as_str).collect();
        while let Some(id) = next.pop() {
            if within.insert(id) {
                let above = found.iter().filter(|account| account.id == id);
                next.extend(above.map(|account| account.parent_id.as_str()));
            }
        }
        let within: BTreeSet<String> = within.into_iter().map(str::to_owned).collect();
        let accounts = found.into_iter().filter(|account| within.contains(&account.id)).collect();
        Self { accounts, merged }
    }
}

/// The accounts with those above them.
pub(super) async fn load(conn: &impl ConnectionTrait, accounts: &[String]) -> Result<Chains> {
    let (backend, set) = (conn.get_database_backend(), Set::one(accounts));
    let asked = format!("SELECT v FROM {}", set.table(backend, "s", 1));
    let all: Vec<String> = (0..MAX_DEPTH).map(|l| format!("SELECT id FROM l{l}")).collect();
    let merged = within(backend, "m.merged_into", "SELECT id FROM chain");
    let merged = format!("SELECT m.id FROM account m WHERE {merged}");
    let text = format!(
        "WITH {levels}, chain(id) AS ({chain}) \
         SELECT a.id, a.parent_id, a.state, a.delete_us, a.merged_into, h.root_id, g.group_revision, \
           COALESCE((SELECT o.next_change_us FROM credit_reservation o \
             WHERE o.root_id = h.root_id AND o.next_change_us < {NEVER} \
             ORDER BY o.next_change_us LIMIT 1), {NEVER}) AS next_change_us \
         FROM account a JOIN account_head h ON h.account_id = a.id \
         JOIN account_head g ON g.account_id = h.root_id WHERE {these}",
        levels = levels(backend, &asked),
        chain = all.join(" UNION "),
        these = within(backend, "a.id", &format!("SELECT id FROM chain UNION {merged}")),
    );
    let found = sql::all(conn, text, set.into_values(backend)).await?;
    Ok(Chains::of(accounts, found))
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
