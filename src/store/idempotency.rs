//! Doing a mutation once, however often it is asked for.
//!
//! The record (principal, method, request id) is written in the transaction of the mutation.
//! The same id with the same command answers as the first call did; with another command it is
//! refused. Errors are not kept. A record lives for 30 days.

use std::sync::Arc;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::entity::idempotency::{Column, Entity, Model};
use super::journal::{self, AuditEntry};
use super::queue::Lane;
use super::tx::WriteTx;
use super::{Store, rows};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::names::{parse_account, parse_contact, parse_member};
use crate::domain::point;

/// Larger answers are not kept; the mutation must then be harmless to repeat by its own keys.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How long a record is kept.
pub const RETENTION_DAYS: i64 = 30;

/// A mutation as it is recorded: for idempotency and for the audit.
#[derive(Debug)]
pub struct Call<'a> {
    method: &'static str,
    request_id: &'a str,
    resource: String,
    answer_bytes_max: usize,
}

impl<'a> Call<'a> {
    /// `method` is `ReceivableService.PostDocuments`; without a `request_id` it is done at each
    /// call; `resource` names the main resource it touches, for the audit.
    pub fn new(method: &'static str, request_id: &'a str, resource: impl ToString) -> Self {
        let resource = resource.to_string();
        Self { method, request_id, resource, answer_bytes_max: ANSWER_BYTES_MAX }
    }

    /// For mutations that are not harmless to repeat, whose answers have limits of their own: they
    /// are kept however large they are.
    pub fn kept_whole(self) -> Self {
        Self { answer_bytes_max: usize::MAX, ..self }
    }
}

/// What a mutation answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<A> {
    /// It was done by this call.
    Done(A),
    /// It was done by an earlier call; the answer was kept, without personal text.
    Replayed(A),
}

impl<A> Outcome<A> {
    /// For answers without personal text.
    pub fn into_inner(self) -> A {
        match self {
            Self::Done(answer) | Self::Replayed(answer) => answer,
        }
    }
}

/// The work of a mutation: an async function of the transaction, the context of the call and
/// the command. It may run several times.
pub trait Step<'a, C: 'a, A>: Send + Sync {
    type Attempt: Future<Output = Result<A>> + Send + 'a;

