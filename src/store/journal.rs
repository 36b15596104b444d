//! What happened, for auditors and for other systems: audit rows and outbox events, written in
//! the transaction of the change, given their final position later by one sealer at a time.
//!
//! Positions are not given on the write path, because that would need a lock common to all
//! writers; and a reader that followed recorded times would skip a transaction that commits
//! late. The sealer numbers only what it can see, so nothing is ever inserted behind a reader.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::queue::Lane;
use super::sql::{self, Cell, Kind, Rows};
use super::tx::WriteTx;
use super::{Store, WriteTx as Tx};
use crate::ctx::Ctx;
use crate::domain::error::Result;

/// Who did what with which call.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    pub principal: Arc<str>,
    pub method: &'static str,
    pub resource: String,
    pub request_id: String,
    pub trace: Arc<str>,
    /// What an auditor has to know besides; empty for most calls.
    pub detail: String,
}

/// A change another system may have to act on. Carries resource names, no personal data.
#[derive(Debug, Clone)]
pub struct Event {
    pub account_id: String,
    /// `ballast.receivables.documents_posted.v1`
    pub event_type: &'static str,
    /// Name of the resource that changed.
    pub subject: String,
    pub data: Json,
}

/// Writes audit rows.
pub(super) async fn write_audit(
    conn: &impl ConnectionTrait,
    recorded_us: i64,
    entries: &[AuditEntry],
) -> Result<()> {
    let mut rows = Rows::new(&[
        ("id", Kind::Uuid),
        ("recorded_us", Kind::Int),
        ("principal", Kind::Text),
        ("method", Kind::Text),
        ("resource", Kind::Text),
        ("request_id", Kind::Text),
        ("trace", Kind::Text),
        ("detail", Kind::Text),
        ("sealed_position", Kind::Int),
        ("chain_hash", Kind::Bytes),
    ]);
    for AuditEntry { principal, method, resource, request_id, trace, detail } in entries {
        rows.push([
            Cell::from(Uuid::now_v7()),
            recorded_us.into(),
            principal.as_ref().into(),
            (*method).into(),
            resource.into(),
            request_id.into(),
            trace.as_ref().into(),
            detail.into(),
            0_i64.into(),
            Vec::<u8>::new().into(),
        ]);
    }
    sql::insert(conn, "audit", rows, "").await?;
    Ok(())
}

impl WriteTx {
    /// Writes the audit row of a change that has no request id of its own: an import chunk.
    pub async fn audit(&mut self, entry: &AuditEntry) -> Result<()> {
        let recorded = self.recorded_at().await?;
        write_audit(&self.conn, recorded, std::slice::from_ref(entry)).await
    }

    /// Adds events to the outbox.
    pub async fn publish(&mut self, events: Vec<Event>) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let recorded = self.recorded_at().await?;
        let mut rows = Rows::new(&[
            ("id", Kind::Uuid),
            ("recorded_us", Kind::Int),
            ("account_id", Kind::Text),
            ("event_type", Kind::Text),
            ("subject", Kind::Text),
            ("data", Kind::Text),
            ("sealed_position", Kind::Int),
        ]);
        for event in events {
            rows.push([
                Cell::from(Uuid::now_v7()),
                recorded.into(),
                event.account_id.into(),
                event.event_type.into(),
                event.subject.into(),
                event.data.to_string().into(),
                0_i64.into(),
            ]);
        }
        sql::insert(&self.conn, "outbox", rows, "").await?;
        Ok(())
    }
}

/// Rows sealed in one transaction.
const BATCH: i64 = 1_000;
/// Seals at least this often: another instance may have written.
const INTERVAL: Duration = Duration::from_secs(5);
/// Lets a burst of commits be sealed together.
const PAUSE: Duration = Duration::from_millis(200);

impl Store {
    /// Seals what is committed, until told to stop. Run it on every instance: the seal row
    /// lets one at a time do it.
    pub async fn run_sealer(&self, ctx: Ctx, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = self.committed.notified() => tokio::time::sleep(PAUSE).await,
                () = tokio::time::sleep(INTERVAL) => {}
            }
            while let Ok(sealed) = self.seal(&ctx).await.inspect_err(|error| {
                tracing::warn!(%error, "sealing failed; it is tried again");
            }) {
                if sealed < BATCH {
                    break;
                }
            }
        }
    }

    /// Seals one batch of events and of audit rows; answers the larger number of rows.
    pub async fn seal(&self, ctx: &Ctx) -> Result<i64> {
        let pending = sql::scalar::<i64>(
            &self.reader,
            "SELECT CAST((SELECT COUNT(*) FROM outbox WHERE sealed_position = 0) + \
             (SELECT COUNT(*) FROM audit WHERE sealed_position = 0) AS BIGINT) AS v",
            vec![],
        )
        .await?;
        if pending == Some(0) {
            return Ok(0);
        }
        self.write(ctx, Lane::Bulk, |tx| {
            Box::pin(async move {
                let events = seal_outbox(tx).await?;
                let audits = seal_audit(tx).await?;
                Ok(events.max(audits))
            })
        })
        .await
    }
}

