//! Which requests may be settled differently now that documents were posted or corrected.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::context::{Effects, Posted};
use super::post::new_documents;
use crate::domain::books::{ClearingRequest, RequestState};
use crate::domain::error::Result;
use crate::store::WriteTx;

/// What the new documents ask, what names them, what settles the oldest due of their accounts,
/// and what corrections left to be settled.
pub(super) async fn affected<'a>(
    tx: &WriteTx,
    effects: &Effects,
    posted: impl IntoIterator<Item = &'a Posted>,
) -> Result<BTreeMap<Uuid, ClearingRequest>> {
    let new: Vec<_> = new_documents(posted).collect();
    let of_side = |debits| {
        let these = new.iter().filter(move |(_, is_debit)| *is_debit == debits);
        these.map(|(result, _)| result.document_id)
    };
    let credits: Vec<Uuid> = of_side(false).chain(effects.credits.iter().copied()).collect();
    let debits: Vec<Uuid> = of_side(true).chain(effects.debits.iter().copied()).collect();
    let freed = !effects.debits.is_empty();
    let accounts: BTreeSet<&str> = new
        .iter()
        .filter(|(_, is_debit)| *is_debit || freed)
        .map(|(result, _)| result.account_id.as_str())
        .collect();
    let accounts: Vec<&str> = accounts.into_iter().collect();
    let mut found = tx.requests_of(&credits).await?;
    found.extend(tx.requests_naming(&debits).await?);
    // Most books have none, and these look at every account and document.
    if tx.has_oldest_first().await? {
        found.extend(tx.oldest_first_waiting(&accounts).await?);
        found.extend(tx.oldest_first_overtaken(&debits).await?);
    }
    // Only the accounts of the new documents are locked; nothing is ever settled across accounts.
    let locked: BTreeSet<&str> = new.iter().map(|(result, _)| result.account_id.as_str()).collect();
    found.retain(|request| {
        request.state != RequestState::Withdrawn && locked.contains(request.account_id.as_str())
    });
    Ok(found.into_iter().map(|request| (request.id, request)).collect())
}
