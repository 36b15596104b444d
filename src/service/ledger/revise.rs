//! A higher version of a document: the old one is taken out on its posting date, the new one
//! put in on its own, and what was cleared moves over.

use chrono::NaiveDate;
use uuid::Uuid;

use super::context::{Posted, Posting};
use crate::domain::books::{
    ActiveAllocation, Books, Cause, ClearingRequest, KnownKey, NewDocument, Outgoing, RequestState,
    Version,
};
use crate::domain::document::{Draft, PostOutcome, PostResult};
use crate::domain::error::{Error, Result};
use crate::domain::item::{DocumentKind, Side};

/// Replaces `old` by `draft`. The outer error ends the whole set, the inner one is about this
/// document, and nothing of it was done.
pub async fn revise(
    posting: &mut Posting<'_>,
    old: &KnownKey,
    draft: Draft<String>,
    content_hash: Vec<u8>,
) -> Result<Result<Posted>> {
    let floor = old.posting_date.min(draft.posting_date);
    let mut books = Books::for_revision(posting.closed.clone());
    let Loaded { items, allocations, lapsed, reopened } =
        load(posting, &mut books, old, floor).await?;
    let before = posting.tx.requests_of(&[old.document]).await?;
    let id = Uuid::now_v7();
    let requests = requests(posting, old, &before, id, &draft).await?;
    let is_debit = draft.side == Side::Debit;
    let result = PostResult {
        outcome: PostOutcome::Revised,
        account_id: draft.payer.clone(),
        document_id: id,
        waiting_for: Vec::new(),
        clearings: Vec::new(),
        notices: draft.notices(),
    };
    let out = Outgoing {
        key: old,
        items: &items,
        allocations: &allocations,
        lapsed: &lapsed,
        reopened: &reopened,
    };
    let closed = posting.closed.get(&old.key.company_code).copied();
    let moving: Vec<ActiveAllocation> =
        allocations.iter().filter_map(|of| moved(of, old, closed, &before, &requests)).collect();
    let moving: Vec<&ActiveAllocation> = moving.iter().collect();
    let effects = others_documents(&allocations, &items, &books);
    let moved = books.supersede(&out).and_then(|()| {
        let new = books.post(NewDocument { id, draft, content_hash, returns: None })?;
        let old = Version { document: old.document, items: &items };
        books.move_over(&moving, old, Version { document: id, items: &new })?;
        Ok(new)
    });
    for request in before {
        books.drop_request(request.id);
    }
    for request in requests {
        books.request(request);
    }
    let taken = moved.and_then(|new| Ok((new, books.take_changes()?)));
    let (new, changes) = match taken {
        Ok(taken) => taken,
        Err(Error::Internal { context }) => return Err(Error::Internal { context }),
        Err(refused) => return Ok(Err(refused)),
    };
    posting.tx.write_changes(changes).await?;
    let [before, after] = [&items, &new].map(|items| by_position(&books, items));
    posting.tx.facts_follow(&before, &after).await?;
    match is_debit {
        true => posting.effects.credits.extend(effects),
        false => posting.effects.debits.extend(effects),
    }
    Ok(Ok(Posted { result, is_debit }))
}

/// An allocation of the old version as it is set on the new one. What the old version asked for,
/// the new one asks anew, as far as it still does; on closed days, where nothing may be settled
/// anew, it keeps what it asks for as before.
fn moved(
    of: &ActiveAllocation,
    old: &KnownKey,
    closed: Option<NaiveDate>,
    before: &[ClearingRequest],
    after: &[ClearingRequest],
) -> Option<ActiveAllocation> {
    if of.cause.document != old.document {
        return Some(of.clone());
    }
    // A recovery reopens what it settles, which comes anew with it.
    if closed.is_none_or(|closed| of.apply_date > closed) || old.kind == DocumentKind::Recovery {
        return None;
    }
    let asked = before.iter().find(|request| request.id == of.cause.request)?;
    let asks = after.iter().find(|request| request.target == asked.target)?;
    let cause = Cause { document: asks.document, request: asks.id };
    Some(ActiveAllocation { cause, ..of.clone() })
}

