//! Imports: documents in numbered chunks, each committed before it is acknowledged; clearings
//! at the finish, in an order of their own.
//!
//! Every step can be repeated: a chunk by the keys of its documents, the finish because a
//! clearing that was applied waits no more.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::context::{Posted, Posting};
use super::jobs::{self, JobResult};
use super::post::new_keys;
use super::{Ledger, event, posting};
use crate::ctx::Ctx;
use crate::domain::books::Books;
use crate::domain::document::{DocumentKey, Draft, PostOutcome};
use crate::domain::error::{Error, Reason, Result, Violation};
use crate::domain::event::EventType;
use crate::domain::import::{
    ClearingFault, FinishStep, ImportChunk, ImportFault, ImportHeader, ImportResult,
};
use crate::domain::names::AccountRef;
use crate::service::Settings;
use crate::store::account::KnownAccount;
use crate::store::{AuditEntry, ImportRun, Lane, WriteTx};

/// Clearings applied in one transaction of the finish: bounds how long it holds the writer.
const CLEARINGS_PER_STEP: i64 = 250;
/// Faults and missing documents named in a summary.
const NAMED_MAX: u64 = 1_000;

/// An import under way.
#[derive(Debug, Clone)]
pub struct Import {
    ledger: Ledger,
    header: ImportHeader,
    acknowledged: i64,
    /// Clearings that are still to be tried, once the finish has counted them.
    waiting: Option<i64>,
}

impl Ledger {
    /// Opens an import, or takes one up again.
    ///
    /// # Errors
    /// `IMPORT_FINISHED`.
    pub async fn open_import(&self, ctx: &Ctx, header: ImportHeader) -> Result<Import> {
        let (id, principal) = (header.import_id.clone(), ctx.principal.clone());
        let oldest_first = header.clear_oldest_first;
        let run = self
            .store
            .write(ctx, Lane::Bulk, move |tx| {
                let (id, principal) = (id.clone(), principal.clone());
                Box::pin(async move { tx.open_import(&id, &principal, oldest_first).await })
            })
            .await?;
        Ok(Import { ledger: self.clone(), acknowledged: run.sequence, header, waiting: None })
    }
}

impl Import {
    /// The highest chunk acknowledged so far.
    pub fn acknowledged_sequence(&self) -> i64 {
        self.acknowledged
    }

    /// Posts the documents of a chunk; answers when they are committed.
    ///
    /// # Errors
    /// `CHUNK_OUT_OF_ORDER`, `IMPORT_FINISHED`. What is wrong with single documents is in
    /// the results.
    pub async fn chunk(&mut self, ctx: &Ctx, chunk: ImportChunk) -> Result<Vec<ImportResult>> {
        if chunk.sequence > self.acknowledged + 1 || chunk.sequence < 1 {
            return Err(Error::invalid(
                "chunk.sequence",
                Reason::ChunkOutOfOrder,
                format!("must be {}, or one acknowledged before", self.acknowledged + 1),
            ));
        }
        let sequence = chunk.sequence;
        let header = self.header.clone();
        let audit = audit(ctx, &header);
        let results = self
            .ledger
            .store
            .write(ctx, Lane::Bulk, move |tx| {
                let (header, chunk, audit) = (header.clone(), chunk.clone(), audit.clone());
                Box::pin(async move {
                    let results = post_chunk(tx, &header, chunk).await?;
                    tx.audit(&audit).await?;
                    Ok(results)
                })
            })
            .await?;
        self.acknowledged = self.acknowledged.max(sequence);
        Ok(results)
    }

    /// Applies the next clearings; call it until it answers that the import is done.
    pub async fn finish_step(&mut self, ctx: &Ctx) -> Result<FinishStep> {
        let (header, settings) = (self.header.clone(), self.ledger.settings.clone());
        let (audit, waiting) = (audit(ctx, &header), self.waiting);
        let step = self
            .ledger
            .store
            .write(ctx, Lane::Bulk, move |tx| {
                let (header, settings, audit) = (header.clone(), settings.clone(), audit.clone());
                Box::pin(async move {
                    let step = finish(tx, &settings, &header, waiting).await?;
                    tx.audit(&audit).await?;
                    Ok(step)
                })
            })
            .await?;
        if let FinishStep::Progress { waiting, .. } = &step {
            self.waiting = Some(*waiting);
        }
        Ok(step)
    }
}

fn audit(ctx: &Ctx, header: &ImportHeader) -> AuditEntry {
    AuditEntry {
        principal: ctx.principal.clone(),
        method: "ReceivableService.ImportDocuments",
        resource: format!("imports/{}", header.import_id),
        request_id: String::new(),
        trace: ctx.trace.clone(),
        detail: String::new(),
    }
}

fn refuse_finished(run: &ImportRun) -> Result<()> {
    if !run.finished {
        return Ok(());
    }
    Err(Error::precondition(
        Reason::ImportFinished,
        format!("imports/{}", run.id),
        "the import was finished; use a new id",
    ))
}

