//! Imports: documents in numbered chunks, each committed before it is acknowledged; clearings
//! at the finish, in an order of their own.
//!
//! Every step can be repeated: a chunk by the keys of its documents, the finish because a
//! clearing that was applied waits no more.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::affected::affected;
use super::context::{Effects, Posted, Posting};
use super::fault::{decode, encode, faults};
use super::settle::{self, Tried};
use super::{Ledger, event, posting};
use crate::ctx::Ctx;
use crate::domain::books::RequestState;
use crate::domain::document::{Draft, PostOutcome};
use crate::domain::error::{Error, Reason, Result, Violation};
use crate::domain::event::EventType;
use crate::domain::import::{ClearingFault, FinishStep, ImportChunk, ImportHeader, ImportResult};
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
    finished: bool,
    /// Clearings that are still to be tried, once the finish has counted them.
    waiting: Option<i64>,
}

impl Ledger {
    /// Opens an import, or takes one up again.
    ///
    /// # Errors
    /// `IMPORT_ID_REUSED`.
    pub async fn open_import(&self, ctx: &Ctx, header: ImportHeader) -> Result<Import> {
        let (asked, principal) = (header.clone(), ctx.principal.clone());
        let run = self
            .store
            .write(ctx, Lane::Bulk, move |tx| {
                let (asked, principal) = (asked.clone(), principal.clone());
                Box::pin(async move { open(tx, &asked, &principal).await })
            })
            .await?;
        let (acknowledged, finished) = (run.sequence, run.finished);
        Ok(Import { ledger: self.clone(), acknowledged, finished, header, waiting: None })
    }
}

impl Import {
    /// The highest chunk acknowledged so far.
    pub fn acknowledged_sequence(&self) -> i64 {
        self.acknowledged
    }

    /// Whether it was finished before it was opened this time.
    pub fn is_finished(&self) -> bool {
        self.finished
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

async fn open(tx: &mut WriteTx, header: &ImportHeader, principal: &str) -> Result<ImportRun> {
    let ImportHeader { import_id, clear_oldest_first, content, .. } = header;
    let mut run = tx.open_import(import_id, principal, *clear_oldest_first, content).await?;
    if run.content.is_empty() && !content.is_empty() && !run.finished {
        // It was opened without saying what it brings: it is this from now on.
        run.content.clone_from(content);
        tx.save_import(&run).await?;
    }
    if !content.is_empty() && run.content != *content {
        return Err(Error::precondition(
            Reason::ImportIdReused,
            format!("imports/{import_id}"),
            "the id was used for another content; give this one an id of its own",
        ));
    }
    Ok(run)
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

    let posting::Locked { accounts, closed, blocked } = posting::lock(tx, &drafts).await?;
    let import_id = header.import_id.as_str();
    let oldest_first = run.oldest_first;
    let effects = Effects::default();
    let mut posting =
        Posting { tx: &mut *tx, closed, accounts, blocked, import_id, oldest_first, effects };
    let posted = posting.post(drafts).await?;
    let effects = std::mem::take(&mut posting.effects);
    leave_due(tx, import_id, &effects, &posted).await?;
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

/// What these documents let through is done at the finish, with everything else.
async fn leave_due(
    tx: &WriteTx,
    import_id: &str,
    effects: &Effects,
    posted: &[Result<Posted>],
) -> Result<()> {
    let posted: Vec<&Posted> = posted.iter().filter_map(|posted| posted.as_ref().ok()).collect();
    let affected = affected(tx, effects, posted.iter().copied()).await?;
    let due = affected.into_values().filter(|request| request.state != RequestState::Due);
    tx.set_due(due.map(|request| request.id).collect()).await?;
    let again: Vec<Uuid> = posted
        .iter()
        .filter(|posted| posted.result.outcome == PostOutcome::AlreadyPosted)
        .map(|posted| posted.result.document_id)
        .collect();
    tx.adopt_requests(import_id, &again).await
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
            notices: posted.result.notices,
        },
        Err(error) => refused(error),
    }
}

fn refused(error: Error) -> ImportResult {
    let (faults, notices) = (faults(error), Vec::new());
    ImportResult { outcome: PostOutcome::Refused, document: None, faults, notices }
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
    let limit = CLEARINGS_PER_STEP;
    let due = tx.due_requests(id, run.opened_us, limit).await?;
    if due.is_empty() {
        run.finished = true;
        tx.save_import(&run).await?;
        return done(tx, &run).await;
    }
    let before = match counted {
        Some(before) => before,
        None => tx.requests_due(id, run.opened_us).await?,
    };
    let accounts: BTreeSet<String> = due.into_iter().map(|request| request.account_id).collect();
    let accounts: Vec<String> = accounts.into_iter().collect();
    tx.lock_accounts(&accounts).await?;
    // Read again under the locks: another finish, or a call, may have been faster.
    let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let due = tx.due_requests_of(id, run.opened_us, &accounts, limit).await?;
    let tried = i64::try_from(due.len()).unwrap_or(limit);
    let (mut failed, mut faulty, mut made) = (Vec::new(), Vec::new(), Vec::new());
    for (request, tried) in settle::settle(tx, settings, due, true).await? {
        match tried {
            Tried::Applied(clearings) => {
                run.done.clearings_applied += i64::try_from(clearings.len()).unwrap_or(0);
                made.extend(clearings.into_iter().map(|c| (request.account_id.clone(), c)));
            }
            Tried::Failed(error) => {
                faulty.push(request.document);
                failed.push((request.id, encode(error)));
            }
            Tried::Missing => {}
        }
    }
    tx.fail_requests(&failed).await?;
    // What failed is told by the finish that met it, also if an earlier import brought it.
    tx.adopt_requests(id, &faulty).await?;
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
