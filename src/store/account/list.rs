//! Accounts a page at a time.

use sea_orm::{ConnectionTrait, Value};

use super::rows::{self, COLUMNS};
use crate::domain::account::{
    AccountFilter, AccountKey, AccountList, AccountOrder, AccountPage, AccountState, display_key,
};
use crate::domain::error::Result;
use crate::store::sql;

/// A statement as it grows: its text, and the values its placeholders stand for.
struct Select {
    sql: String,
    values: Vec<Value>,
}

impl Select {
    /// Binds a value; answers its placeholder.
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn filter(&mut self, filter: &AccountFilter<String>) {
        let AccountFilter { parent, state, display_name_prefix, show_deleted } = filter;
        if let Some(parent) = parent {
            let parent = self.bind(parent.as_str());
            self.sql += &format!(" AND a.parent_id = {parent}");
        }
        match state {
            Some(AccountState::Deleted) => self.sql += " AND a.delete_us <> 0",
            Some(state @ (AccountState::Active | AccountState::Blocked)) => {
                let state = self.bind(state.as_str());
                self.sql += &format!(" AND a.delete_us = 0 AND a.state = {state}");
            }
            None if !show_deleted => self.sql += " AND a.delete_us = 0",
            None => {}
        }
        if !display_name_prefix.is_empty() {
            let prefix = self.bind(display_key(display_name_prefix));
            self.sql += &format!(" AND substr(a.display_key, 1, length({prefix})) = {prefix}");
        }
    }

    fn begin_after(&mut self, key: &AccountKey, descending: bool) {
        let than = if descending { '<' } else { '>' };
        let (column, value, id) = match key {
            AccountKey::Id(id) => {
                let id = self.bind(id.as_str());
                self.sql += &format!(" AND a.id {than} {id}");
                return;
            }
            AccountKey::DisplayName(name, id) => ("a.display_name", self.bind(name.as_str()), id),
            AccountKey::CreateTime(micros, id) => ("a.create_us", self.bind(*micros), id),
        };
        let id = self.bind(id.as_str());
        self.sql += &format!(" AND ({column}, a.id) {than} ({value}, {id})");
    }

    fn order(&mut self, order: AccountOrder, descending: bool) {
        let direction = if descending { " DESC" } else { "" };
        let first = match order {
            AccountOrder::Id => String::new(),
            AccountOrder::DisplayName => format!("a.display_name{direction}, "),
            AccountOrder::CreateTime => format!("a.create_us{direction}, "),
        };
        self.sql += &format!(" ORDER BY {first}a.id{direction}");
    }
}

/// A page of the accounts asked for.
pub(super) async fn page(
    conn: &impl ConnectionTrait,
    list: &AccountList<String>,
) -> Result<AccountPage> {
    let AccountList { filter, order, descending, after, size } = list;
    let mut select =
        Select { sql: format!("SELECT {COLUMNS} FROM account a WHERE TRUE"), values: Vec::new() };
    select.filter(filter);
    if let Some(key) = after {
        select.begin_after(key, *descending);
    }
    select.order(*order, *descending);
    // One more than asked for tells whether another page follows.
    let limit = select.bind(*size as i64 + 1);
    select.sql += &format!(" LIMIT {limit}");
    let mut found: Vec<rows::Row> = sql::all(conn, select.sql, select.values).await?;
    let more = found.len() > *size;
    found.truncate(*size);
    let accounts = rows::complete(conn, found).await?;
    let next = accounts.last().filter(|_| more).map(|last| AccountKey::of(last, *order));
    Ok(AccountPage { accounts, next })
}