async fn post_chunk(
    tx: &mut WriteTx,
    header: &ImportHeader,
    chunk: ImportChunk,
) -> Result<Vec<ImportResult>> {
    let mut run = tx.import(&header.import_id).await?;
    refuse_finished(&run)?;
    let good = || chunk.documents.iter().filter_map(|d| d.as_ref().ok());
    let refs = posting::named_accounts(good());
    let found = tx.find_accounts(&refs).await?;
    let known = account_ids(&found);
    let create = header.create_missing_accounts.then_some(&chunk.display_names);
    let found = posting::with_missing(tx, &refs, found, create, header.canonical_form).await?;
    let new = account_ids(&found).difference(&known).count();
    run.done.accounts_created += i64::try_from(new).unwrap_or(i64::MAX);

    // A document whose account is missing is refused, the others go on.
    let mut drafts = Vec::new();
    let mut results: Vec<Option<ImportResult>> = Vec::with_capacity(chunk.documents.len());
    for document in chunk.documents {
        let refused = match document {
            Err(violations) => Some(refused(Error::Invalid(violations))),
            Ok(draft) => match unknown_account(&draft, &found) {
                Some(violation) => Some(refused(violation.into())),
                None => {
                    drafts.push(draft.map_accounts(|name| {
                        found.get(&name).map_or_else(String::new, |a| a.id.clone())
                    }));
                    None
                }
            },
        };
        results.push(refused);
    }

    let posting::Locked { accounts, closed, delivered } = posting::lock(tx, &drafts).await?;
    let import_id = header.import_id.as_str();
    let oldest_first = run.oldest_first;
    let keys: Vec<DocumentKey> = drafts.iter().map(|d| d.key.clone()).collect();
    let mut posting =
        Posting { tx: &mut *tx, closed, accounts, delivered, import_id, oldest_first };
    let posted = posting.post(drafts).await?;
    // What waited for these documents is settled at our finish, with everything else.
    let new_keys = new_keys(keys.iter().zip(&posted));
    tx.adopt_waiting(import_id, &new_keys).await?;
    let mut posted = posted.into_iter().map(result);
    let results: Vec<ImportResult> = results
        .into_iter()
        .map(|refused| refused.or_else(|| posted.next()))
        .collect::<Option<_>>()
        .ok_or_else(|| Error::internal("a document was passed over"))?;

    // Counted once: a chunk that is sent again was counted when it was acknowledged.
    if chunk.sequence > run.sequence {
        count(&mut run, &results);
        run.sequence = chunk.sequence;
    }
    tx.save_import(&run).await?;
    let changed: Vec<(String, Uuid)> = results
        .iter()
        .filter(|r| matches!(r.outcome, PostOutcome::Posted | PostOutcome::Revised))
        .filter_map(|r| r.document.clone())
        .collect();
    tx.publish(event::documents(EventType::DocumentsPosted, &changed)).await?;
    Ok(results)
}

/// The accounts behind names; several names may be one account.
fn account_ids(found: &HashMap<AccountRef, KnownAccount>) -> BTreeSet<String> {
    found.values().map(|account| account.id.clone()).collect()
}

fn unknown_account(
    draft: &Draft<AccountRef>,
    found: &HashMap<AccountRef, KnownAccount>,
) -> Option<Violation> {
    let named = [
        ("payer", Some(&draft.payer)),
        ("sold_to", draft.sold_to.as_ref()),
        ("bill_to", draft.bill_to.as_ref()),
    ];
    named.into_iter().find_map(|(field, name)| {
        let name = name.filter(|name| !found.contains_key(name))?;
        Some(Violation::new(field, Reason::ResourceNotFound, format!("{name} does not exist")))
    })
}

fn result(posted: Result<Posted>) -> ImportResult {
    match posted {
        Ok(posted) => ImportResult {
            outcome: posted.result.outcome,
            document: Some((posted.result.account_id, posted.result.document_id)),
            faults: Vec::new(),
        },
        Err(error) => refused(error),
    }
}

fn refused(error: Error) -> ImportResult {
    ImportResult { outcome: PostOutcome::Refused, document: None, faults: faults(error) }
}

fn faults(error: Error) -> Vec<ImportFault> {
    match error {
        Error::Invalid(list) => list.into_iter().map(ImportFault::from).collect(),
        Error::FailedPrecondition(list) => list
            .into_iter()
            .map(|p| ImportFault {
                reason: p.reason,
                field: p.field.unwrap_or_default(),
                description: format!("{}: {}", p.subject, p.description),
            })
            .collect(),
        other => vec![ImportFault {
            reason: other.reason(),
            field: String::new(),
            description: other.to_string(),
        }],
    }
}

fn count(run: &mut ImportRun, results: &[ImportResult]) {
    for result in results {
        match result.outcome {
            PostOutcome::Posted => run.done.posted += 1,
            PostOutcome::Revised => run.done.revised += 1,
            PostOutcome::Refused => run.done.refused += 1,
            PostOutcome::AlreadyPosted | PostOutcome::Superseded | PostOutcome::AlreadyReversed => {
                run.done.unchanged += 1
            }
        }
    }
}