    fn attempt(&self, tx: &'a mut WriteTx, ctx: &'a Ctx, command: &'a C) -> Self::Attempt;
}

impl<'a, C: 'a, A, F, Attempt> Step<'a, C, A> for F
where
    F: Fn(&'a mut WriteTx, &'a Ctx, &'a C) -> Attempt + Send + Sync,
    Attempt: Future<Output = Result<A>> + Send + 'a,
{
    type Attempt = Attempt;

    fn attempt(&self, tx: &'a mut WriteTx, ctx: &'a Ctx, command: &'a C) -> Attempt {
        self(tx, ctx, command)
    }
}

/// Whose call it is, and a digest of what it asks for.
#[derive(Debug, Clone)]
pub struct CallRecord {
    pub audit: AuditEntry,
    pub(super) hash: Vec<u8>,
    /// Of the command.
    bytes: usize,
    answer_bytes_max: usize,
}

impl CallRecord {
    /// `command` is canonical: two calls ask for the same if their commands are the same.
    pub fn new(ctx: &Ctx, call: Call<'_>, command: &impl Serialize) -> Result<Self> {
        let Call { method, request_id, resource, answer_bytes_max } = call;
        let (hash, bytes) = hash(command)?;
        Ok(Self {
            audit: AuditEntry {
                principal: ctx.principal.clone(),
                method,
                resource,
                request_id: request_id.to_owned(),
                trace: ctx.trace.clone(),
                detail: String::new(),
            },
            hash,
            bytes,
            answer_bytes_max,
        })
    }

    /// Whether it asks for the same.
    pub fn is_same(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Store {
    /// Runs `step` once per request id, writes its audit row, and answers what it answered.
    pub async fn mutate<C, A, S>(
        &self,
        ctx: &Ctx,
        call: Call<'_>,
        command: C,
        step: S,
    ) -> Result<Outcome<A>>
    where
        C: Serialize + Send + Sync + 'static,
        A: Serialize + DeserializeOwned + Send + Sync + 'static,
        S: for<'a> Step<'a, C, A> + 'static,
    {
        let record = Arc::new(CallRecord::new(ctx, call, &command)?);
        let wait = Lane::Interactive.with_bytes(record.bytes);
        let work = Arc::new((record.clone(), ctx.clone(), command, step));
        let result = self
            .write(ctx, wait, move |tx| {
                let work = work.clone();
                Box::pin(async move {
                    let (record, ctx, command, step) = &*work;
                    if let Some((answer, recorded)) = record.stored(&tx.conn).await? {
                        record.check_seen(tx).await?;
                        tx.repeats(recorded);
                        return Ok(Outcome::Replayed(answer));
                    }
                    let answer = step.attempt(tx, ctx, command).await?;
                    record.store(tx, &answer).await?;
                    Ok(Outcome::Done(answer))
                })
            })
            .await;
        match result {
            // A connection lost during COMMIT leaves open whether it happened; and a twin that
            // committed after we had looked may be the very thing that refuses us. The record
            // knows. Without one the error stands; with the same id it may be tried again.
            Err(
                error @ (Error::Unavailable { .. }
                | Error::AlreadyExists { .. }
                | Error::FailedPrecondition(_)
                | Error::Aborted { .. }),
            ) => match record.stored(&self.writer()).await {
                Ok(Some((answer, recorded))) => {
                    ctx.revision.raise(point::told(recorded));
                    Ok(Outcome::Replayed(answer))
                }
                Ok(None) | Err(_) => Err(error),
            },
            result => result,
        }
    }

    /// What the same call was answered before, if it was and the answer is kept: for mutations that read
    /// much before [`Store::mutate`], which looks for it again.
    pub async fn kept<C, A>(&self, ctx: &Ctx, call: Call<'_>, command: &C) -> Result<Option<A>>
    where
        C: Serialize,
        A: DeserializeOwned + Send + 'static,
    {
        if call.request_id.is_empty() {
            return Ok(None);
        }
        let record = CallRecord::new(ctx, call, command)?;
        let read =
            self.read(ctx, move |tx| Box::pin(async move { record.stored::<A>(&tx.conn).await }));
        let Some((answer, recorded)) = read.await? else { return Ok(None) };
        ctx.revision.raise(point::told(recorded));
        Ok(Some(answer))
    }

    /// Deletes the records that are past their time; answers how many.
    pub async fn forget_old_requests(&self, ctx: &Ctx) -> Result<u64> {
        let before = ctx.clock.now_micros() - RETENTION_DAYS * 86_400 * 1_000_000;
        self.write(ctx, Lane::Bulk, move |tx| {
            Box::pin(async move {
                rows::delete::<Entity>(&tx.conn, Column::RecordedUs.lt(before)).await
            })
        })
        .await
    }
}

impl CallRecord {
    /// The answer of the first call with this id, if there was one, and when it was recorded.
    async fn stored<A: DeserializeOwned>(
        &self,
        conn: &impl ConnectionTrait,
    ) -> Result<Option<(A, i64)>> {
        if self.audit.request_id.is_empty() {
            return Ok(None);
        }
        let row = self.row(conn).await?;
        let Some(row) = row else { return Ok(None) };
        if row.request_hash != self.hash {
            return Err(reused());
        }
        if row.answer.is_empty() {
            return Ok(None);
        }
        let answer = serde_json::from_str(&row.answer)
            .map_err(|e| Error::internal(format!("a stored answer cannot be read: {e}")))?;
        Ok(Some((answer, row.recorded_us)))
    }

    /// Refuses to repeat an answer about what its caller does not see any more. An account of its own
    /// name, or of that of a child of it, and people are asked for as the call named them.
    async fn check_seen(&self, tx: &WriteTx) -> Result<()> {
        if !tx.is_restricted() {
            return Ok(());
        }
        let resource = &self.audit.resource;
        let mut parts = resource.split('/');
        let (Some(collection), Some(id)) = (parts.next(), parts.next()) else { return Ok(()) };
        let name = format!("{collection}/{id}");
        let kind = match collection {
            "accounts" => "account",
            "contacts" => "contact",
            "members" => "member",
            _ => return Ok(()),
        };
        let seen = match kind {
            "account" => match parse_account("name", &name) {
                Ok(named) => !tx.find_accounts(&[named]).await?.is_empty(),
                Err(_) => false,
            },
            "contact" => match parse_contact("name", &name) {
                Ok(named) => tx.find_contact(&named).await?.is_some(),
                Err(_) => false,
            },
            _ => match parse_member("name", &name) {
                Ok(named) => tx.find_member(&named).await?.is_some(),
                Err(_) => false,
            },
        };
        if seen { Ok(()) } else { Err(Error::not_found(kind, name)) }
    }

    async fn row(&self, conn: &impl ConnectionTrait) -> Result<Option<Model>> {
        let AuditEntry { principal, method, request_id, .. } = &self.audit;
        let key = (principal.to_string(), (*method).to_owned(), request_id.clone());
        rows::one(conn, Entity::find_by_id(key)).await
    }

    async fn store(&self, tx: &mut WriteTx, answer: &impl Serialize) -> Result<()> {
        let recorded = tx.recorded_at().await?;
        journal::write_audit(&tx.conn, recorded, std::slice::from_ref(&self.audit)).await?;
        if self.audit.request_id.is_empty() {
            return Ok(());
        }
        let mut answer = serde_json::to_string(answer)
            .map_err(|e| Error::internal(format!("an answer cannot be encoded: {e}")))?;
        if answer.len() > self.answer_bytes_max {
            answer.clear();
        }
        let inserted = rows::insert_new(&tx.conn, vec![self.kept(answer, recorded)]).await?;
        if inserted == 0 && !self.repeatable(&tx.conn).await? {
            // A twin committed while we worked: start over, and find its answer.
            return Err(Error::Aborted {
                reason: Reason::ConcurrentChange,
                resource: Resource { kind: "request", name: self.audit.request_id.clone() },
                description: "the same request was made twice at the same time".into(),
            });
        }
        Ok(())
    }

    /// The row of an answer to it.
    pub(super) fn kept(&self, answer: String, recorded_us: i64) -> Model {
        Model {
            principal: self.audit.principal.to_string(),
            method: self.audit.method.to_owned(),
            request_id: self.audit.request_id.clone(),
            request_hash: self.hash.clone(),
            answer,
            recorded_us,
        }
    }

    /// Whether the record there is ours, its answer having been too large to keep.
    async fn repeatable(&self, conn: &impl ConnectionTrait) -> Result<bool> {
        let row = self.row(conn).await?;
        Ok(row.is_some_and(|row| row.request_hash == self.hash && row.answer.is_empty()))
    }
}

/// The refusal of an id that came with another request before.
pub fn reused() -> Error {
    Error::invalid(
        "request_id",
        Reason::RequestIdReused,
        "was used with another request; use a new id for a new request",
    )
}

/// A digest of a command, and how many bytes it is.
fn hash(command: &impl Serialize) -> Result<(Vec<u8>, usize)> {
    let bytes = serde_json::to_vec(command)
        .map_err(|e| Error::internal(format!("a command cannot be encoded: {e}")))?;
    Ok((Sha256::digest(&bytes).to_vec(), bytes.len()))
}
