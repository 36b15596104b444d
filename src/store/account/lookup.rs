//! From the name in a request to the account: by id, or by a key of another system in that
//! system's canonical form.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{ConnectionTrait, DerivePartialModel, EntityTrait, FromQueryResult, QueryFilter};

use crate::ctx::Ctx;
use crate::domain::account::AccountState;
use crate::domain::error::Result;
use crate::domain::names::{AccountRef, CanonicalForm};
use crate::domain::record::source_key::own_id;
use crate::store::entity::{account, account_ref};
use crate::store::rows::{self, Set};
use crate::store::source_system::forms_of;
use crate::store::visible::Visible;
use crate::store::{ReadTx, Store, WriteTx, sql};

/// What most calls need to know of an account.
#[derive(Debug, Clone, PartialEq, Eq, DerivePartialModel)]
#[sea_orm(entity = "account::Entity")]
pub struct KnownAccount {
    pub id: String,
    pub state: AccountState,
    /// 0 if it is not deleted.
    pub delete_us: i64,
    pub related_party: bool,
    pub parent_id: String,
    /// As which it counts; `None`: as itself.
    pub merged_into: Option<String>,
    /// What those have in common that were ever merged with each other.
    pub merge_set: Option<String>,
}

impl KnownAccount {
    pub fn is_deleted(&self) -> bool {
        self.delete_us != 0
    }

    pub fn is_blocked(&self) -> bool {
        self.state == AccountState::Blocked
    }
}

/// Finds the accounts named; those that don't exist, or that the caller does not see, are missing from
/// the answer.
pub(super) async fn find(
    conn: &impl ConnectionTrait,
    visible: Option<&Visible>,
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
        let these = rows::among(conn.get_database_backend(), account::Column::Id, ids);
        let accounts: Vec<KnownAccount> =
            rows::parts(conn, account::Entity::find().filter(these)).await?;
        found.extend(accounts.into_iter().map(|a| (AccountRef::Id(a.id.clone()), a)));
    }
    if refs.iter().any(|r| matches!(r, AccountRef::External { .. })) {
        find_external(conn, refs, &mut found).await?;
        find_own(conn, refs, &mut found).await?;
    }
    if let Some(visible) = visible {
        // Asked of none too: it takes as long where there is nothing.
        let seen = visible.accounts_among(conn, found.values().map(|known| &*known.id)).await?;
        found.retain(|_, known| seen.contains(&known.id));
    }
    Ok(found)
}

async fn find_external(
    conn: &impl ConnectionTrait,
    refs: &[AccountRef],
    found: &mut HashMap<AccountRef, KnownAccount>,
) -> Result<()> {
    let forms = forms_of(conn, &systems(refs)).await?;
    let mut wanted: BTreeMap<(String, String), Vec<&AccountRef>> = BTreeMap::new();
    for name in refs {
        if let AccountRef::External { system, id } = name {
            let form = forms.get(system).copied().unwrap_or(CanonicalForm::Exact);
            wanted.entry((system.clone(), form.canonical(id))).or_default().push(name);
        }
    }
    let keys = Set::new()
        .column(account_ref::Column::System, wanted.keys().map(|(system, _)| system))
        .column(account_ref::Column::CanonicalId, wanted.keys().map(|(_, id)| id));
    #[derive(FromQueryResult)]
    struct Row {
        system: String,
        canonical_id: String,
        #[sea_orm(nested)]
        account: KnownAccount,
    }
    let backend = conn.get_database_backend();
    let text = format!(
        // The columns of what is known, and no more: an import asks for hundreds at a time.
        "SELECT x.system, x.canonical_id, a.id, a.state, a.delete_us, a.related_party, a.parent_id, \
           a.merged_into, a.merge_set \
         FROM {} JOIN account_ref x ON x.system = k.system AND x.canonical_id = k.canonical_id \
         JOIN account a ON a.id = x.account_id",
        keys.table(backend, "k", 1)
    );
    let rows: Vec<Row> = sql::all(conn, text, keys.into_values(backend)).await?;
    for row in rows {
        for name in wanted.get(&(row.system, row.canonical_id)).into_iter().flatten() {
            found.insert((*name).clone(), row.account.clone());
        }
    }
    Ok(())
}

/// Finds those that are named by a key of this service's own, which nothing has: their ids.
async fn find_own(
    conn: &impl ConnectionTrait,
    refs: &[AccountRef],
    found: &mut HashMap<AccountRef, KnownAccount>,
) -> Result<()> {
    let own = |name: &AccountRef| match name {
        AccountRef::External { system, id } => own_id(system, id).map(str::to_owned),
        AccountRef::Id(_) => None,
    };
    let named: HashMap<String, &AccountRef> = refs
        .iter()
        .filter(|name| !found.contains_key(name))
        .filter_map(|name| Some((own(name)?, name)))
        .collect();
    if named.is_empty() {
        return Ok(());
    }
    let ids = named.keys().map(String::as_str);
    let these = rows::among(conn.get_database_backend(), account::Column::Id, ids);
    let accounts: Vec<KnownAccount> =
        rows::parts(conn, account::Entity::find().filter(these)).await?;
    for known in accounts {
        if let Some(name) = named.get(&known.id) {
            found.insert((*name).clone(), known);
        }
    }
    Ok(())
}

impl Store {
    /// The accounts named, by the name as given; those that don't exist, or that the caller does not
    /// see, are missing.
    pub async fn find_accounts(
        &self,
        ctx: &Ctx,
        refs: &[AccountRef],
    ) -> Result<HashMap<AccountRef, KnownAccount>> {
        let visible = Visible::of(&self.reader(), ctx, self.clock.business_date()).await?;
        find(&self.reader(), visible.as_ref(), refs).await
    }
}

impl ReadTx {
    /// As [`Store::find_accounts`], on the picture of this transaction.
    pub async fn find_accounts(
        &self,
        refs: &[AccountRef],
    ) -> Result<HashMap<AccountRef, KnownAccount>> {
        find(&self.conn, self.visible.as_ref(), refs).await
    }
}

impl WriteTx {
    /// As [`Store::find_accounts`], with what this transaction has written. To rely on their
    /// state, lock them first ([`WriteTx::lock_roots`]).
    pub async fn find_accounts(
        &self,
        refs: &[AccountRef],
    ) -> Result<HashMap<AccountRef, KnownAccount>> {
        find(&self.conn, self.visible.as_ref(), refs).await
    }
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
