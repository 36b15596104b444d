//! Many calls in one transaction: what was answered to each before, and what is kept of each.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, FromQueryResult};

use super::entity::idempotency::Column;
use super::error::concurrent_change;
use super::idempotency::{CallRecord, reused};
use super::journal;
use super::rows::{self, Set};
use super::{Store, WriteTx, sql};
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
    recorded_us: i64,
}

/// The answer to a call as it was kept.
pub struct KeptAnswer {
    pub text: String,
    /// When the call was recorded, microseconds since the epoch.
    pub recorded_us: i64,
}

/// The kept answer of each call, by its place; a call that is new is missing. A call whose id
/// came with another request before is an error.
async fn answers(
    conn: &impl ConnectionTrait,
    calls: &[&CallRecord],
) -> Result<HashMap<usize, Result<KeptAnswer>>> {
    let audits = || calls.iter().map(|call| &call.audit);
    let backend = conn.get_database_backend();
    let asked = Set::new()
        .named("n", 0_i64..calls.len() as i64)
        .column(Column::Principal, audits().map(|audit| audit.principal.as_ref()))
        .column(Column::Method, audits().map(|audit| audit.method))
        .column(Column::RequestId, audits().map(|audit| &audit.request_id));
    let text = format!(
        "SELECT c.n, i.request_hash, i.answer, i.recorded_us FROM {} JOIN idempotency i \
           ON i.principal = c.principal AND i.method = c.method AND i.request_id = c.request_id",
        asked.table(backend, "c", 1)
    );
    let found: Vec<Row> = sql::all(conn, text, asked.into_values(backend)).await?;
    let mut kept = HashMap::new();
    for Row { n, request_hash, answer, recorded_us } in found {
        let Some((n, call)) = usize::try_from(n).ok().and_then(|n| Some((n, calls.get(n)?))) else {
            continue;
        };
        let answer = KeptAnswer { text: answer, recorded_us };
        kept.insert(n, if request_hash == call.hash { Ok(answer) } else { Err(reused()) });
    }
    Ok(kept)
}

impl WriteTx {
    /// What was answered to these calls before.
    pub async fn kept_answers(
        &mut self,
        calls: &[&CallRecord],
    ) -> Result<HashMap<usize, Result<KeptAnswer>>> {
        let kept = answers(&self.conn, calls).await?;
        kept.values().flatten().for_each(|answer| self.repeats(answer.recorded_us));
        Ok(kept)
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
        let kept = |call: &Answered<'_>| call.record.kept(call.answer.clone(), recorded);
        let inserted = rows::insert_new(&self.conn, calls.iter().map(kept).collect()).await?;
        let wanted = calls.len() as u64;
        if inserted == wanted { Ok(()) } else { Err(concurrent_change("request")) }
    }
}

impl Store {
    /// What was answered to these calls, as far as it is committed: after a COMMIT that may or
    /// may not have happened.
    pub async fn kept_answers(
        &self,
        calls: &[&CallRecord],
    ) -> Result<HashMap<usize, Result<KeptAnswer>>> {
        answers(&self.writer(), calls).await
    }
}