/// One step. What waits is counted at the first one only: counting looks at all of it, and a
/// large import has many steps.
async fn finish(
    tx: &mut WriteTx,
    settings: &Settings,
    header: &ImportHeader,
    counted: Option<i64>,
) -> Result<FinishStep> {
    let id = header.import_id.as_str();
    let mut run = tx.import(id).await?;
    if run.finished {
        return done(tx, &run).await;
    }
    let mut waiting = tx.due_clearings(id, CLEARINGS_PER_STEP).await?;
    if waiting.is_empty() {
        // A transaction that posts a missing document keeps its account locked until it commits,
        // and one that locks the account after us sees what we release: no clearing is missed.
        let accounts = tx.accounts_waiting(id).await?;
        tx.lock_accounts(&accounts).await?;
        waiting = tx.due_clearings(id, CLEARINGS_PER_STEP).await?;
    }
    if waiting.is_empty() {
        // Read before they are released: these clearings wait for their documents from here on.
        let step = done(tx, &run).await?;
        tx.release_waiting_clearings(id).await?;
        run.finished = true;
        tx.save_import(&run).await?;
        return Ok(step);
    }
    let before = match counted {
        Some(before) => before,
        None => tx.clearings_waiting(id).await?,
    };
    let tried = i64::try_from(waiting.len()).unwrap_or(CLEARINGS_PER_STEP);
    let accounts: BTreeSet<String> = waiting.iter().map(|w| w.account_id.clone()).collect();
    tx.lock_accounts(&accounts.into_iter().collect::<Vec<_>>()).await?;
    let credits: Vec<Uuid> = waiting.iter().map(|w| w.document).collect();
    let closed = tx.closed_periods_of(&credits).await?;
    let mut books = Books::new(closed.clone());
    let (mut failed, mut made) = (Vec::new(), Vec::new());
    for (clearing, result) in jobs::run(tx, settings, &closed, waiting).await? {
        match result {
            JobResult::Applied(clearings) => {
                run.done.clearings_applied += i64::try_from(clearings.len()).unwrap_or(0);
                made.extend(clearings.into_iter().map(|c| (clearing.account_id.clone(), c)));
                books.end_wait(clearing.id);
            }
            JobResult::Failed(error) => failed.push((clearing.id, encode(faults(error)))),
            JobResult::Missing => failed.push((
                clearing.id,
                encode(vec![ImportFault {
                    reason: Reason::DocumentReversed,
                    field: String::new(),
                    description: "the document it names no longer counts".into(),
                }]),
            )),
        }
    }
    tx.fail_clearings(&failed).await?;
    let changes = books.take_changes()?;
    tx.write_changes(changes).await?;
    tx.publish(event::clearings(EventType::ItemsCleared, &made)).await?;
    tx.save_import(&run).await?;
    let waiting = (before - tried).max(0);
    Ok(FinishStep::Progress { applied: run.done.clearings_applied, waiting })
}

async fn done(tx: &WriteTx, run: &ImportRun) -> Result<FinishStep> {
    let mut summary = run.done.clone();
    summary.waiting_for = tx.missing_targets(&run.id, NAMED_MAX).await?;
    for (account, document, target, fault) in tx.clearing_faults(&run.id, NAMED_MAX).await? {
        summary.clearing_faults.push(ClearingFault {
            document: (account, document),
            target,
            fault: decode(&fault)?,
        });
    }
    Ok(FinishStep::Done(summary))
}

/// The first fault, as kept beside the clearing.
fn encode(faults: Vec<ImportFault>) -> String {
    let fault = faults.into_iter().next();
    let (reason, description) =
        fault.map_or((Reason::Internal, String::new()), |f| (f.reason, f.description));
    serde_json::json!({ "reason": reason.as_str(), "description": description }).to_string()
}

fn decode(text: &str) -> Result<ImportFault> {
    let fault: HashMap<String, String> = serde_json::from_str(text)
        .map_err(|e| Error::internal(format!("a fault cannot be read: {e}")))?;
    let text = |key: &str| fault.get(key).cloned().unwrap_or_default();
    let reason = Reason::ALL.iter().copied().find(|r| r.as_str() == text("reason"));
    Ok(ImportFault {
        reason: reason.unwrap_or(Reason::Internal),
        field: String::new(),
        description: text("description"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::stored_files::text;

    #[test]
    fn a_stored_fault_is_read_whole() {
        let stored = text("waiting_clearing.fault/fault");
        let fault = decode(&stored).unwrap();
        assert_eq!(fault.reason, Reason::ClearingExceedsOpen);
        let [file, again] =
            [stored, encode(vec![fault])].map(|text| serde_json::from_str::<Json>(&text).unwrap());
        assert_eq!(again, file);
    }
}
