//! What happened, for auditors and for other systems: audit rows and outbox events, written in
//! the transaction of the change. [`super::seal`] gives them their final position later.

use std::sync::Arc;

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::entity::{audit, audit_pending, outbox};
use super::queue::Lane;
use super::tx::WriteTx;
use super::{Store, rows, timeline};
use crate::ctx::Ctx;
use crate::domain::denial::Denied;
use crate::domain::error::Result;
use crate::domain::event::Event;

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

/// Writes audit rows.
pub(super) async fn write_audit(
    conn: &impl ConnectionTrait,
    recorded_us: i64,
    entries: &[AuditEntry],
) -> Result<()> {
    let row = |entry: &AuditEntry| {
        let AuditEntry { principal, method, resource, request_id, trace, detail } = entry.clone();
        audit::Model {
            id: Uuid::now_v7(),
            recorded_us,
            principal: principal.to_string(),
            method: method.to_owned(),
            resource,
            request_id,
            trace: trace.to_string(),
            detail,
        }
    };
    append(conn, entries.iter().map(row).collect()).await
}

/// Adds rows to the audit, and to what is to be sealed.
async fn append(conn: &impl ConnectionTrait, added: Vec<audit::Model>) -> Result<()> {
    let pending = pending(&added);
    rows::insert(conn, added).await?;
    rows::insert(conn, pending).await?;
    Ok(())
}

fn pending(added: &[audit::Model]) -> Vec<audit_pending::Model> {
    added.iter().map(|row| audit_pending::Model { audit_id: row.id }).collect()
}

impl Store {
    /// Writes the audit rows of calls that were denied, all of them or, where they are there, none.
    pub async fn audit_denied(&self, ctx: &Ctx, denied: Vec<(Uuid, Denied)>) -> Result<()> {
        if denied.is_empty() {
            return Ok(());
        }
        self.write(ctx, Lane::Bulk, move |tx| {
            let denied = denied.clone();
            Box::pin(async move {
                let recorded_us = tx.recorded_at().await?;
                let row = |(id, of): (Uuid, Denied)| audit::Model {
                    id,
                    recorded_us,
                    detail: of.detail(),
                    principal: of.principal.to_string(),
                    method: of.method,
                    resource: String::new(),
                    request_id: String::new(),
                    trace: of.trace.to_string(),
                };
                let rows: Vec<audit::Model> = denied.into_iter().map(row).collect();
                let pending = pending(&rows);
                if rows::insert_new(&tx.conn, rows).await? > 0 {
                    rows::insert(&tx.conn, pending).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

impl WriteTx {
    /// Writes the audit row of a change that has no request id of its own: an import chunk.
    pub async fn audit(&mut self, entry: &AuditEntry) -> Result<()> {
        let recorded = self.recorded_at().await?;
        write_audit(&self.conn, recorded, std::slice::from_ref(entry)).await
    }

    /// Adds events to the outbox, and puts on timelines what they leave there: one door for both, so
    /// that no fact goes through the one and past the other.
    pub async fn publish(&mut self, mut events: Vec<Event>) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        timeline::write_told(&self.conn, &mut events).await?;
        let recorded_us = self.recorded_at().await?;
        let row = |event: Event| {
            let Event { account_id, event_type, subject, data, .. } = event;
            outbox::Model {
                id: Uuid::now_v7(),
                recorded_us,
                account_id,
                event_type: event_type.as_str().to_owned(),
                subject,
                data: data.to_string(),
                sealed_position: 0,
            }
        };
        rows::insert(&self.conn, events.into_iter().map(row).collect()).await?;
        Ok(())
    }
}
