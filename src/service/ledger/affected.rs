//! Which requests may be settled differently now that documents were posted or corrected.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::context::{Effects, Posted};
use super::post::new_documents;
use crate::domain::books::{ClearingRequest, RequestState};
use crate::domain::document::PostOutcome;
use crate::domain::error::Result;
use crate::domain::merge_sets::MergeSets;
use crate::store::WriteTx;

/// What the new documents ask, what names them, what settles the oldest due of their accounts,
/// and what corrections left to be settled.
pub(super) async fn affected<'a>(
    tx: &WriteTx,
    sets: &MergeSets,
    effects: &Effects,
    posted: impl IntoIterator<Item = &'a Posted>,
) -> Result<BTreeMap<Uuid, ClearingRequest>> {
    let new = New::of(sets, effects, posted);
    let mut found = tx.requests_of(&new.credits).await?;
    found.extend(tx.requests_naming(&new.debits).await?);
    found.extend(new.oldest_first(tx).await?);
    Ok(new.may_settle(found))
}

/// Of those, the ones that may not be noted for the next finish in their place, as what an import
/// posts for the first time is.
pub(super) async fn maybe_out_of_place<'a>(
    tx: &WriteTx,
    sets: &MergeSets,
    effects: &Effects,
    posted: impl IntoIterator<Item = &'a Posted>,
) -> Result<BTreeMap<Uuid, ClearingRequest>> {
    let new = New::of(sets, effects, posted);
    let mut found = tx.requests_of(&new.corrected).await?;
    // Also what names a credit is placed by it.
    let all = [&*new.debits, &*new.credits].concat();
    found.extend(tx.requests_out_of_place(&all).await?);
    found.extend(new.oldest_first(tx).await?);
    Ok(new.may_settle(found))
}

/// New documents, and what corrections left.
struct New {
    credits: Vec<Uuid>,
    /// The credits that were there before in some version.
    corrected: Vec<Uuid>,
    debits: Vec<Uuid>,
    /// Accounts whose debits, as far as they are open, changed.
    accounts: BTreeSet<String>,
    /// Only the accounts of the new documents are locked, and those that they were ever merged with;
    /// nothing is ever settled across others.
    locked: BTreeSet<String>,
}

impl New {
    fn of<'a>(
        sets: &MergeSets,
        effects: &Effects,
        posted: impl IntoIterator<Item = &'a Posted>,
    ) -> Self {
        let mut new = Self {
            credits: effects.credits.clone(),
            corrected: effects.credits.clone(),
            debits: effects.debits.clone(),
            accounts: BTreeSet::new(),
            locked: BTreeSet::new(),
        };
        let freed = !effects.debits.is_empty();
        for (result, is_debit) in new_documents(posted) {
            new.locked.insert(result.account_id.clone());
            if is_debit || freed {
                new.accounts.insert(result.account_id.clone());
            }
            match is_debit {
                true => new.debits.push(result.document_id),
                false => new.credits.push(result.document_id),
            }
            if !is_debit && result.outcome == PostOutcome::Revised {
                new.corrected.push(result.document_id);
            }
        }
        new.locked = sets.with(&new.locked);
        new.accounts = sets.with(&new.accounts);
        new
    }

    /// What settles the oldest due of the accounts, and may settle the new debits.
    async fn oldest_first(&self, tx: &WriteTx) -> Result<Vec<ClearingRequest>> {
        // Most books have none, and these look at every account and document.
        if !tx.has_oldest_first().await? {
            return Ok(Vec::new());
        }
        let accounts: Vec<&str> = self.accounts.iter().map(String::as_str).collect();
        let mut found = tx.oldest_first_waiting(&accounts).await?;
        found.extend(tx.oldest_first_overtaken(&self.debits).await?);
        Ok(found)
    }

    fn may_settle(&self, mut found: Vec<ClearingRequest>) -> BTreeMap<Uuid, ClearingRequest> {
        found.retain(|request| {
            request.state != RequestState::Withdrawn && self.locked.contains(&request.account_id)
        });
        found.into_iter().map(|request| (request.id, request)).collect()
    }
}
