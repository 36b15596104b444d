//! Gives audit rows and events their final position, one sealer at a time.
//!
//! Positions are not given on the write path, because that would need a lock common to all
//! writers; and a reader that followed recorded times would skip a transaction that commits
//! late. The sealer numbers only what it can see, so nothing is ever inserted behind a reader.

use std::time::Duration;

use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use sha2::{Digest, Sha256};

use super::entity::{audit, audit_pending, audit_seal, outbox, seal};
use super::queue::Lane;
use super::tx::WriteTx;
use super::{Store, rows, sql};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Result};

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
            while let Ok(sealed) = self.while_answered(self.seal(&ctx)).await.inspect_err(|error| {
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
        let events = outbox::Entity::find().filter(outbox::unsealed());
        let audits = audit_pending::Entity::find();
        if !rows::any(&self.reader(), events).await? && !rows::any(&self.reader(), audits).await? {
            return Ok(0);
        }
        self.write(ctx, Lane::Bulk, |tx| {
            Box::pin(async move {
                tx.by_indexes().await?;
                let events = seal_outbox(tx).await?;
                let audits = seal_audit(tx).await?;
                Ok(events.max(audits))
            })
        })
        .await
    }
}

/// The last position given of the rows of that name, its row locked.
async fn head(tx: &WriteTx, name: &str) -> Result<seal::Model> {
    let first = seal::Model { name: name.to_owned(), sealed_position: 0, chain_hash: Vec::new() };
    rows::insert_new(&tx.conn, vec![first]).await?;
    let head = seal::Entity::find_by_id(name).lock_exclusive();
    let head = rows::one(&tx.conn, head).await?;
    head.ok_or_else(|| Error::internal("the seal row is gone"))
}

async fn save_head(tx: &WriteTx, head: seal::Model) -> Result<()> {
    rows::update(&tx.conn, vec![head]).await?;
    Ok(())
}

async fn seal_outbox(tx: &WriteTx) -> Result<i64> {
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
    let sealed = i64::try_from(sealed).unwrap_or(BATCH);
    head.sealed_position += sealed;
    save_head(tx, head).await?;
    Ok(sealed)
}

/// Numbers audit rows and chains them: a row's hash covers the hash before it, so that a row
/// taken out or altered later breaks the chain. Neither the rows nor their seals are ever changed.
async fn seal_audit(tx: &WriteTx) -> Result<i64> {
    let mut head = head(tx, "audit").await?;
    // Ids rise with the time at which they were made.
    let text = format!(
        "SELECT {} FROM audit_pending p JOIN audit a ON a.id = p.audit_id ORDER BY p.audit_id LIMIT $1",
        rows::columns::<audit::Entity>("a")
    );
    let (mut sealed, mut seals) = (Vec::new(), Vec::new());
    for row in sql::all::<audit::Model>(&tx.conn, text, vec![BATCH.into()]).await? {
        head.sealed_position += 1;
        head.chain_hash = chain(&row, &head.chain_hash);
        sealed.push(audit_pending::Model { audit_id: row.id });
        seals.push(audit_seal::Model {
            sealed_position: head.sealed_position,
            audit_id: row.id,
            chain_hash: head.chain_hash.clone(),
        });
    }
    let count = seals.len() as i64;
    if count > 0 {
        rows::insert(&tx.conn, seals).await?;
        rows::delete_keys(&tx.conn, sealed).await?;
        save_head(tx, head).await?;
    }
    Ok(count)
}

/// The hash of an audit row behind the row of that hash.
pub(super) fn chain(row: &audit::Model, previous: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(row.id.as_bytes());
    hash.update(row.recorded_us.to_be_bytes());
    for text in
        [&row.principal, &row.method, &row.resource, &row.request_id, &row.trace, &row.detail]
    {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().to_vec()
}