/// The parts of a document in the order that its sender gave them.
fn by_position(books: &Books, items: &[Uuid]) -> Vec<Uuid> {
    let mut items = items.to_vec();
    items.sort_by_key(|id| books.item(*id).map(|tracked| tracked.item.position));
    items
}

/// What a version rests on.
struct Loaded {
    /// Oldest due first.
    items: Vec<Uuid>,
    allocations: Vec<ActiveAllocation>,
    /// Allocations that were reset, with the day.
    lapsed: Vec<(ActiveAllocation, NaiveDate)>,
    /// What it reopened, as a recovery.
    reopened: Vec<(Uuid, NaiveDate, i64)>,
}

async fn load(
    posting: &mut Posting<'_>,
    books: &mut Books,
    old: &KnownKey,
    floor: NaiveDate,
) -> Result<Loaded> {
    let tx = &posting.tx;
    books.load(tx.items_of(&[old.document], floor).await?);
    let items = books.items_of(old.document);
    let allocations = tx.allocations_of(&items).await?;
    let mut lapsed = tx.lapsed_allocations_of(&items).await?;
    let mut touched = others(&allocations, &items);
    touched.extend(others(lapsed.iter().map(|(allocation, _)| allocation), &items));
    books.load(tx.items(&touched, floor).await?);
    lapsed.retain(|(allocation, _)| !is_recovery_of(allocation, &items, books));
    let reopened = tx.reopened_by(old.document).await?;
    let reopening: Vec<Uuid> = reopened.iter().map(|(id, ..)| *id).collect();
    books.load(tx.items(&reopening, floor).await?);
    Ok(Loaded { items, allocations, lapsed, reopened })
}

/// Whether a recovery that is reversed made this allocation: it reopened what it cleared, on the
/// same days, and both go on cancelling out.
fn is_recovery_of(allocation: &ActiveAllocation, items: &[Uuid], books: &Books) -> bool {
    let credit = allocation.row.credit_item;
    let kind = books.item(credit).map(|tracked| tracked.item.kind);
    kind == Some(DocumentKind::Recovery) && !items.contains(&credit)
}

/// The items on the other side of allocations.
pub fn others<'a>(
    allocations: impl IntoIterator<Item = &'a ActiveAllocation>,
    items: &[Uuid],
) -> Vec<Uuid> {
    let mut others: Vec<Uuid> = allocations
        .into_iter()
        .flat_map(|allocation| [allocation.row.credit_item, allocation.row.debit_item])
        .filter(|id| !items.contains(id))
        .collect();
    others.sort_unstable();
    others.dedup();
    others
}

/// The documents on the other side of allocations.
fn others_documents(allocations: &[ActiveAllocation], items: &[Uuid], books: &Books) -> Vec<Uuid> {
    let others = others(allocations, items).into_iter();
    others.filter_map(|id| books.item(id)).map(|tracked| tracked.item.document).collect()
}

/// What the new version asks. It keeps the place of the first one among those that settle, and
/// what a person withdrew stays withdrawn.
async fn requests(
    posting: &Posting<'_>,
    old: &KnownKey,
    before: &[ClearingRequest],
    id: Uuid,
    draft: &Draft<String>,
) -> Result<Vec<ClearingRequest>> {
    let oldest_first = before.iter().any(|request| request.target.is_none());
    let carried = oldest_first && {
        let old = posting.tx.drafts(&[old.document]).await?.remove(&old.document);
        old.is_some_and(|draft| !draft.clears.oldest_first)
    };
    let mut requests = posting.requests(id, draft, carried);
    for request in &mut requests {
        let key = |of: &ClearingRequest| of.target.as_ref().map(|target| target.key.clone());
        let same = before.iter().find(|old| key(old) == key(request));
        if same.is_some_and(|old| old.state == RequestState::Withdrawn) {
            request.state = RequestState::Withdrawn;
        }
        // What a call brought stays settled as it is, what an import brought may be displaced.
        if let Some(first) = before.first()
            && (request.import_id.is_empty() || first.import_id.is_empty())
        {
            request.import_id.clone_from(&first.import_id);
        }
    }
    Ok(requests)
}
