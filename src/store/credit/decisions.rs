//! Decisions, as they were made.

use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::domain::credit::decision::{Decision, Verdict};
use crate::domain::error::{Error, Result};
use crate::store::sql::{self, Cell, Kind, Rows};
use crate::store::{Store, WriteTx};

/// A page of the decisions about an account, the latest first.
#[derive(Debug, Clone)]
pub struct DecisionsQuery {
    pub account_id: String,
    pub reservation: Option<Uuid>,
    pub verdict: Option<Verdict>,
    /// Only those before this one.
    pub before: Option<Uuid>,
    pub size: usize,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    detail: String,
}

impl Row {
    fn decision(self) -> Result<Decision> {
        serde_json::from_str(&self.detail)
            .map_err(|e| Error::internal(format!("decision {} cannot be read: {e}", self.id)))
    }
}

async fn by_id(
    conn: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Decision>> {
    let set = sql::set(Kind::Uuid, ids);
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let text =
        format!("SELECT id, detail FROM credit_decision WHERE id IN {}", set.subquery(conn, 1));
    let rows: Vec<Row> = sql::all(conn, text, set.values(conn)).await?;
    rows.into_iter().map(Row::decision).collect()
}

impl WriteTx {
    /// The decisions of these ids.
    pub async fn decisions(&self, ids: impl IntoIterator<Item = Uuid>) -> Result<Vec<Decision>> {
        by_id(&self.conn, ids).await
    }

    /// Adds decisions, each with everything it rests on.
    pub async fn insert_decisions(&self, decisions: &[Decision]) -> Result<()> {
        let mut rows = Rows::new(&[
            ("id", Kind::Uuid),
            ("account_id", Kind::Text),
            ("reservation_id", Kind::Uuid),
            ("kind", Kind::Text),
            ("verdict", Kind::Text),
            ("overridden", Kind::Bool),
            ("recorded_us", Kind::Int),
            ("detail", Kind::Text),
        ]);
        for decision in decisions {
            let detail = serde_json::to_string(decision)
                .map_err(|e| Error::internal(format!("a decision cannot be encoded: {e}")))?;
            rows.push([
                Cell::from(decision.id),
                (&decision.account_id).into(),
                decision.reservation.as_ref().map(|reservation| reservation.id).into(),
                decision.kind.as_str().into(),
                decision.verdict.as_str().into(),
                decision.overridden.into(),
                decision.evaluate_us.into(),
                detail.into(),
            ]);
        }
        sql::insert(&self.conn, "credit_decision", rows, "").await?;
        Ok(())
    }
}

impl Store {
    /// A decision about an account.
    pub async fn credit_decision(&self, account_id: &str, id: Uuid) -> Result<Option<Decision>> {
        let found = by_id(&self.reader, [id]).await?.into_iter().next();
        Ok(found.filter(|decision| decision.account_id == account_id))
    }

    /// The decisions of these ids.
    pub async fn credit_decisions_by_id(&self, ids: Vec<Uuid>) -> Result<Vec<Decision>> {
        by_id(&self.reader, ids).await
    }

    /// A page of decisions, the latest first.
    pub async fn credit_decisions(&self, query: &DecisionsQuery) -> Result<Vec<Decision>> {
        let DecisionsQuery { account_id, reservation, verdict, before, size } = query;
        let mut values = vec![account_id.as_str().into()];
        let mut text = "SELECT id, detail FROM credit_decision WHERE account_id = $1".to_owned();
        let mut and = |condition: &str, value: sea_orm::Value| {
            values.push(value);
            text.push_str(&format!(" AND {condition} ${}", values.len()));
        };
        if let Some(reservation) = reservation {
            and("reservation_id =", (*reservation).into());
        }
        if let Some(verdict) = verdict {
            and("verdict =", verdict.as_str().into());
        }
        if let Some(before) = before {
            and("id <", (*before).into());
        }
        values.push(i64::try_from(*size).unwrap_or(i64::MAX).into());
        text.push_str(&format!(" ORDER BY id DESC LIMIT ${}", values.len()));
        let rows: Vec<Row> = sql::all(&self.reader, text, values).await?;
        rows.into_iter().map(Row::decision).collect()
    }
}
