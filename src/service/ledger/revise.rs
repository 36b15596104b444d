//! A higher version of a document: the old one is taken out on its posting date, the new one
//! put in on its own, and what was cleared moves over.

use std::collections::HashMap;

use uuid::Uuid;

use super::context::{Posted, Posting};
use crate::domain::books::{
    ActiveClearing, Books, KnownKey, NewDocument, NewWaitingClearing, Outgoing, Version,
};
use crate::domain::document::{DocumentKey, Draft, PostOutcome, PostResult};
use crate::domain::error::{Error, Result};
use crate::domain::item::DocumentKind;

/// Replaces `old` by `draft`. The outer error ends the whole set, the inner one is about this
/// document, and nothing of it was done.
pub async fn revise(
    posting: &mut Posting<'_>,
    old: &KnownKey,
    draft: Draft<String>,
    content_hash: Vec<u8>,
) -> Result<Result<Posted>> {
    let floor = old.posting_date.min(draft.posting_date);
    let mut books = Books::new(posting.closed.clone());
    books.load(posting.tx.items_of(&[old.document], floor).await?);
    let items = books.items_of(old.document);
    let clearings = posting.tx.clearings_of(&items).await?;
    let mut lapsed = posting.tx.lapsed_clearings_of(&items).await?;
    let mut touched = others(&clearings, &items);
    touched.extend(others(lapsed.iter().map(|(clearing, _)| clearing), &items));
    books.load(posting.tx.items(&touched, floor).await?);
    lapsed.retain(|(clearing, _)| !is_recovery_of(clearing, &items, &books));
    let reopened = posting.tx.reopened_by(old.document).await?;
    books.load(
        posting.tx.items(&reopened.iter().map(|(id, ..)| *id).collect::<Vec<_>>(), floor).await?,
    );

    let before = posting.tx.drafts(&[old.document]).await?.remove(&old.document);
    let before = before.ok_or_else(|| Error::internal("a document has no content"))?;
    let asked = Asked::new(posting, &before, &draft, old, &items).await?;
    let owner = owners(posting, &clearings, &books).await?;
    let moving: Vec<ActiveClearing> =
        clearings.iter().filter(|c| asked.still_wants(c, old, &owner)).cloned().collect();

    let id = Uuid::now_v7();
    let new_clearings = asked.new_waiting_clearings(posting, id, &draft);
    let result = PostResult {
        outcome: PostOutcome::Revised,
        account_id: draft.payer.clone(),
        document_id: id,
        waiting_for: Vec::new(),
        clearings: Vec::new(),
    };
    let out = Outgoing {
        key: old,
        items: &items,
        clearings: &clearings,
        lapsed: &lapsed,
        reopened: &reopened,
    };
    let moved = books.supersede(&out).and_then(|()| {
        let new = books.post(NewDocument { id, draft, content_hash })?;
        let old = Version { document: old.document, items: &items };
        books.move_over(&moving, old, Version { document: id, items: &new })
    });
    for id in &asked.waiting {
        books.end_wait(*id);
    }
    if !posting.import_id.is_empty() {
        new_clearings.iter().cloned().for_each(|clearing| books.wait(clearing));
    }
    let changes = match moved.and_then(|()| books.take_changes()) {
        Ok(changes) => changes,
        Err(Error::Internal { context }) => return Err(Error::Internal { context }),
        Err(refused) => return Ok(Err(refused)),
    };
    posting.tx.write_changes(changes).await?;
    Ok(Ok(Posted { result, clearings: new_clearings }))
}

/// Whether a recovery that is reversed made this clearing: it reopened what it cleared, on the
/// same days, and both go on cancelling out.
fn is_recovery_of(clearing: &ActiveClearing, items: &[Uuid], books: &Books) -> bool {
    clearing.allocations.iter().any(|row| {
        let credit = books.item(row.credit_item).map(|t| t.item.kind);
        credit == Some(DocumentKind::Recovery) && !items.contains(&row.credit_item)
    })
}

