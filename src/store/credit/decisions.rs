//! Decisions, as they were made.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::domain::credit::decision::{Decision, Verdict};
use crate::domain::error::Result;
use crate::domain::page::{Page, PageOf};
use crate::store::columns::{from_json, to_json};
use crate::store::entity::credit_decision::{Column, Entity, Model};
use crate::store::{Store, WriteTx, rows};

/// A page of the decisions about an account, the latest first.
#[derive(Debug, Clone)]
pub struct DecisionsQuery {
    pub account_id: String,
    pub reservation: Option<Uuid>,
    pub verdict: Option<Verdict>,
    pub page: PageOf,
}

async fn by_id(conn: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<Vec<Decision>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let these = rows::among(conn.get_database_backend(), Column::Id, ids);
    let read = rows::all(conn, Entity::find().filter(these)).await?;
    read.into_iter().map(decision).collect()
}

impl WriteTx {
    /// The decisions of these ids.
    pub async fn decisions(&self, ids: impl IntoIterator<Item = Uuid>) -> Result<Vec<Decision>> {
        by_id(&self.conn, ids.into_iter().collect()).await
    }

    /// Adds decisions, each with everything it rests on.
    pub async fn insert_decisions(&self, decisions: &[Decision]) -> Result<()> {
        let rows = decisions.iter().map(row).collect::<Result<_>>()?;
        rows::insert::<Model, _>(&self.conn, rows).await?;
        Ok(())
    }
}

fn row(decision: &Decision) -> Result<Model> {
    Ok(Model {
        id: decision.id,
        account_id: decision.account_id.clone(),
        reservation_id: decision.reservation.as_ref().map(|of| of.id).unwrap_or_default(),
        kind: decision.kind,
        verdict: decision.verdict,
        overridden: decision.overridden,
        recorded_us: decision.evaluate_us,
        detail: to_json("a decision", decision)?,
    })
}

impl Store {
    /// A decision about an account.
    pub async fn credit_decision(&self, account_id: &str, id: Uuid) -> Result<Option<Decision>> {
        let found = by_id(&self.reader, vec![id]).await?.into_iter().next();
        Ok(found.filter(|decision| decision.account_id == account_id))
    }

    /// The decisions of these ids.
    pub async fn credit_decisions_by_id(&self, ids: Vec<Uuid>) -> Result<Vec<Decision>> {
        by_id(&self.reader, ids).await
    }

    /// A page of decisions, the latest first.
    pub async fn credit_decisions(&self, query: &DecisionsQuery) -> Result<Page<Decision>> {
        let DecisionsQuery { account_id, reservation, verdict, page } = query;
        let decisions = Entity::find()
            .filter(Column::AccountId.eq(account_id))
            .apply_if(*reservation, |decisions, id| decisions.filter(Column::ReservationId.eq(id)))
            .apply_if(*verdict, |decisions, verdict| decisions.filter(Column::Verdict.eq(verdict)))
            .apply_if(page.after, |decisions, after| decisions.filter(Column::Id.lt(after)))
            .order_by_desc(Column::Id)
            .limit(page.to_read());
        let read = rows::all(&self.reader, decisions).await?;
        let Page { items, next } = page.cut(read, |row| row.id);
        Ok(Page { items: items.into_iter().map(decision).collect::<Result<_>>()?, next })
    }
}

fn decision(row: Model) -> Result<Decision> {
    from_json("decision", &row.detail)
}
