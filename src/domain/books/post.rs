//! Posting a document: whether its key admits it, and the items it leaves.

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{AllocationId, Books, EntryKind, Item, KnownKey, NewDocument, TrackedItem};
use crate::domain::dates::NO_DATE;
use crate::domain::document::{Draft, PostOutcome};
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::item::ItemClass;
use crate::domain::names;

/// What a key that is known already makes of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Post,
    /// Replaces the version that counts.
    Revise,
    /// Nothing happens, and the caller is told why.
    Nothing(PostOutcome),
}

/// Digest of the content of a document: everything but its version.
pub fn content_hash(draft: &Draft<String>) -> Result<Vec<u8>> {
    let content = Draft { source_version: 0, ..draft.clone() };
    let bytes = serde_json::to_vec(&content)
        .map_err(|e| Error::internal(format!("a document cannot be encoded: {e}")))?;
    Ok(Sha256::digest(bytes).to_vec())
}

/// Compares a draft with what is known of its key.
///
/// # Errors
/// `DOCUMENT_CONFLICT`.
pub fn admit(draft: &Draft<String>, hash: &[u8], known: Option<&KnownKey>) -> Result<Admission> {
    let Some(known) = known else { return Ok(Admission::Post) };
    let version = draft.source_version.cmp(&known.source_version);
    if known.reversed {
        return Ok(match version {
            std::cmp::Ordering::Greater => Admission::Post,
            _ => Admission::Nothing(PostOutcome::AlreadyReversed),
        });
    }
    let conflict = |what: &str| Error::AlreadyExists {
        reason: Reason::DocumentConflict,
        resource: Resource {
            kind: "document",
            name: names::child_name(&known.account_id, names::DOCUMENTS, known.document),
        },
        description: format!(
            "document {} was posted with another {what}",
            crate::domain::text::quote(&draft.key.document_no)
        ),
    };
    match version {
        std::cmp::Ordering::Less => Ok(Admission::Nothing(PostOutcome::Superseded)),
        std::cmp::Ordering::Equal if known.content_hash == hash => {
            Ok(Admission::Nothing(PostOutcome::AlreadyPosted))
        }
        std::cmp::Ordering::Equal => Err(conflict("content at this version")),
        std::cmp::Ordering::Greater if known.account_id != draft.payer => Err(conflict("payer")),
        std::cmp::Ordering::Greater if known.currency != draft.currency => {
            Err(conflict("currency"))
        }
        std::cmp::Ordering::Greater if known.kind != draft.kind => Err(conflict("kind")),
        std::cmp::Ordering::Greater => Ok(Admission::Revise),
    }
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
            self.items.insert(id, TrackedItem::new(item));
            self.enter(id, document.id, AllocationId::NONE, EntryKind::Post, day, amount)?;
        }
        self.changes.keys.push(KnownKey {
            key: draft.key.clone(),
            document: document.id,
            account_id: draft.payer.clone(),
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
