//! Posting a document: whether its key admits it, and the items it leaves.

use std::cmp::Ordering;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{AllocationId, Books, EntryKind, Item, KnownKey, NewDocument, TrackedItem};
use crate::domain::dates::NO_DATE;
use crate::domain::document::{Draft, PostOutcome};
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::item::ItemClass;
use crate::domain::names;
use crate::domain::text::quote;

/// What a key that is known already makes of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Post,
    /// Replaces the version that counts.
    Revise,
    /// Nothing happens, and the caller is told why.
    Nothing(PostOutcome),
    /// It contradicts what was posted, as far as the key tells: [`compare`] them.
    Compare,
}

/// Digest of the content of a document: everything but its version.
pub fn content_hash(draft: &Draft<String>) -> Result<Vec<u8>> {
    let content = Draft { source_version: 0, ..draft.clone() };
    let bytes = serde_json::to_vec(&content)
        .map_err(|e| Error::internal(format!("a document cannot be encoded: {e}")))?;
    Ok(Sha256::digest(bytes).to_vec())
}

/// Compares a draft with what is known of its key. `is_list`: other content of the same version
/// corrects what was posted.
pub fn admit(
    draft: &Draft<String>,
    hash: &[u8],
    known: Option<&KnownKey>,
    is_list: bool,
) -> Admission {
    let Some(known) = known else { return Admission::Post };
    let is_same_document = known.account_id == draft.payer
        && known.currency == draft.currency
        && known.kind == draft.kind;
    match draft.source_version.cmp(&known.source_version) {
        Ordering::Less => Admission::Nothing(PostOutcome::Superseded),
        Ordering::Equal if known.content_hash == hash => Admission::Nothing(match known.reversed {
            true => PostOutcome::AlreadyReversed,
            false => PostOutcome::AlreadyPosted,
        }),
        Ordering::Greater if is_same_document && known.reversed => Admission::Post,
        Ordering::Greater if is_same_document => Admission::Revise,
        Ordering::Equal if is_list && is_same_document && !known.reversed => Admission::Revise,
        Ordering::Equal | Ordering::Greater => Admission::Compare,
    }
}

/// Compares a draft with the document posted under its key, where [`admit`] says so. A reversed
/// one that comes again with other details is the same one: who owed how much, and when, is told
/// as before.
///
/// # Errors
/// `DOCUMENT_CONFLICT`, with the fields that differ.
pub fn compare(
    draft: &Draft<String>,
    posted: &Draft<String>,
    known: &KnownKey,
) -> Result<PostOutcome> {
    let is_higher = draft.source_version > known.source_version;
    if !is_higher && known.reversed && posted.differences_that_count(draft).is_empty() {
        return Ok(PostOutcome::AlreadyReversed);
    }
    let differ = match is_higher {
        true => posted.differences_that_last(draft),
        false => posted.differences(draft),
    };
    let advice = if draft.payer != posted.payer {
        let (old, new) = (names::account_name(&posted.payer), names::account_name(&draft.payer));
        format!(
            "a document stays with its account: send it for {old} or leave it out, and bring what \
             is open there to {new} by a credit and a debit with keys of their own"
        )
    } else if differ.iter().any(|field| ["kind", "gross.currency_code"].contains(field)) {
        "kind and currency never change: reverse it, and post the other with a key of its own"
            .to_owned()
    } else {
        "a correction has a higher source_version".to_owned()
    };
    Err(Error::AlreadyExists {
        reason: Reason::DocumentConflict,
        resource: Resource {
            kind: "document",
            name: names::child_name(&known.account_id, names::DOCUMENTS, known.document),
        },
        description: format!(
            "document {} was posted otherwise (version {}; these differ: {}); {advice}",
            quote(&draft.key.document_no),
            known.source_version,
            differ.join(", "),
        ),
    })
}

impl Books {
    /// Refuses a posting date in a closed period.
    pub fn check_period(&self, company: &str, day: NaiveDate) -> Result<()> {
        match self.closed.get(company) {
            Some(closed) if day <= *closed => Err(super::period_closed(company, *closed, day)),
            _ => Ok(()),
        }
    }

    /// Posts a document; answers its items, oldest due first.
    pub fn post(&mut self, document: NewDocument) -> Result<Vec<Uuid>> {
        let draft = &document.draft;
        let sign = draft.side.sign();
        let mut items = Vec::new();
        for (position, part) in draft.parts().into_iter().enumerate() {
            let class = ItemClass::of(draft.kind, draft.side, !draft.order_ref.is_empty(), &part);
            let item = Item {
                id: Uuid::now_v7(),
                account_id: draft.payer.clone(),
                document: document.id,
                position: i32::try_from(position).unwrap_or(i32::MAX),
                kind: draft.kind,
                class,
                company_code: draft.key.company_code.clone(),
                currency: draft.currency,
                document_date: draft.document_date,
                posting_date: draft.posting_date,
                due_date: part.due_date.unwrap_or(NO_DATE),
                amount: sign * part.amount_minor,
                release_condition: part.release_condition.unwrap_or_default(),
            };
            let (id, amount, day) = (item.id, item.amount, item.posting_date);
            items.push((item.due_date, id));
            self.keep(TrackedItem::new(item));
            self.enter(id, document.id, AllocationId::NONE, EntryKind::Post, day, amount)?;
        }
        self.changes.keys.push(KnownKey {
            key: draft.key.clone(),
            document: document.id,
            account_id: draft.payer.clone(),
            recorded_us: i64::MAX,
            source_version: draft.source_version,
            content_hash: document.content_hash.clone(),
            reversed: false,
            kind: draft.kind,
            currency: draft.currency,
            posting_date: draft.posting_date,
        });
        self.changes.documents.push(document);
        items.sort_unstable();
        Ok(items.into_iter().map(|(_, id)| id).collect())
    }
}
