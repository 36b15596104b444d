//! Imports: documents in numbered chunks, each committed before it is acknowledged; clearings
//! at the finish, in an order of their own.
//!
//! Every step can be repeated: a chunk by the keys of its documents, the finish because a
//! clearing that was applied waits no more.

mod chunk;
mod finish;
mod listed;
mod statuses;
mod years;

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashSet};
use std::hash::{Hash as _, Hasher as _};

use super::Ledger;
use crate::ctx::Ctx;
use crate::domain::document::DocumentKey;
use crate::domain::error::{Error, Reason, Result, Violation};
use crate::domain::import::{
    ClearingFault, FinishStep, ImportChunk, ImportHeader, ImportResult, ImportSummary,
};
use crate::store::{AuditEntry, ImportRun, Lane, WriteTx};
use finish::Finish;

/// An import under way.
#[derive(Debug, Clone)]
pub struct Import {
    ledger: Ledger,
    header: ImportHeader,
    acknowledged: i64,
    finished: bool,
    finish: Finish,
    rehearsal: Option<Rehearsal>,
}

/// An import of which nothing is kept.
#[derive(Debug, Clone)]
struct Rehearsal {
    run: ImportRun,
    /// What a complete list named.
    listed: Vec<DocumentKey>,
    /// Digests of the keys of all documents: what one names that came in another chunk is not
    /// missing.
    documents: HashSet<u64>,
    missing: Vec<DocumentKey>,
    faults: Vec<ClearingFault>,
    faults_count: i64,
}

impl Rehearsal {
    fn new(run: ImportRun) -> Self {
        Self {
            run,
            listed: Vec::new(),
            documents: HashSet::new(),
            missing: Vec::new(),
            faults: Vec::new(),
            faults_count: 0,
        }
    }

    /// What the chunks did that could not be told at the end: nothing of them is kept.
    fn tell(&self, summary: &mut ImportSummary) {
        let missing: BTreeSet<DocumentKey> = self
            .missing
            .iter()
            .filter(|key| !self.documents.contains(&digest(key)))
            .cloned()
            .collect();
        summary.waiting_for_count = i64::try_from(missing.len()).unwrap_or(i64::MAX);
        summary.waiting_for = missing.into_iter().collect();
        summary.clearing_faults_count += self.faults_count;
        summary.clearing_faults.extend(self.faults.iter().cloned());
    }
}