/// The items on the other side of clearings.
pub fn others<'a>(
    clearings: impl IntoIterator<Item = &'a ActiveClearing>,
    items: &[Uuid],
) -> Vec<Uuid> {
    let mut others: Vec<Uuid> = clearings
        .into_iter()
        .flat_map(|c| &c.allocations)
        .flat_map(|row| [row.credit_item, row.debit_item])
        .filter(|id| !items.contains(id))
        .collect();
    others.sort_unstable();
    others.dedup();
    others
}

/// Which document each debit item belongs to, by key.
async fn owners(
    posting: &Posting<'_>,
    clearings: &[ActiveClearing],
    books: &Books,
) -> Result<HashMap<Uuid, DocumentKey>> {
    let debits: Vec<(Uuid, Uuid)> = clearings
        .iter()
        .flat_map(|c| &c.allocations)
        .filter_map(|row| Some((row.debit_item, books.item(row.debit_item)?.item.document)))
        .collect();
    let documents: Vec<Uuid> = debits.iter().map(|(_, document)| *document).collect();
    let drafts = posting.tx.drafts(&documents).await?;
    Ok(debits
        .into_iter()
        .filter_map(|(item, document)| Some((item, drafts.get(&document)?.key.clone())))
        .collect())
}

/// What the old version asked to be cleared, and what the new one does.
struct Asked {
    before: Vec<DocumentKey>,
    after: Vec<DocumentKey>,
    oldest_first_before: bool,
    /// The old version settled something it asked for, even if that was reset since.
    has_settled: bool,
    /// Clearings of the old version that wait for their target.
    waiting: Vec<Uuid>,
    waiting_targets: Vec<DocumentKey>,
    /// The old version waits to settle the oldest due first.
    waits_for_oldest: bool,
}

impl Asked {
    async fn new(
        posting: &Posting<'_>,
        before: &Draft<String>,
        after: &Draft<String>,
        old: &KnownKey,
        items: &[Uuid],
    ) -> Result<Self> {
        let keys =
            |d: &Draft<String>| d.clears.targets.iter().map(|t| t.key.clone()).collect::<Vec<_>>();
        let waiting = posting.tx.waiting_clearings_of(old.document).await?;
        Ok(Self {
            before: keys(before),
            after: keys(after),
            oldest_first_before: before.clears.oldest_first,
            has_settled: posting.tx.has_settled(old.document, items).await?,
            waits_for_oldest: waiting.iter().any(|w| w.target.is_none()),
            waiting_targets: waiting
                .iter()
                .filter_map(|w| w.target.as_ref().map(|t| t.key.clone()))
                .collect(),
            waiting: waiting.into_iter().map(|w| w.id).collect(),
        })
    }

    /// A clearing that the old version asked for by name is not moved over if the new version
    /// no longer asks for it; that of a recovery is made anew with what it reopens.
    fn still_wants(
        &self,
        clearing: &ActiveClearing,
        old: &KnownKey,
        owner: &HashMap<Uuid, DocumentKey>,
    ) -> bool {
        clearing.document != old.document
            || old.kind != DocumentKind::Recovery
                && clearing.allocations.iter().any(|row| {
                    owner
                        .get(&row.debit_item)
                        .is_none_or(|key| !self.before.contains(key) || self.after.contains(key))
                })
    }

    /// Clearings to be tried for the new version: targets it names for the first time, and
    /// those that were still missing. One that was undone in between stays undone.
    fn new_waiting_clearings(
        &self,
        posting: &Posting<'_>,
        id: Uuid,
        draft: &Draft<String>,
    ) -> Vec<NewWaitingClearing> {
        posting
            .clearings(id, draft)
            .into_iter()
            .filter(|clearing| match &clearing.target {
                // That the import asks to settle the oldest first is new only to a document that
                // settled nothing.
                None if draft.clears.oldest_first => {
                    !self.oldest_first_before || self.waits_for_oldest
                }
                None => !self.has_settled,
                Some(target) => {
                    draft.kind == DocumentKind::Recovery
                        || !self.before.contains(&target.key)
                        || self.waiting_targets.contains(&target.key)
                }
            })
            .collect()
    }
}
