//! Many calls in one transaction: what was answered to each before, and what is kept of each.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, FromQueryResult};

use super::error::concurrent_change;
use super::idempotency::{CallRecord, reused};
use super::journal;
use super::sql::{self, Cell, Kind, Rows};
use super::{Store, WriteTx};
use crate::domain::error::Result;

/// A call that was made, with its answer as it is kept.
pub struct Answered<'a> {
    pub record: &'a CallRecord,
    pub answer: String,
}

#[derive(FromQueryResult)]
struct Row {
    n: i64,
    request_hash: Vec<u8>,
    answer: String,
}

/// The kept answer of each call, by its place; a call that is new is missing. A call whose id
/// came with another request before is an error.
async fn answers(
    conn: &impl ConnectionTrait,
    calls: &[&CallRecord],
) -> Result<HashMap<usize, Result<String>>> {
    let mut rows = Rows::new(&[
        ("n", Kind::Int),
        ("principal", Kind::Text),
        ("method", Kind::Text),
        ("request_id", Kind::Text),
    ]);
    for (n, call) in (0_i64..).zip(calls) {
        let audit = &call.audit;
        rows.push([
            Cell::from(n),
            audit.principal.as_ref().into(),
            audit.method.into(),
            (&audit.request_id).into(),
        ]);
    }
    let text = format!(
        "SELECT c.n, i.request_hash, i.answer FROM {} JOIN idempotency i \
           ON i.principal = c.principal AND i.method = c.method AND i.request_id = c.request_id",
        rows.table(conn, "c", 1)
    );
    let found: Vec<Row> = sql::all(conn, text, rows.values(conn)).await?;
    let mut kept = HashMap::new();
    for Row { n, request_hash, answer } in found {
        let Some((n, call)) = usize::try_from(n).ok().and_then(|n| Some((n, calls.get(n)?))) else {
            continue;
        };
        kept.insert(n, if request_hash == call.hash { Ok(answer) } else { Err(reused()) });
    }
    Ok(kept)
}

impl WriteTx {
    /// What was answered to these calls before.
    pub async fn kept_answers(
        &self,
        calls: &[&CallRecord],
    ) -> Result<HashMap<usize, Result<String>>> {
        answers(&self.conn, calls).await
    }

    /// Keeps the answers of calls, each of them new, and writes their audit rows.
    ///
    /// # Errors
    /// CONCURRENT_CHANGE if a twin of one of them committed meanwhile: another attempt finds
    /// its answer.
    pub async fn keep_answers(&mut self, calls: &[Answered<'_>]) -> Result<()> {
        let recorded = self.recorded_at().await?;
        let audits: Vec<_> = calls.iter().map(|call| call.record.audit.clone()).collect();
        journal::write_audit(&self.conn, recorded, &audits).await?;
        let mut rows = Rows::new(&[
            ("principal", Kind::Text),
            ("method", Kind::Text),
            ("request_id", Kind::Text),
            ("request_hash", Kind::Bytes),
            ("answer", Kind::Text),
            ("recorded_us", Kind::Int),
        ]);
        for Answered { record, answer } in calls {
            rows.push([
                Cell::from(record.audit.principal.as_ref()),
                record.audit.method.into(),
                (&record.audit.request_id).into(),
                record.hash.clone().into(),
                answer.into(),
                recorded.into(),
            ]);
        }
        let wanted = rows.len() as u64;
        let nothing = "ON CONFLICT (principal, method, request_id) DO NOTHING";
        let inserted = sql::insert(&self.conn, "idempotency", rows, nothing).await?;
        if inserted == wanted { Ok(()) } else { Err(concurrent_change("request")) }
    }
}

impl Store {
    /// What was answered to these calls, as far as it is committed: after a COMMIT that may or
    /// may not have happened.
    pub async fn kept_answers(
        &self,
        calls: &[&CallRecord],
    ) -> Result<HashMap<usize, Result<String>>> {
        answers(&self.writer, calls).await
    }
}