fn digest(key: &DocumentKey) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl Ledger {
    /// Opens an import, or takes one up again.
    ///
    /// # Errors
    /// `IMPORT_ID_REUSED`.
    pub async fn open_import(&self, ctx: &Ctx, header: ImportHeader) -> Result<Import> {
        let today = ctx.clock.business_date();
        if header.as_of.is_some_and(|day| day > today) {
            let violation = Violation::new(
                "header.as_of",
                Reason::DateInvalid,
                format!("is after the business date, {today}"),
            );
            return Err(violation.into());
        }
        if header.validate_only {
            let run = ImportRun::new(&header, &ctx.principal, header.as_of.unwrap_or(today));
            let rehearsal = Some(Rehearsal::new(run));
            let finish = Finish::default();
            let ledger = self.clone();
            return Ok(Import {
                ledger,
                acknowledged: 0,
                finished: false,
                header,
                finish,
                rehearsal,
            });
        }
        let (asked, principal) = (header.clone(), ctx.principal.clone());
        let run = self
            .store
            .write(ctx, Lane::Bulk, move |tx| {
                let (asked, principal) = (asked.clone(), principal.clone());
                Box::pin(async move { open(tx, &asked, &principal).await })
            })
            .await?;
        let (acknowledged, finished) = (run.sequence, run.finished);
        let finish = Finish::default();
        let ledger = self.clone();
        Ok(Import { ledger, acknowledged, finished, header, finish, rehearsal: None })
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
        if self.rehearsal.is_some() {
            return self.rehearse(ctx, chunk).await;
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
                    let mut run = tx.import(&header.import_id).await?;
                    refuse_finished(&run)?;
                    let results = chunk::post(tx, &header, &mut run, chunk).await?;
                    tx.save_import(&run).await?;
                    tx.audit(&audit).await?;
                    Ok(results)
                })
            })
            .await?;
        self.acknowledged = self.acknowledged.max(sequence);
        Ok(results)
    }

    /// Applies the next clearings; call it until it answers that the import is done.
    /// `rows_left_out`: rows of the source that are in no chunk.
    pub async fn finish_step(&mut self, ctx: &Ctx, rows_left_out: i64) -> Result<FinishStep> {
        if self.rehearsal.is_some() {
            return self.rehearse_finish(ctx, rows_left_out).await;
        }
        let (header, settings) = (self.header.clone(), self.ledger.settings.clone());
        let (audit, at) = (audit(ctx, &header), self.finish.clone());
        let (step, at) = self
            .ledger
            .store
            .write(ctx, Lane::Bulk, move |tx| {
                let (header, settings, audit) = (header.clone(), settings.clone(), audit.clone());
                let mut at = at.clone();
                Box::pin(async move {
                    let mut run = tx.import(&header.import_id).await?;
                    if run.finished {
                        return Ok((FinishStep::Done(finish::summary(tx, &run).await?), at));
                    }
                    run.left_out = rows_left_out;
                    let step = finish::step(tx, &settings, &mut run, &mut at).await?;
                    run.finished = step.is_none();
                    tx.save_import(&run).await?;
                    tx.audit(&audit).await?;
                    let step = match step {
                        Some(step) => step,
                        None => FinishStep::Done(finish::summary(tx, &run).await?),
                    };
                    Ok((step, at))
                })
            })
            .await?;
        self.finish = at;
        Ok(step)
    }

    /// What would become of a chunk, together with what it asks to be cleared, if it were all of
    /// the import.
    async fn rehearse(&mut self, ctx: &Ctx, chunk: ImportChunk) -> Result<Vec<ImportResult>> {
        let Some(rehearsal) = &self.rehearsal else { return Ok(Vec::new()) };
        let (header, settings) = (self.header.clone(), self.ledger.settings.clone());
        let (sequence, before) = (chunk.sequence, rehearsal.run.clone());
        let listed = chunk.statuses.iter().filter(|_| before.complete);
        let listed: Vec<DocumentKey> = listed.map(|status| status.key.clone()).collect();
        let documents = chunk.documents.iter().flatten().map(|draft| digest(&draft.key));
        let documents: Vec<u64> = documents.collect();
        let (results, run, told) = self
            .ledger
            .store
            .rehearse(ctx, Lane::Bulk, move |tx| {
                let (header, chunk) = (header.clone(), chunk.clone());
                let (settings, mut run) = (settings.clone(), before.clone());
                Box::pin(async move {
                    // What is due from before is none of this import, and done first.
                    let mut backlog = run.clone();
                    backlog.opened_us = tx.recorded_at().await?;
                    run.opened_us = backlog.opened_us;
                    let mut at = Finish::of_chunk();
                    while finish::step(tx, &settings, &mut backlog, &mut at).await?.is_some() {}
                    let results = chunk::post(tx, &header, &mut run, chunk).await?;
                    let mut at = Finish::of_chunk();
                    while finish::step(tx, &settings, &mut run, &mut at).await?.is_some() {}
                    let told = finish::summary(tx, &run).await?;
                    Ok((results, run, told))
                })
            })
            .await?;
        self.acknowledged = self.acknowledged.max(sequence);
        if let Some(rehearsal) = &mut self.rehearsal {
            rehearsal.run = run;
            rehearsal.listed.extend(listed);
            rehearsal.documents.extend(documents);
            rehearsal.missing.extend(told.waiting_for);
            rehearsal.faults.extend(told.clearing_faults);
            rehearsal.faults_count += told.clearing_faults_count;
        }
        Ok(results)
    }

    /// What a complete list would settle because it leaves it out.
    async fn rehearse_finish(&mut self, ctx: &Ctx, rows_left_out: i64) -> Result<FinishStep> {
        let Some(rehearsal) = self.rehearsal.clone() else {
            return Err(Error::internal("an import that is no rehearsal"));
        };
        let (run, listed) = (rehearsal.run.clone(), rehearsal.listed.clone());
        let settings = self.ledger.settings.clone();
        let mut summary = self
            .ledger
            .store
            .rehearse(ctx, Lane::Bulk, move |tx| {
                let settings = settings.clone();
                let (mut run, listed) = (run.clone(), listed.clone());
                Box::pin(async move {
                    run.left_out = rows_left_out;
                    statuses::note_as_listed(tx, &run, listed).await?;
                    let mut at = Finish::of_list();
                    while finish::step(tx, &settings, &mut run, &mut at).await?.is_some() {}
                    finish::summary(tx, &run).await
                })
            })
            .await?;
        rehearsal.tell(&mut summary);
        Ok(FinishStep::Done(summary))
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
    let ImportHeader { import_id, content, .. } = header;
    let mut run = tx.open_import(header, principal).await?;
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
