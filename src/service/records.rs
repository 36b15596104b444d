//! ImportRecords: what another system knows of accounts, of our people and of those at customers,
//! each record in a transaction of its own. Nothing is kept of the import itself: a record is known
//! again by its key, so all of it may be sent again.

mod place;
mod rehearsal;
mod source_keys;

use std::collections::{HashMap, HashSet};

use futures_util::future::BoxFuture;

use self::rehearsal::Rehearsal;
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Resource, Result, Violation};
use crate::domain::import::ImportFault;
use crate::domain::record::{
    Placed, Record, RecordOutcome, RecordResult, RecordWaited, RecordsHeader, RecordsMode,
    RecordsSummary,
};
use crate::service::Settings;
use crate::service::ledger::faults;
use crate::service::members::Members;
use crate::service::teams::Teams;
use crate::store::{AuditEntry, Lane, Store, WriteTx};

/// Records that wait for others, kept until the finish.
const WAITING_MAX: usize = 50_000;

/// The use case; cheap to clone.
#[derive(Debug, Clone)]
pub struct Records {
    store: Store,
    members: Members,
    teams: Teams,
    settings: Settings,
}

/// An import under way.
#[derive(Debug)]
pub struct RecordImport {
    records: Records,
    header: RecordsHeader,
    acknowledged: i64,
    waiting: Vec<Waiting>,
    /// What it would have brought, where it writes nothing.
    rehearsal: Rehearsal,
    done: RecordsSummary,
}

#[derive(Debug)]
struct Waiting {
    sequence: i64,
    position: usize,
    record: Record,
}

impl Records {
    pub fn new(store: Store, members: Members, teams: Teams, settings: Settings) -> Self {
        Self { store, members, teams, settings }
    }

    pub fn open(&self, header: RecordsHeader) -> RecordImport {
        RecordImport {
            records: self.clone(),
            header,
            acknowledged: 0,
            waiting: Vec::new(),
            rehearsal: Rehearsal::default(),
            done: RecordsSummary::default(),
        }
    }

    /// Records one, or tries to; answers what became of it, unless it is not about the record.
    async fn place(
        &self,
        ctx: &Ctx,
        header: RecordsHeader,
        record: &Record,
    ) -> Result<(RecordResult, Option<Resource>)> {
        let work = self.clone().work(ctx.clone(), header.mode, record.clone());
        let placed = match header.validate_only {
            true => self.store.rehearse(ctx, Lane::Bulk, work).await,
            false => self.store.write(ctx, Lane::Bulk, work).await,
        };
        let refused = |outcome, faults| RecordResult {
            outcome,
            name: String::new(),
            faults,
            duplicates: Vec::new(),
        };
        match placed {
            Ok(Placed { outcome, name, duplicates }) => {
                Ok((RecordResult { outcome, name, faults: Vec::new(), duplicates }, None))
            }
            Err(Error::NotFound(missing)) => {
                let fault = ImportFault {
                    reason: Reason::ResourceNotFound,
                    field: place::field_of(record, missing.kind).to_owned(),
                    description: format!("{} is not there", missing.name),
                };
                Ok((refused(RecordOutcome::Waiting, vec![fault]), Some(missing)))
            }
            Err(
                error @ (Error::Invalid(_)
                | Error::FailedPrecondition(_)
                | Error::AlreadyExists { .. }),
            ) => Ok((refused(RecordOutcome::Refused, faults(error)), None)),
            Err(error) => Err(error),
        }
    }

    /// What a transaction does with a record.
    fn work(
        self,
        ctx: Ctx,
        mode: RecordsMode,
        record: Record,
    ) -> impl for<'a> Fn(&'a mut WriteTx) -> BoxFuture<'a, Result<Placed>> + Send + Sync + 'static
    {
        move |tx| {
            let (services, ctx, record) = (self.clone(), ctx.clone(), record.clone());
            Box::pin(async move {
                let placed = services.write(tx, &ctx, mode, &record).await.map_err(again)?;
                if placed.outcome != RecordOutcome::Unchanged {
                    tx.audit(&audit(&ctx, &placed.name)).await?;
                }
                Ok(placed)
            })
        }
    }
}

impl RecordImport {
    /// Records the records of a chunk, in their order; what cannot be read comes as an error.
    ///
    /// # Errors
    /// `CHUNK_OUT_OF_ORDER`, `TOO_MANY_ELEMENTS` if too many wait for others. What is wrong with
    /// single records is in the results.
    pub async fn chunk(
        &mut self,
        ctx: &Ctx,
        sequence: i64,
        records: Vec<Result<Record, Vec<Violation>>>,
    ) -> Result<Vec<RecordResult>> {
        if sequence != self.acknowledged + 1 {
            let what = format!("must be {}", self.acknowledged + 1);
            return Err(Error::invalid("chunk.sequence", Reason::ChunkOutOfOrder, what));
        }
        let mut results = Vec::with_capacity(records.len());
        for (position, record) in records.into_iter().enumerate() {
            ctx.check_deadline()?;
            let result = match record {
                Err(violations) => RecordResult {
                    outcome: RecordOutcome::Refused,
                    name: String::new(),
                    faults: faults(Error::Invalid(violations)),
                    duplicates: Vec::new(),
                },
                Ok(record) => {
                    let result = match record.titled() {
                        Some((_, title)) => not_yet(title),
                        None => self.place(ctx, &record).await?.0,
                    };
                    if result.outcome == RecordOutcome::Waiting {
                        self.wait(Waiting { sequence, position, record })?;
                    }
                    result
                }
            };
            self.done.count(result.outcome);
            results.push(result);
        }
        self.acknowledged = sequence;
        Ok(results)
    }

