//! From the names in a request to the accounts: what every use case begins with. An account
//! that doesn't exist is answered with its name as the caller sent it, and so is one that he does not
//! see.

use std::collections::{BTreeSet, HashMap};

use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::merge_sets::MergeSets;
use crate::domain::names::{AccountRef, account_name};
use crate::store::account::KnownAccount;
use crate::store::{Store, WriteTx};

/// The account a request names in `field`.
///
/// # Errors
/// NotFound with the name as sent.
pub async fn one(ctx: &Ctx, store: &Store, field: &str, name: &AccountRef) -> Result<KnownAccount> {
    let named = [(field, name.clone())];
    let mut found = many(ctx, store, &named).await?;
    found.remove(name).ok_or_else(|| missing([name]))
}

/// All accounts a request names, each with the field that names it.
///
/// # Errors
/// NotFound with every missing name as sent, in the order of the request.
pub async fn many<F: AsRef<str>>(
    ctx: &Ctx,
    store: &Store,
    named: &[(F, AccountRef)],
) -> Result<HashMap<AccountRef, KnownAccount>> {
    let refs: Vec<AccountRef> = named.iter().map(|(_, name)| name.clone()).collect();
    let found = store.find_accounts(ctx, &refs).await?;
    for (field, name) in named.iter().filter(|(_, name)| !found.contains_key(name)) {
        tracing::debug!(field = field.as_ref(), %name, "no such account");
    }
    all(&refs, found)
}

/// `found` if nothing is missing from it: for lookups inside a transaction.
///
/// # Errors
/// NotFound with every missing name as sent, in the order of `refs`.
pub fn all(
    refs: &[AccountRef],
    found: HashMap<AccountRef, KnownAccount>,
) -> Result<HashMap<AccountRef, KnownAccount>> {
    let mut absent = refs.iter().filter(|name| !found.contains_key(name)).peekable();
    match absent.peek() {
        None => Ok(found),
        Some(_) => Err(missing(absent)),
    }
}

/// The only account asked for, found inside a transaction.
///
/// # Errors
/// NotFound with the name as sent.
pub fn only(
    name: &AccountRef,
    mut found: HashMap<AccountRef, KnownAccount>,
) -> Result<KnownAccount> {
    found.remove(name).ok_or_else(|| missing([name]))
}

/// Which of these accounts were ever merged, with whichever they were merged with.
pub async fn merge_sets(tx: &WriteTx, ids: &BTreeSet<String>) -> Result<MergeSets> {
    with_times(tx, &tx.merge_sets_of(ids).await?).await
}

/// The sets that these accounts are in, with when each counted as another.
pub async fn with_times(tx: &WriteTx, accounts: &[KnownAccount]) -> Result<MergeSets> {
    let mut sets = sets_of(accounts);
    if !sets.is_empty() {
        sets.know(tx.lasting_merges(&sets.ids().map(String::as_str).collect()).await?);
    }
    Ok(sets)
}

/// Whether two accounts are one, or were merged with each other at any time.
pub async fn were_one(ctx: &Ctx, store: &Store, one: &str, other: &str) -> Result<bool> {
    let names = [one, other].map(|id| AccountRef::Id(id.to_owned()));
    let found = store.find_accounts(ctx, &names).await?;
    Ok(sets_of(found.values()).were_one(one, other))
}

/// Whether two accounts count as one, or did when something was recorded.
pub async fn are_one(
    ctx: &Ctx,
    store: &Store,
    one: &str,
    other: &str,
    recorded_us: i64,
) -> Result<bool> {
    let names = [one, other].map(|id| AccountRef::Id(id.to_owned()));
    let found = store.find_accounts(ctx, &names).await?;
    let mut sets = sets_of(found.values());
    if !sets.were_one(one, other) {
        return Ok(false);
    }
    let losers: BTreeSet<String> = sets.ids().cloned().collect();
    let read = store.read(ctx, move |tx| {
        let losers = losers.clone();
        Box::pin(
            async move { tx.lasting_merges(&losers.iter().map(String::as_str).collect()).await },
        )
    });
    sets.know(read.await?);
    Ok(sets.are_one(one, other, recorded_us))
}

/// The sets that accounts which were merged are in.
pub fn sets_of<'a>(accounts: impl IntoIterator<Item = &'a KnownAccount>) -> MergeSets {
    let mut sets = MergeSets::default();
    for account in accounts {
        if let Some(set) = &account.merge_set {
            sets.add(account.id.clone(), set.clone(), account.merged_into.clone());
        }
    }
    sets
}

/// Checks that all that were merged with each other are locked: one may have been merged since they were
/// looked for.
///
/// # Errors
/// CONCURRENT_CHANGE: another attempt finds it.
pub fn check_locked(sets: &MergeSets, locked: &BTreeSet<String>) -> Result<()> {
    match sets.ids().find(|id| !locked.contains(*id)) {
        None => Ok(()),
        Some(id) => Err(Error::Aborted {
            reason: Reason::ConcurrentChange,
            resource: Resource { kind: "account", name: account_name(id) },
            description: "the account was merged with another at the same time".into(),
        }),
    }
}

/// Refuses what rests on the groups of accounts to a caller who does not see all of them.
///
/// # Errors
/// ACCOUNTS_RESTRICTED.
pub async fn check_groups(ctx: &Ctx, store: &Store, ids: &[&str]) -> Result<()> {
    match ctx.rows.is_all() || store.sees_groups(ctx, ids).await? {
        true => Ok(()),
        false => Err(ctx.restricted("what credit says of a group")),
    }
}

/// The error for accounts that don't exist, each named once.
pub fn missing<'a>(names: impl IntoIterator<Item = &'a AccountRef>) -> Error {
    let mut absent: Vec<String> = Vec::new();
    for name in names {
        let name = name.to_string();
        if !absent.contains(&name) {
            absent.push(name);
        }
    }
    Error::not_found("account", absent.join(", "))
}
