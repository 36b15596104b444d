//! Creating and changing accounts: the steps of a transaction, in the words of the service.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::event::event;
use super::refs::{self, NewRef, RefKey};
use super::{labels, rows, tree};
use crate::domain::account::Account;
use crate::domain::account::lifecycle::Ties;
use crate::domain::credit::reservation::Now;
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::event::EventType;
use crate::domain::external_ref::ExternalRef;
use crate::domain::names::{AccountRef, account_name};
use crate::store::Head;
use crate::store::credit;
use crate::store::lock;
use crate::store::lookup;
use crate::store::{Store, WriteTx};

impl Store {
    /// An account as answered before, with why it is blocked as its row tells it now.
    pub async fn account_with_text(&self, account: Account) -> Result<Account> {
        if !account.blocked {
            return Ok(account);
        }
        let today = self.clock.business_date();
        let now = rows::load(&self.reader(), &[&account.id], today).await?.remove(&account.id);
        let gone = || Error::internal(format!("{} is gone", account_name(&account.id)));
        Ok(Account { block_reason: now.ok_or_else(gone)?.block_reason, ..account })
    }
}

impl WriteTx {
    /// The account of this id, deleted or not.
    pub async fn account(&self, id: &str) -> Result<Option<Account>> {
        let today = self.clock().business_date();
        Ok(rows::load(&self.conn, &[id], today).await?.remove(id))
    }

    /// Adds an account into the group of `root_id` (its own id if it stands alone), with the
    /// canonical id of each external reference. The group is locked. It stands under its parent
    /// from `parent_from` on.
    ///
    /// # Errors
    /// RESOURCE_ALREADY_EXISTS, EXTERNAL_REF_TAKEN; CONCURRENT_CHANGE if another transaction
    /// took the id or a key just now, in which case another attempt knows.
    pub async fn insert_account(
        &mut self,
        account: &Account,
        canonical_ids: &[String],
        root_id: &str,
        parent_from: NaiveDate,
    ) -> Result<()> {
        if self.account(&account.id).await?.is_some() {
            let name = account_name(&account.id);
            return Err(Error::AlreadyExists {
                reason: Reason::ResourceAlreadyExists,
                description: format!("{name} exists already"),
                resource: Resource { kind: "account", name },
            });
        }
        if rows::insert(&self.conn, std::slice::from_ref(account)).await? == 0 {
            return Err(raced(&account.id));
        }
        let head = Head { account_id: account.id.clone(), root_id: root_id.to_owned(), head_us: 0 };
        lock::insert_heads(&self.conn, [head]).await?;
        self.insert_refs(account, canonical_ids).await?;
        labels::insert(&self.conn, account).await?;
        lookup::add(&self.conn, vec![rows::lookup(account)]).await?;
        if let Some(parent_id) = &account.parent_id {
            self.link(&account.id, parent_id, parent_from, account.create_us).await?;
        }
        Ok(())
    }

    /// Writes a changed account whose group is locked, and what it is found by. What it is linked to is not touched:
    /// see [`WriteTx::reparent_account`], [`WriteTx::replace_refs`] and
    /// [`WriteTx::replace_labels`].
    pub async fn update_account(&mut self, account: &Account) -> Result<()> {
        rows::update(&self.conn, account).await?;
        self.raise_groups(&BTreeSet::from([account.id.clone()])).await?;
        let (subject, keys) = rows::lookup(account);
        lookup::write(&self.conn, &subject, keys).await
    }

    /// Gives an account other keys in other systems.
    ///
    /// # Errors
    /// As [`WriteTx::insert_account`] about keys.
    pub async fn replace_refs(
        &mut self,
        account: &Account,
        canonical_ids: &[String],
    ) -> Result<()> {
        refs::remove(&self.conn, &account.id).await?;
        self.insert_refs(account, canonical_ids).await
    }

    /// Brings what lists look labels up in up to date with the labels and the name of an account.
    pub async fn replace_labels(&mut self, account: &Account) -> Result<()> {
        labels::remove(&self.conn, &account.id).await?;
        labels::insert(&self.conn, account).await
    }

