//! Accounts that come into being because a document names them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::event::event;
use super::lookup::{KnownAccount, find, systems};
use super::refs::{self, NewRef, RefKey};
use super::rows;
use crate::domain::account::Account;
use crate::domain::error::Result;
use crate::domain::event::EventType;
use crate::domain::external_ref::{self, ExternalRef};
use crate::domain::names::{AccountRef, CanonicalForm};
use crate::store::Head;
use crate::store::WriteTx;
use crate::store::lock::insert_heads;
use crate::store::lookup;
use crate::store::source_system::fix_forms;

/// An account to be created, unless somebody else is first.
struct Candidate {
    account: Account,
    external_id: String,
}

impl WriteTx {
    /// Finds the accounts of these keys of other systems, and creates those that don't exist:
    /// with the key as the only external reference, and named as `display_names` says or else
    /// by the external id. Keys that mean the same make one account. `form` fixes how a system
    /// compares its ids where it is new to us; absent, EXACT. Names of the form
    /// [`AccountRef::Id`] are looked up only, and are missing from the answer if they don't exist.
    ///
    /// A transaction that creates the same account at the same time is waited for, and its
    /// account taken.
    ///
    /// # Errors
    /// SOURCE_SYSTEM_FORM_FIXED if `form` is another one than a system has.
    pub async fn create_missing_accounts(
        &mut self,
        names: &[AccountRef],
        display_names: &HashMap<AccountRef, String>,
        form: Option<CanonicalForm>,
    ) -> Result<HashMap<AccountRef, KnownAccount>> {
        let systems = systems(names);
        let forms = fix_forms(&self.conn, &systems, form.unwrap_or(CanonicalForm::Exact)).await?;
        external_ref::forms(&systems, &forms, form)?;
        let found = find(&self.conn, None, names).await?;
        let mut candidates = BTreeMap::new();
        for name in names.iter().filter(|name| !found.contains_key(*name)) {
            let AccountRef::External { system, id } = name else { continue };
            let form = forms.get(system).copied().unwrap_or(CanonicalForm::Exact);
            let key = RefKey { system: system.clone(), canonical_id: form.canonical(id) };
            let display_name = display_names.get(name).unwrap_or(id);
            let candidate = || {
                let reference = ExternalRef { system: system.clone(), id: id.clone() };
                let new = Uuid::now_v7().to_string();
                let account = Account {
                    external_refs: vec![reference],
                    ..Account::named_only(new, display_name.clone())
                };
                Candidate { account, external_id: id.clone() }
            };
            candidates.entry(key).or_insert_with(candidate);
        }
        if candidates.is_empty() {
            return Ok(found);
        }
        self.create(candidates).await?;
        find(&self.conn, None, names).await
    }

    async fn create(&mut self, candidates: BTreeMap<RefKey, Candidate>) -> Result<()> {
        let recorded = self.recorded_at().await?;
        let new_refs = candidates.iter().map(|(key, candidate)| NewRef {
            key,
            external_id: &candidate.external_id,
            account_id: &candidate.account.id,
            position: 0,
        });
        refs::insert(&self.conn, new_refs).await?;
        let owners = refs::owners(&self.conn, candidates.keys()).await?;
        let owners: BTreeSet<&String> = owners.values().collect();
        let created: Vec<Account> = candidates
            .into_values()
            .map(|candidate| candidate.account)
            .filter(|account| owners.contains(&account.id))
            .map(|account| Account { create_us: recorded, update_us: recorded, ..account })
            .collect();
        rows::insert(&self.conn, &created).await?;
        lookup::add(&self.conn, created.iter().map(rows::lookup).collect()).await?;
        let heads = created.iter().map(|account| Head {
            account_id: account.id.clone(),
            root_id: account.id.clone(),
            head_us: 0,
        });
        insert_heads(&self.conn, heads).await?;
        let events =
            created.iter().map(|account| event(EventType::AccountCreated, account, &[])).collect();
        self.publish(events).await
    }
}
