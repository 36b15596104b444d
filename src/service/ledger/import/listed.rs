//! A list of all that is open: what it says of a document that was posted before is how much of it
//! is open, and when it is due. Nothing else of it is changed.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::books::{KnownKey, KnownStatus, TrackedItem, content_hash, made_key};
use crate::domain::document::{DocumentKey, Draft, PostOutcome};
use crate::domain::error::{Error, Reason, Result};
use crate::domain::names;
use crate::domain::terms::{Instalment, InstalmentKind};
use crate::service::ledger::context::Posted;
use crate::service::ledger::post::unchanged;
use crate::store::{ImportRun, WriteTx};

/// What becomes of a document of a list.
pub(super) enum Listed {
    Post(Box<Draft<String>>),
    Told(Result<Posted>),
}

/// The documents of a list as they are to be posted. The accounts are locked.
pub(super) async fn as_documents(
    tx: &WriteTx,
    run: &ImportRun,
    drafts: Vec<Draft<String>>,
) -> Result<Vec<Listed>> {
    let books = Posts::load(tx, run.as_of, &drafts).await?;
    let mut seen: HashMap<DocumentKey, Said> = HashMap::new();
    let listed = |draft: Draft<String>| {
        let said = said(&draft);
        match seen.entry(draft.key.clone()).or_insert_with(|| said.clone()) {
            first if *first != said => Ok(Listed::Told(Err(twice()))),
            _ => books.listed(draft, run),
        }
    };
    drafts.into_iter().map(listed).collect()
}

/// What a list says of a document: how much of it is open, and when it is due.
type Said = (i64, Vec<Option<NaiveDate>>);

fn said(draft: &Draft<String>) -> Said {
    (draft.gross, draft.instalments.iter().map(|part| part.due_date).collect())
}

/// A list that names a document twice says two amounts or due dates of it.
fn twice() -> Error {
    let what = "the list names the document twice, with another amount or due date: parts of one \
                document need a line number each";
    Error::invalid("key.document_no", Reason::DuplicateElement, what)
}

fn reversed(known: &KnownKey) -> Error {
    Error::precondition(
        Reason::DocumentReversed,
        names::child_name(&known.account_id, names::DOCUMENTS, known.document),
        "was reversed here, and the list says that it is open: it returns with a higher version",
    )
}

/// What was posted under the keys of a list.
struct Posts {
    known: HashMap<DocumentKey, KnownKey>,
    statuses: HashMap<DocumentKey, KnownStatus>,
    drafts: HashMap<Uuid, Draft<String>>,
    /// By document.
    items: HashMap<Uuid, Vec<TrackedItem>>,
}

impl Posts {
    async fn load(tx: &WriteTx, as_of: NaiveDate, drafts: &[Draft<String>]) -> Result<Self> {
        let mut known = tx.known_keys(drafts.iter().map(|draft| &draft.key)).await?;
        let statuses = tx.clearing_statuses(drafts.iter().map(|draft| &draft.key)).await?;
        let settling: Vec<DocumentKey> = statuses.values().filter_map(settling).collect();
        known.extend(tx.known_keys(&settling).await?);
        let documents: Vec<Uuid> = known.values().map(|known| known.document).collect();
        let mut items: HashMap<Uuid, Vec<TrackedItem>> = HashMap::new();
        for item in tx.items_of(&documents, as_of).await? {
            items.entry(item.item.document).or_default().push(item);
        }
        let drafts = tx.drafts(&documents).await?;
        Ok(Self { known, statuses, drafts, items })
    }

    fn listed(&self, draft: Draft<String>, run: &ImportRun) -> Result<Listed> {
        let as_of = run.as_of;
        let status = self.statuses.get(&draft.key);
        let Some(known) = self.known.get(&draft.key) else {
            return Ok(Listed::Post(Box::new(draft)));
        };
        if known.reversed {
            return Ok(match draft.source_version > known.source_version {
                true => Listed::Post(Box::new(draft)),
                false => Listed::Told(Err(reversed(known))),
            });
        }
        if status.is_some_and(|status| status.as_of > as_of) {
            return Ok(Listed::Told(Ok(unchanged(PostOutcome::Superseded, known))));
        }
        let posted = self.drafts.get(&known.document);
        let posted = posted.ok_or_else(|| Error::internal("a key without its document"))?;
        if !posted.differences_that_last(&draft).is_empty() || posted.side != draft.side {
            // Another document: that is told as everywhere.
            return Ok(Listed::Post(Box::new(draft)));
        }
        let day = as_of.max(known.posting_date);
        let open = self.open(known.document, day);
        let made = status.and_then(settling).and_then(|key| self.known.get(&key));
        let made = made.filter(|made| !made.reversed && made.posting_date <= day);
        let made = made.and_then(|made| self.drafts.get(&made.document)).map_or(0, |of| of.gross);
        let gross = draft.gross + (posted.gross - open - made);
        let mut new = match with_amount(posted, gross) {
            Ok(new) => new,
            Err(refused) => return Ok(Listed::Told(Err(refused))),
        };
        fall_due(&mut new, &draft);
        // A list has no versions of its own: that of the source goes on from where it is.
        new.source_version = draft.source_version.max(known.source_version);
        let named_before = status.is_some_and(|status| status.listed_by == run.id);
        if named_before && content_hash(&new)? != known.content_hash {
            return Ok(Listed::Told(Err(twice())));
        }
        Ok(Listed::Post(Box::new(new)))
    }

    fn open(&self, document: Uuid, day: NaiveDate) -> i64 {
        let items = self.items.get(&document);
        items.into_iter().flatten().map(|tracked| tracked.open_on(day)).sum()
    }
}

/// The key of the document that was made because a source said that this one is cleared.
fn settling(status: &KnownStatus) -> Option<DocumentKey> {
    status.settled_by.map(|document| made_key(&status.key.company_code, document))
}

/// The document with another amount.
fn with_amount(posted: &Draft<String>, gross: i64) -> Result<Draft<String>> {
    let mut new = posted.clone();
    if gross == posted.gross {
        return Ok(new);
    }
    match new.instalments.as_mut_slice() {
        [] => {}
        [one] => one.amount_minor = gross,
        _ => {
            return Err(Error::invalid(
                "instalments",
                Reason::InstalmentsMismatch,
                "another amount is open of it than in the books, and a list does not say of which \
                 of its instalments; send the document itself with a higher version",
            ));
        }
    }
    (new.gross, new.net, new.tax) = (gross, None, None);
    Ok(new)
}

/// Takes the due date of a list, where the document has one.
fn fall_due(new: &mut Draft<String>, listed: &Draft<String>) {
    let [Instalment { due_date: Some(due), .. }] = listed.instalments.as_slice() else { return };
    match new.instalments.as_mut_slice() {
        [] if new.terms.is_none() => {
            new.instalments = vec![Instalment {
                kind: InstalmentKind::Normal,
                due_date: Some(*due),
                amount_minor: new.gross,
                release_condition: None,
            }];
        }
        [one] => one.due_date = Some(*due),
        _ => {}
    }
}