#[derive(FromQueryResult)]
struct Head {
    sealed_position: i64,
    chain_hash: Vec<u8>,
}

/// The last position given, its row locked.
async fn head(tx: &Tx, name: &str) -> Result<Head> {
    sql::execute(
        &tx.conn,
        "INSERT INTO seal (name, sealed_position, chain_hash) VALUES ($1, 0, $2) \
         ON CONFLICT (name) DO NOTHING",
        vec![name.into(), Vec::<u8>::new().into()],
    )
    .await?;
    sql::execute(
        &tx.conn,
        "UPDATE seal SET sealed_position = sealed_position WHERE name = $1",
        vec![name.into()],
    )
    .await?;
    let head = sql::one(
        &tx.conn,
        "SELECT sealed_position, chain_hash FROM seal WHERE name = $1",
        vec![name.into()],
    )
    .await?;
    head.ok_or_else(|| crate::domain::error::Error::internal("the seal row is gone"))
}

async fn save_head(tx: &Tx, name: &str, head: &Head) -> Result<()> {
    sql::execute(
        &tx.conn,
        "UPDATE seal SET sealed_position = $2, chain_hash = $3 WHERE name = $1",
        vec![name.into(), head.sealed_position.into(), head.chain_hash.clone().into()],
    )
    .await?;
    Ok(())
}

async fn seal_outbox(tx: &Tx) -> Result<i64> {
    let mut head = head(tx, "outbox").await?;
    // Per account in order: an account's recorded times rise under its lock, and of the rows
    // visible here none with an earlier time of the same account can come later.
    let sealed = sql::execute(
        &tx.conn,
        "UPDATE outbox SET sealed_position = $1 + n.number FROM \
         (SELECT id, ROW_NUMBER() OVER (ORDER BY recorded_us, id) AS number FROM \
           (SELECT id, recorded_us FROM outbox WHERE sealed_position = 0 \
            ORDER BY recorded_us, id LIMIT $2) AS batch) AS n \
         WHERE outbox.id = n.id",
        vec![head.sealed_position.into(), BATCH.into()],
    )
    .await?;
    head.sealed_position += i64::try_from(sealed).unwrap_or(BATCH);
    save_head(tx, "outbox", &head).await?;
    Ok(i64::try_from(sealed).unwrap_or(BATCH))
}

/// An audit row as it is chained.
#[derive(FromQueryResult)]
pub(super) struct AuditRow {
    id: Uuid,
    recorded_us: i64,
    principal: String,
    method: String,
    resource: String,
    request_id: String,
    trace: String,
    detail: String,
}

/// Numbers audit rows and chains them: a row's hash covers the hash before it, so that a row
/// taken out or altered later breaks the chain.
async fn seal_audit(tx: &Tx) -> Result<i64> {
    let mut head = head(tx, "audit").await?;
    let rows: Vec<AuditRow> = sql::all(
        &tx.conn,
        "SELECT id, recorded_us, principal, method, resource, request_id, trace, detail FROM audit \
         WHERE sealed_position = 0 ORDER BY recorded_us, id LIMIT $1",
        vec![BATCH.into()],
    )
    .await?;
    let sealed = rows.len() as i64;
    let mut sealing = Rows::new(&[
        ("id", Kind::Uuid),
        ("sealed_position", Kind::Int),
        ("chain_hash", Kind::Bytes),
    ]);
    for row in rows {
        head.sealed_position += 1;
        head.chain_hash = row.chain(&head.chain_hash);
        sealing.push([
            Cell::from(row.id),
            head.sealed_position.into(),
            head.chain_hash.clone().into(),
        ]);
    }
    if sealed > 0 {
        sql::execute(
            &tx.conn,
            format!(
                "UPDATE audit SET sealed_position = r.sealed_position, chain_hash = r.chain_hash \
                 FROM {} WHERE audit.id = r.id",
                sealing.table(&tx.conn, "r", 1)
            ),
            sealing.values(&tx.conn),
        )
        .await?;
        save_head(tx, "audit", &head).await?;
    }
    Ok(sealed)
}

impl AuditRow {
    /// The hash of this row behind the row of that hash.
    pub(super) fn chain(&self, previous: &[u8]) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(previous);
        hash.update(self.id.as_bytes());
        hash.update(self.recorded_us.to_be_bytes());
        for text in [
            &self.principal,
            &self.method,
            &self.resource,
            &self.request_id,
            &self.trace,
            &self.detail,
        ] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.finalize().to_vec()
    }
}
