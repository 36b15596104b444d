//! The keys by which records mean what is there.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::Records;
use crate::ctx::{CONTACTS_READ, Ctx, INTERACTIONS_READ, PEOPLE_READ};
use crate::domain::error::Result;
use crate::domain::external_ref::ExternalRef;
use crate::domain::names::{AccountRef, ChildName, ContactRef, MemberRef};
use crate::domain::record::KeyedKind;
use crate::domain::record::source_key::{Named, first_or_own};
use crate::store::ReadTx;
use crate::store::account::KnownAccount;

impl Records {
    /// The key of each that is named, in their order; `None` of what is not there, of an account or
    /// contact that was deleted, and of a contact who was erased.
    ///
    /// # Errors
    /// `SCOPE_MISSING`.
    pub async fn source_keys(
        &self,
        ctx: &Ctx,
        named: Vec<Named>,
    ) -> Result<Vec<Option<ExternalRef>>> {
        for one in &named {
            match one {
                Named::Account(_) => {}
                Named::Member(_) => ctx.check_scope(PEOPLE_READ)?,
                Named::Contact(_) | Named::Keyed(KeyedKind::Position, _) => {
                    ctx.check_scope(CONTACTS_READ)?;
                }
                Named::Interaction(_)
                | Named::Keyed(KeyedKind::Commitment | KeyedKind::Gift, _) => {
                    ctx.check_scope(INTERACTIONS_READ)?;
                }
            }
        }
        self.store.read(ctx, move |tx| Box::pin(async move { keys(tx, &named).await })).await
    }
}

/// What is known of all that are named.
struct Known {
    accounts: HashMap<AccountRef, KnownAccount>,
    /// By the id of the account.
    of_accounts: HashMap<String, Vec<ExternalRef>>,
    members: HashMap<MemberRef, ExternalRef>,
    contacts: HashMap<ContactRef, ExternalRef>,
    /// The account of each, and its key.
    children: HashMap<Uuid, (String, ExternalRef)>,
}

async fn keys(tx: &ReadTx, named: &[Named]) -> Result<Vec<Option<ExternalRef>>> {
    let known = Known {
        members: members(tx, named).await?,
        contacts: contacts(tx, named).await?,
        children: children(tx, named).await?,
        ..accounts(tx, named).await?
    };
    Ok(named.iter().map(|one| known.key(one)).collect())
}

impl Known {
    fn key(&self, named: &Named) -> Option<ExternalRef> {
        let child = |of: &ChildName| {
            let (account_id, key) = self.children.get(&of.id)?;
            let account = self.accounts.get(&of.account)?;
            (account.id == *account_id && !account.is_deleted()).then(|| key.clone())
        };
        match named {
            Named::Account(of) => {
                let known = self.accounts.get(of).filter(|known| !known.is_deleted())?;
                let keys = self.of_accounts.get(&known.id).map_or(&[][..], Vec::as_slice);
                Some(first_or_own(keys, &known.id))
            }
            Named::Member(of) => self.members.get(of).cloned(),
            Named::Contact(of) => self.contacts.get(of).cloned(),
            Named::Keyed(_, of) | Named::Interaction(of) => child(of),
        }
    }
}

/// The accounts that are named, and those of what is named.
async fn accounts(tx: &ReadTx, named: &[Named]) -> Result<Known> {
    let refs: BTreeSet<&AccountRef> = named
        .iter()
        .filter_map(|one| match one {
            Named::Account(of) => Some(of),
            Named::Keyed(_, of) | Named::Interaction(of) => Some(&of.account),
            Named::Member(_) | Named::Contact(_) => None,
        })
        .collect();
    let refs: Vec<AccountRef> = refs.into_iter().cloned().collect();
    let accounts = tx.find_accounts(&refs).await?;
    let ids: BTreeSet<&str> = named
        .iter()
        .filter_map(|one| match one {
            Named::Account(of) => accounts.get(of).map(|known| known.id.as_str()),
            _ => None,
        })
        .collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let found = tx.accounts(&ids).await?;
    let of_accounts = found.into_iter().map(|(id, account)| (id, account.external_refs)).collect();
    Ok(Known {
        accounts,
        of_accounts,
        members: HashMap::new(),
        contacts: HashMap::new(),
        children: HashMap::new(),
    })
}

async fn members(tx: &ReadTx, named: &[Named]) -> Result<HashMap<MemberRef, ExternalRef>> {
    let mut ids: HashMap<String, Vec<&MemberRef>> = HashMap::new();
    for one in named {
        let Named::Member(of) = one else { continue };
        let id = match of {
            MemberRef::Id(id) => Some(id.clone()),
            MemberRef::External { .. } => tx.find_member(of).await?,
        };
        if let Some(id) = id {
            ids.entry(id).or_default().push(of);
        }
    }
    let these: Vec<&str> = ids.keys().map(String::as_str).collect();
    let mut keys = HashMap::new();
    for member in tx.members_among(&these).await? {
        let key = first_or_own(&member.external_refs, &member.id);
        let names = ids.get(&member.id).into_iter().flatten();
        keys.extend(names.map(|name| ((*name).clone(), key.clone())));
    }
    Ok(keys)
}

async fn contacts(tx: &ReadTx, named: &[Named]) -> Result<HashMap<ContactRef, ExternalRef>> {
    let mut ids: HashMap<String, Vec<&ContactRef>> = HashMap::new();
    for one in named {
        let Named::Contact(of) = one else { continue };
        let id = match of {
            ContactRef::Id(id) => Some(id.clone()),
            ContactRef::External { .. } => tx.find_contact(of).await?,
        };
        if let Some(id) = id {
            ids.entry(id).or_default().push(of);
        }
    }
    let these: Vec<&str> = ids.keys().map(String::as_str).collect();
    let mut keys = HashMap::new();
    let found = tx.contacts_among(&these).await?;
    for contact in found.into_iter().filter(|contact| contact.check_active().is_ok()) {
        let key = first_or_own(&contact.external_refs, &contact.id);
        let names = ids.get(&contact.id).into_iter().flatten();
        keys.extend(names.map(|name| ((*name).clone(), key.clone())));
    }
    Ok(keys)
}

/// What belongs to accounts, by id: which account, and its key.
async fn children(tx: &ReadTx, named: &[Named]) -> Result<HashMap<Uuid, (String, ExternalRef)>> {
    let mut found = HashMap::new();
    for kind in [KeyedKind::Position, KeyedKind::Commitment, KeyedKind::Gift] {
        let of_kind = |one: &Named| match one {
            Named::Keyed(of, name) if *of == kind => Some(name.id),
            _ => None,
        };
        let ids: Vec<Uuid> = named.iter().filter_map(of_kind).collect();
        if ids.is_empty() {
            continue;
        }
        let mut keys = tx.record_keys(kind, &ids).await?;
        for (id, account_id) in tx.accounts_of_keyed(kind, &ids).await? {
            let keys = keys.remove(&id).unwrap_or_default();
            found.insert(id, (account_id, first_or_own(&keys, &id.to_string())));
        }
    }
    let interaction = |one: &Named| match one {
        Named::Interaction(name) => Some(name.id),
        _ => None,
    };
    let ids: Vec<Uuid> = named.iter().filter_map(interaction).collect();
    for (id, of) in tx.interaction_keys(&ids).await? {
        let keys: Vec<ExternalRef> = of.key.into_iter().collect();
        found.insert(id, (of.account_id, first_or_own(&keys, &id.to_string())));
    }
    Ok(found)
}
