//! Accounts as rows, and back.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::domain::account::{Account, AccountState, ExternalRef, display_key};
use crate::domain::error::{Error, Result};
use crate::store::sql::{self, Cell, Kind, Rows};

/// The columns of [`Row`], of the table as `a`.
pub(super) const COLUMNS: &str = "a.id, a.display_name, a.legal_name, a.region_code, a.tax_id, \
    a.parent_id, a.related_party, a.labels, a.state, a.block_reason, a.create_us, a.update_us, \
    a.delete_us, a.version";

#[derive(FromQueryResult)]
pub(super) struct Row {
    id: String,
    display_name: String,
    legal_name: String,
    region_code: String,
    tax_id: String,
    parent_id: String,
    related_party: bool,
    labels: String,
    state: String,
    block_reason: String,
    create_us: i64,
    update_us: i64,
    delete_us: i64,
    version: i64,
}

/// The accounts of these ids that exist, by id.
pub(super) async fn load(
    conn: &impl ConnectionTrait,
    ids: &[&str],
) -> Result<HashMap<String, Account>> {
    let set = sql::set(Kind::Text, ids.iter().copied());
    let rows: Vec<Row> = sql::all(
        conn,
        format!("SELECT {COLUMNS} FROM account a WHERE a.id IN {}", set.subquery(conn, 1)),
        set.values(conn),
    )
    .await?;
    let accounts = complete(conn, rows).await?;
    Ok(accounts.into_iter().map(|account| (account.id.clone(), account)).collect())
}

/// The accounts of these rows with their keys in other systems, in the order of the rows.
pub(super) async fn complete(conn: &impl ConnectionTrait, rows: Vec<Row>) -> Result<Vec<Account>> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut refs = external_refs(conn, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let refs = refs.remove(&row.id).unwrap_or_default();
            row.account(refs)
        })
        .collect()
}

async fn external_refs(
    conn: &impl ConnectionTrait,
    ids: &[&str],
) -> Result<HashMap<String, Vec<ExternalRef>>> {
    #[derive(FromQueryResult)]
    struct RefRow {
        account_id: String,
        system: String,
        external_id: String,
    }
    let mut refs: HashMap<String, Vec<ExternalRef>> = HashMap::new();
    if ids.is_empty() {
        return Ok(refs);
    }
    let set = sql::set(Kind::Text, ids.iter().copied());
    let rows: Vec<RefRow> = sql::all(
        conn,
        format!(
            "SELECT account_id, system, external_id FROM account_ref WHERE account_id IN {} \
             ORDER BY account_id, position",
            set.subquery(conn, 1)
        ),
        set.values(conn),
    )
    .await?;
    for RefRow { account_id, system, external_id } in rows {
        refs.entry(account_id).or_default().push(ExternalRef { system, id: external_id });
    }
    Ok(refs)
}

/// Adds new accounts; answers how many of the ids were free.
pub(super) async fn insert(conn: &impl ConnectionTrait, accounts: &[Account]) -> Result<u64> {
    let mut rows = table();
    for account in accounts {
        rows.push(account.cells()?);
    }
    sql::insert(conn, "account", rows, "ON CONFLICT (id) DO NOTHING").await
}

/// Writes what may change of an account whose group is locked.
pub(super) async fn update(conn: &impl ConnectionTrait, account: &Account) -> Result<()> {
    let mut rows = table();
    rows.push(account.cells()?);
    let updated = sql::execute(
        conn,
        format!(
            "UPDATE account SET display_name = r.display_name, display_key = r.display_key, \
             legal_name = r.legal_name, region_code = r.region_code, tax_id = r.tax_id, \
             parent_id = r.parent_id, related_party = r.related_party, labels = r.labels, \
             state = r.state, block_reason = r.block_reason, update_us = r.update_us, \
             delete_us = r.delete_us, version = r.version \
             FROM {} WHERE account.id = r.id",
            rows.table(conn, "r", 1)
        ),
        rows.values(conn),
    )
    .await?;
    match updated {
        1 => Ok(()),
        _ => Err(Error::internal(format!("the account {} is gone", account.id))),
    }
}

fn table() -> Rows {
    Rows::new(&[
        ("id", Kind::Text),
        ("display_name", Kind::Text),
        ("display_key", Kind::Text),
        ("legal_name", Kind::Text),
        ("region_code", Kind::Text),
        ("tax_id", Kind::Text),
        ("parent_id", Kind::Text),
        ("related_party", Kind::Bool),
        ("labels", Kind::Text),
        ("state", Kind::Text),
        ("block_reason", Kind::Text),
        ("create_us", Kind::Int),
        ("update_us", Kind::Int),
        ("delete_us", Kind::Int),
        ("version", Kind::Int),
    ])
}

impl Account {
    /// In the order of [`table`]. The keys in other systems have a table of their own.
    fn cells(&self) -> Result<[Cell; 15]> {
        let Self {
            id,
            display_name,
            legal_name,
            region_code,
            tax_id,
            external_refs: _,
            parent_id,
            related_party,
            labels,
            blocked,
            block_reason,
            create_us,
            update_us,
            delete_us,
            version,
        } = self;
        let labels = serde_json::to_string(labels)
            .map_err(|e| Error::internal(format!("labels cannot be encoded: {e}")))?;
        let state = if *blocked { AccountState::Blocked } else { AccountState::Active };
        Ok([
            id.into(),
            display_name.into(),
            display_key(display_name).into(),
            legal_name.into(),
            region_code.into(),
            tax_id.into(),
            parent_id.as_deref().unwrap_or_default().into(),
            (*related_party).into(),
            labels.into(),
            state.as_str().into(),
            block_reason.into(),
            (*create_us).into(),
            (*update_us).into(),
            delete_us.unwrap_or_default().into(),
            (*version).into(),
        ])
    }
}

impl Row {
    fn account(self, external_refs: Vec<ExternalRef>) -> Result<Account> {
        let labels = serde_json::from_str(&self.labels)
            .map_err(|e| Error::internal(format!("labels of {} cannot be read: {e}", self.id)))?;
        let blocked = match AccountState::parse(&self.state) {
            Some(AccountState::Active) => false,
            Some(AccountState::Blocked) => true,
            Some(AccountState::Deleted) | None => {
                return Err(Error::internal(format!("{} has the state {}", self.id, self.state)));
            }
        };
        Ok(Account {
            id: self.id,
            display_name: self.display_name,
            legal_name: self.legal_name,
            region_code: self.region_code,
            tax_id: self.tax_id,
            external_refs,
            parent_id: Some(self.parent_id).filter(|id| !id.is_empty()),
            related_party: self.related_party,
            labels,
            blocked,
            block_reason: self.block_reason,
            create_us: self.create_us,
            update_us: self.update_us,
            delete_us: Some(self.delete_us).filter(|us| *us != 0),
            version: self.version,
        })
    }
}
