//! From the name in a request to the account: by id, or by a key of another system in that
//! system's canonical form.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::domain::error::{Error, Result};
use crate::domain::names::{AccountRef, CanonicalForm};
use crate::store::sql::{self, Cell, Kind, Rows};
use crate::store::{ReadTx, Store, WriteTx};

/// What most calls need to know of an account.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct KnownAccount {
    pub id: String,
    pub state: String,
    /// 0 if it is not deleted.
    pub delete_us: i64,
    pub related_party: bool,
    pub parent_id: String,
}

impl KnownAccount {
    pub fn is_deleted(&self) -> bool {
        self.delete_us != 0
    }

    pub fn is_blocked(&self) -> bool {
        self.state == "BLOCKED"
    }
}

const COLUMNS: &str = "a.id, a.state, a.delete_us, a.related_party, a.parent_id";

/// Finds the accounts named; those that don't exist are missing from the answer.
pub(in crate::store) async fn find(
    conn: &impl ConnectionTrait,
    refs: &[AccountRef],
) -> Result<HashMap<AccountRef, KnownAccount>> {
    let mut found = HashMap::with_capacity(refs.len());
    let ids: Vec<&str> = refs
        .iter()
        .filter_map(|r| match r {
            AccountRef::Id(id) => Some(id.as_str()),
            AccountRef::External { .. } => None,
        })
        .collect();
    if !ids.is_empty() {
        let set = sql::set(Kind::Text, ids);
        let accounts: Vec<KnownAccount> = sql::all(
            conn,
            format!("SELECT {COLUMNS} FROM account a WHERE a.id IN {}", set.subquery(conn, 1)),
            set.values(conn),
        )
        .await?;
        found.extend(accounts.into_iter().map(|a| (AccountRef::Id(a.id.clone()), a)));
    }
    if refs.iter().any(|r| matches!(r, AccountRef::External { .. })) {
        find_external(conn, refs, &mut found).await?;
    }
    Ok(found)
}

async fn find_external(
    conn: &impl ConnectionTrait,
    refs: &[AccountRef],
    found: &mut HashMap<AccountRef, KnownAccount>,
) -> Result<()> {
    let forms = forms_of(conn, &systems(refs)).await?;
    let mut keys = Rows::new(&[("system", Kind::Text), ("canonical_id", Kind::Text)]);
    let mut wanted: BTreeMap<(String, String), Vec<&AccountRef>> = BTreeMap::new();
    for name in refs {
        if let AccountRef::External { system, id } = name {
            let form = forms.get(system).copied().unwrap_or(CanonicalForm::Exact);
            wanted.entry((system.clone(), form.canonical(id))).or_default().push(name);
        }
    }
    for (system, id) in wanted.keys() {
        keys.push([Cell::from(system), id.into()]);
    }
    #[derive(FromQueryResult)]
    struct Row {
        system: String,
        canonical_id: String,
        #[sea_orm(nested)]
        account: KnownAccount,
    }
    let rows: Vec<Row> = sql::all(
        conn,
        format!(
            "SELECT x.system, x.canonical_id, {COLUMNS} FROM {} \
             JOIN account_ref x ON x.system = k.system AND x.canonical_id = k.canonical_id \
             JOIN account a ON a.id = x.account_id",
            keys.table(conn, "k", 1)
        ),
        keys.values(conn),
    )
    .await?;
    for row in rows {
        for name in wanted.get(&(row.system, row.canonical_id)).into_iter().flatten() {
            found.insert((*name).clone(), row.account.clone());
        }
    }
    Ok(())
}

impl Store {
    /// The accounts named, by the name as given; those that don't exist are missing.
    pub async fn find_accounts(
        &self,
        refs: &[AccountRef],
    ) -> Result<HashMap<AccountRef, KnownAccount>> {
        find(&self.reader, refs).await
    }
}

impl ReadTx {
    /// As [`Store::find_accounts`], on the picture of this transaction.
    pub async fn find_accounts(
        &self,
        refs: &[AccountRef],
    ) -> Result<HashMap<AccountRef, KnownAccount>> {
        find(&self.conn, refs).await
    }
}

impl WriteTx {
    /// As [`Store::find_accounts`], with what this transaction has written. To rely on their
    /// state, lock them first ([`WriteTx::lock_roots`]).
    pub async fn find_accounts(
        &self,
        refs: &[AccountRef],
    ) -> Result<HashMap<AccountRef, KnownAccount>> {
        find(&self.conn, refs).await
    }
}

/// The forms of these source systems, where they are fixed already.
pub(super) async fn forms_of(
    conn: &impl ConnectionTrait,
    systems: &BTreeSet<&str>,
) -> Result<HashMap<String, CanonicalForm>> {
    #[derive(FromQueryResult)]
    struct Row {
        system: String,
        canonical_form: String,
    }
    let set = sql::set(Kind::Text, systems.iter().copied());
    let rows: Vec<Row> = sql::all(
        conn,
        format!(
            "SELECT system, canonical_form FROM source_system WHERE system IN {}",
            set.subquery(conn, 1)
        ),
        set.values(conn),
    )
    .await?;
    rows.into_iter()
        .map(|Row { system, canonical_form }| match CanonicalForm::parse(&canonical_form) {
            Some(form) => Ok((system, form)),
            None => Err(Error::internal(format!("{system} has the form {canonical_form}"))),
        })
        .collect()
}

/// The source systems of these names.
pub(super) fn systems(refs: &[AccountRef]) -> BTreeSet<&str> {
    refs.iter()
        .filter_map(|name| match name {
            AccountRef::External { system, .. } => Some(system.as_str()),
            AccountRef::Id(_) => None,
        })
        .collect()
}
