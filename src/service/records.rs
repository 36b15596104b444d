//! ImportRecords: what another system knows of our people and their accounts, each record in a
//! transaction of its own. Nothing is kept of the import itself: a record is known again by its
//! key, so all of it may be sent again.

use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Result, Violation};
use crate::domain::import::ImportFault;
use crate::domain::member::command::{CreateMember, ManagerChange, UpdateMember};
use crate::domain::names::{MemberRef, member_name};
use crate::domain::record::{
    MemberRecord, Record, RecordOutcome, RecordResult, RecordWaited, RecordsMode, RecordsSummary,
    not_there, there_already,
};
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
}

/// An import under way.
#[derive(Debug)]
pub struct RecordImport {
    records: Records,
    mode: RecordsMode,
    acknowledged: i64,
    waiting: Vec<Waiting>,
    done: RecordsSummary,
}

#[derive(Debug)]
struct Waiting {
    sequence: i64,
    position: usize,
    record: Record,
}

impl Records {
    pub fn new(store: Store, members: Members, teams: Teams) -> Self {
        Self { store, members, teams }
    }

    pub fn open(&self, mode: RecordsMode) -> RecordImport {
        RecordImport {
            records: self.clone(),
            mode,
            acknowledged: 0,
            waiting: Vec::new(),
            done: RecordsSummary::default(),
        }
    }

    /// Records one; answers what became of it, unless it is not about the record.
    async fn place(&self, ctx: &Ctx, mode: RecordsMode, record: &Record) -> Result<RecordResult> {
        let (services, principal) = (self.clone(), ctx.clone());
        let write = record.clone();
        let placed = self
            .store
            .write(ctx, Lane::Bulk, move |tx| {
                let (services, ctx) = (services.clone(), principal.clone());
                let record = write.clone();
                Box::pin(async move {
                    let (outcome, name) = services.write(tx, &ctx, mode, &record).await?;
                    if outcome != RecordOutcome::Unchanged {
                        tx.audit(&audit(&ctx, &name)).await?;
                    }
                    Ok(RecordResult { outcome, name, faults: Vec::new() })
                })
            })
            .await;
        let error = match placed {
            Ok(result) => return Ok(result),
            Err(Error::NotFound(missing)) => {
                let field = match (record, missing.kind) {
                    (Record::Member(_), _) => "member.manager",
                    (Record::Team(_), kind) => kind,
                };
                let fault = ImportFault {
                    reason: Reason::ResourceNotFound,
                    field: field.to_owned(),
                    description: format!("{} is not there", missing.name),
                };
                let (outcome, faults) = (RecordOutcome::Waiting, vec![fault]);
                return Ok(RecordResult { outcome, name: String::new(), faults });
            }
            Err(
                error @ (Error::Invalid(_)
                | Error::FailedPrecondition(_)
                | Error::AlreadyExists { .. }),
            ) => error,
            Err(error) => return Err(error),
        };
        let (outcome, faults) = (RecordOutcome::Refused, faults(error));
        Ok(RecordResult { outcome, name: String::new(), faults })
    }

    async fn write(
        &self,
        tx: &mut WriteTx,
        ctx: &Ctx,
        mode: RecordsMode,
        record: &Record,
    ) -> Result<(RecordOutcome, String)> {
        match record {
            Record::Member(record) => self.member(tx, ctx, mode, record).await,
            Record::Team(record) => self.teams.place(tx, ctx, mode, record).await,
        }
    }

    async fn member(
        &self,
        tx: &mut WriteTx,
        ctx: &Ctx,
        mode: RecordsMode,
        record: &MemberRecord,
    ) -> Result<(RecordOutcome, String)> {
        let key = &record.source_key;
        let name = MemberRef::External { system: key.system.clone(), id: key.id.clone() };
        let known = tx.find_member(&name).await?;
        match (&known, mode) {
            (Some(_), RecordsMode::CreateOnly) => {
                return Err(there_already("member", name.to_string()));
            }
            (None, RecordsMode::UpdateOnly) => {
                return Err(not_there("member.source_key", &name.to_string()));
            }
            _ => {}
        }
        let Some(id) = known else {
            let manager = match &record.manager {
                Some(ManagerChange::To(manager)) => Some(manager.clone()),
                Some(ManagerChange::Nobody) | None => None,
            };
            let (id, change) = (record.id.clone(), record.of_new());
            if change.display_name.is_none() {
                let what = "is required of a member who is not there yet";
                return Err(Error::invalid("member.display_name", Reason::FieldRequired, what));
            }
            let command = CreateMember { id, change, manager, form: None };
            let member = self.members.create_in(tx, ctx, &command).await?;
            return Ok((RecordOutcome::Created, member.name()));
        };
        let before = tx.member(&id).await?;
        let before = before.ok_or_else(|| Error::internal(format!("{name} is gone")))?;
        let command = UpdateMember {
            member: MemberRef::Id(id.clone()),
            version: before.version,
            change: record.change_of(&before),
            manager: record.manager.clone(),
            form: None,
        };
        let after = self.members.update_in(tx, ctx, command).await?;
        let outcome = match after.version == before.version {
            true => RecordOutcome::Unchanged,
            false => RecordOutcome::Updated,
        };
        Ok((outcome, member_name(&id)))
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
                },
                Ok(record) => {
                    let result = self.records.place(ctx, self.mode, &record).await?;
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

    fn wait(&mut self, waiting: Waiting) -> Result<()> {
        if self.waiting.len() == WAITING_MAX {
            return Err(Error::invalid(
                "chunk.records",
                Reason::TooManyElements,
                format!(
                    "more than {WAITING_MAX} name what is not there yet: send what others name first"
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
            let tried = self.waiting.len();
            for waiting in std::mem::take(&mut self.waiting) {
                ctx.check_deadline()?;
                let result = self.records.place(ctx, self.mode, &waiting.record).await?;
                match result.outcome {
                    RecordOutcome::Waiting => left.push((waiting, result)),
                    _ => self.waited(&waiting, result),
                }
            }
            if left.len() == tried {
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