    async fn insert_refs(&mut self, account: &Account, canonical_ids: &[String]) -> Result<()> {
        let keys = refs::keys(&account.external_refs, canonical_ids);
        if keys.is_empty() {
            return Ok(());
        }
        let owners = refs::owners(&self.conn, &keys).await?;
        if let Some((reference, owner)) = first_taken(&account.external_refs, &keys, &owners) {
            return Err(taken(reference, Some(owner).filter(|_| self.visible.is_none())));
        }
        let new = (0_i32..).zip(account.external_refs.iter().zip(&keys)).map(
            |(position, (reference, key))| NewRef {
                key,
                external_id: &reference.id,
                account_id: &account.id,
                position,
            },
        );
        match refs::insert(&self.conn, new).await? {
            inserted if inserted == keys.len() as u64 => Ok(()),
            _ => Err(raced(&account.id)),
        }
    }

    /// The parents of an account and of each one above it, by id.
    pub async fn parents_above(&self, account_id: &str) -> Result<HashMap<String, String>> {
        tree::parents_above(&self.conn, account_id).await
    }

    /// How many levels an account brings along: 1 if nothing is below it.
    pub async fn levels(&self, account_id: &str) -> Result<usize> {
        tree::levels(&self.conn, account_id).await
    }

    /// Puts an account, and with it everything below, into the group of `root_id`; what it counts
    /// against limits moves with it. Both groups are locked, and the link is allowed; the parent
    /// itself is written by [`WriteTx::update_account`], after this, and from when on by
    /// [`WriteTx::link`].
    pub async fn reparent_account(&mut self, account: &Account, root_id: &str) -> Result<()> {
        let parent_id = account.parent_id.as_deref().unwrap_or_default();
        let these = BTreeSet::from([account.id.clone()]);
        self.raise_groups(&these).await?;
        credit::move_exposure(&self.conn, &account.id, parent_id).await?;
        tree::set_root(&self.conn, &account.id, root_id).await?;
        self.roots.insert(account.id.clone(), root_id.to_owned());
        self.raise_groups(&these).await?;
        credit::move_root(&self.conn, root_id).await?;
        credit::move_securities(&self.conn, root_id).await
    }

    /// Notes under whom an account stands from a day on, until the next link of it takes effect;
    /// an empty parent is none.
    pub async fn link(
        &mut self,
        account_id: &str,
        parent_id: &str,
        from: NaiveDate,
        recorded_us: i64,
    ) -> Result<()> {
        tree::insert_link(&self.conn, account_id, parent_id, from, recorded_us).await?;
        self.raise_heads(&BTreeSet::from([account_id.to_owned()])).await
    }

    /// What stands in the way of deleting an account whose group is locked.
    pub async fn ties(&mut self, account_id: &str) -> Result<Ties> {
        let now = Now { us: self.recorded_at().await?, today: self.clock().business_date() };
        let reservations = credit::counting_reservations(&self.conn, account_id).await?;
        let live = reservations
            .iter()
            .filter(|known| known.reservation.counted(now).reserved() > 0)
            .count();
        Ok(Ties {
            reservations: i64::try_from(live).unwrap_or(i64::MAX),
            open_items: tree::open_items(&self.conn, account_id, now.today).await?,
            live_children: tree::live_children(&self.conn, account_id).await?,
        })
    }

    /// Tells other systems what became of an account.
    pub async fn publish_account(
        &mut self,
        event_type: EventType,
        account: &Account,
        changed: &[&'static str],
    ) -> Result<()> {
        self.publish(vec![event(event_type, account, changed)]).await
    }
}

/// The first key that an account has already. None of them is ours: ours were removed before.
fn first_taken<'a>(
    references: &'a [ExternalRef],
    keys: &[RefKey],
    owners: &'a HashMap<RefKey, String>,
) -> Option<(&'a ExternalRef, &'a str)> {
    references.iter().zip(keys).find_map(|(r, key)| Some((r, owners.get(key)?.as_str())))
}

/// That an account has a key already, which is named by the key alone to a caller who may not see whose it
/// is.
fn taken(reference: &ExternalRef, owner: Option<&str>) -> Error {
    let ExternalRef { system, id } = reference;
    let by_key = || AccountRef::External { system: system.clone(), id: id.clone() }.to_string();
    let name = owner.map_or_else(by_key, account_name);
    Error::AlreadyExists {
        reason: Reason::ExternalRefTaken,
        description: format!("{name} has the key {id} of {system}"),
        resource: Resource { kind: "account", name },
    }
}

fn raced(account_id: &str) -> Error {
    Error::Aborted {
        reason: Reason::ConcurrentChange,
        resource: Resource { kind: "account", name: account_name(account_id) },
        description: "another call took the same id or key at the same time".into(),
    }
}
