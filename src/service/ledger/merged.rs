//! Accounts that were merged, in the ledger: they are locked together, as their items may be settled with
//! each other's, and documents that name one of them are posted where they belong.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::books::{Recorded, TrackedItem, home};
use crate::domain::credit::decide::key;
use crate::domain::credit::reservation::ReservationState;
use crate::domain::document::Draft;
use crate::domain::error::Result;
use crate::domain::merge_sets::MergeSets;
use crate::domain::money::Currency;
use crate::domain::names::OrderKey;
use crate::service::resolve;
use crate::store::WriteTx;

/// Locks accounts with those that were ever merged with one of them.
///
/// # Errors
/// CONCURRENT_CHANGE.
pub(super) async fn lock(tx: &mut WriteTx, accounts: &BTreeSet<String>) -> Result<MergeSets> {
    let locked = resolve::merge_sets(tx, accounts).await?.with(accounts);
    tx.lock_accounts(&locked.iter().cloned().collect::<Vec<_>>()).await?;
    let sets = resolve::merge_sets(tx, accounts).await?;
    resolve::check_locked(&sets, &locked)?;
    Ok(sets)
}

/// Gives each draft the account that it belongs to as its payer. All of the sets are locked.
pub(super) async fn send_home(
    tx: &WriteTx,
    sets: &MergeSets,
    drafts: &mut [Draft<String>],
) -> Result<()> {
    if sets.is_empty() {
        return Ok(());
    }
    let targets = drafts.iter().flat_map(|draft| &draft.clears.targets).map(|target| &target.key);
    let keys = tx.known_keys(drafts.iter().map(|draft| &draft.key).chain(targets)).await?;
    let naming = drafts.iter().filter(|draft| !draft.order_ref.is_empty());
    let orders: BTreeSet<OrderKey> =
        naming.map(|draft| draft.key.order(&draft.order_ref)).collect();
    let reserved = tx.reservations_by_key(&orders).await?.into_iter().map(|of| of.reservation);
    let reserved = reserved.filter(|of| {
        matches!(of.state, ReservationState::Open | ReservationState::Referred)
            || of.delivered_not_billed() > 0
    });
    let orders = reserved.map(|of| (key(&of), (of.account_id, of.create_us))).collect();
    let recorded = Recorded { keys, orders };
    for draft in drafts {
        draft.payer = home(draft, sets, &recorded);
    }
    Ok(())
}

/// Open debits of accounts that count as one, in a company and currency, oldest due first; at most
/// `limit`. As [`WriteTx::open_debits`] of one.
pub(super) async fn open_debits(
    tx: &WriteTx,
    accounts: &BTreeSet<String>,
    (company, currency): (&str, Currency),
    floor: NaiveDate,
    also: &[Uuid],
    limit: Option<u64>,
) -> Result<Vec<TrackedItem>> {
    let mut all = Vec::new();
    for account in accounts {
        all.extend(tx.open_debits(account, company, currency, floor, also, limit).await?);
    }
    if accounts.len() > 1 {
        all.sort_by_key(|open| (open.item.due_date, open.item.posting_date));
        all.truncate(limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX));
    }
    Ok(all)
}