    /// Records one; of what is only tried it is noted what it would have brought.
    async fn place(
        &mut self,
        ctx: &Ctx,
        record: &Record,
    ) -> Result<(RecordResult, Option<Resource>)> {
        let (mut result, missing) = self.records.place(ctx, self.header, record).await?;
        if self.header.validate_only && result.outcome == RecordOutcome::Created {
            // Of two that would create the same one does.
            if self.rehearsal.knows(record) {
                result.outcome = RecordOutcome::Unchanged;
            }
            self.rehearsal.note(record);
        }
        Ok((result, missing))
    }

    fn wait(&mut self, waiting: Waiting) -> Result<()> {
        if self.waiting.len() == WAITING_MAX {
            return Err(Error::invalid(
                "chunk.records",
                Reason::TooManyElements,
                format!(
                    "more than {WAITING_MAX} name what is not there yet, or a position by its title: what \
                     came before is recorded. Send first what others name (accounts, members, positions, \
                     contacts), name positions by keys, and then send all of it again, or in several runs"
                ),
            ));
        }
        self.waiting.push(waiting);
        Ok(())
    }

    /// Tries what waits, as long as anything of it can be recorded. What is left is refused: what
    /// it names was not brought.
    pub async fn finish(&mut self, ctx: &Ctx) -> Result<RecordsSummary> {
        loop {
            let mut left = Vec::new();
            let mut moved = false;
            let all = std::mem::take(&mut self.waiting);
            let undecided = undecided(&all);
            for (at, waiting) in all.into_iter().enumerate() {
                ctx.check_deadline()?;
                if undecided.contains(&at) {
                    let title = waiting.record.titled().map(|(_, title)| title.to_owned());
                    left.push((waiting, not_yet(&title.unwrap_or_default())));
                    continue;
                }
                let (result, missing) = self.place(ctx, &waiting.record).await?;
                match missing {
                    // What it names would be there; what else there is to it can't be tried.
                    Some(missing) if self.rehearsal.brings(&missing.name) => {
                        self.rehearsal.note(&waiting.record);
                        self.done.untried += 1;
                        self.waited(&waiting, result);
                        moved = true;
                    }
                    Some(_) => left.push((waiting, result)),
                    None => {
                        self.waited(&waiting, result);
                        moved = true;
                    }
                }
            }
            if !moved {
                for (waiting, result) in left {
                    let refused = RecordResult { outcome: RecordOutcome::Refused, ..result };
                    self.waited(&waiting, refused);
                }
                return Ok(std::mem::take(&mut self.done));
            }
            self.waiting = left.into_iter().map(|(waiting, _)| waiting).collect();
        }
    }

    fn waited(&mut self, waiting: &Waiting, result: RecordResult) {
        let Waiting { sequence, position, .. } = *waiting;
        self.done.count(result.outcome);
        self.done.waited.push(RecordWaited { sequence, position, result });
    }
}

/// A record that names a position by its title waits until all positions are known, whatever the order
/// in which they come: of two of one title neither is meant.
fn not_yet(title: &str) -> RecordResult {
    let fault = ImportFault {
        reason: Reason::ResourceNotFound,
        field: "reports_to".to_owned(),
        description: format!("which position is {title} is known once all of them are"),
    };
    RecordResult {
        outcome: RecordOutcome::Waiting,
        name: String::new(),
        faults: vec![fault],
        duplicates: Vec::new(),
    }
}

/// Those of what waits that name a position by a title that another one of them may bring.
fn undecided(all: &[Waiting]) -> HashSet<usize> {
    let mut brought: HashMap<(String, &str), Vec<usize>> = HashMap::new();
    for (at, waiting) in all.iter().enumerate() {
        if let Some((account, title)) = waiting.record.brings_title() {
            brought.entry((account.to_string(), title)).or_default().push(at);
        }
    }
    let is_undecided = |at: &usize| {
        let titled = all[*at].record.titled();
        let others = titled.and_then(|(account, title)| brought.get(&(account.to_string(), title)));
        others.is_some_and(|others| others.iter().any(|other| other != at))
    };
    (0..all.len()).filter(is_undecided).collect()
}

/// What was read was changed before it was locked: another attempt reads it as it is then.
fn again(error: Error) -> Error {
    match error {
        Error::Aborted { reason: Reason::EtagMismatch, resource, description } => {
            Error::Aborted { reason: Reason::ConcurrentChange, resource, description }
        }
        other => other,
    }
}

fn audit(ctx: &Ctx, name: &str) -> AuditEntry {
    AuditEntry {
        principal: ctx.principal.clone(),
        method: "AccountService.ImportRecords",
        resource: name.to_owned(),
        request_id: String::new(),
        trace: ctx.trace.clone(),
        detail: String::new(),
    }
}
