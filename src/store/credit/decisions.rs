//! Decisions, as they were made.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::domain::credit::decision::{Decision, Reason, ReasonCode, Verdict};
use crate::domain::error::Result;
use crate::domain::page::{Page, PageOf};
use crate::domain::personal::Personal;
use crate::store::columns::{from_json, to_json};
use crate::store::entity::credit_decision::{Column, Entity, Model};
use crate::store::entity::{credit_hold, credit_limit};
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
    made(conn, read).await
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
        override_reason: decision.override_reason.clone(),
        recorded_us: decision.evaluate_us,
        detail: to_json("a decision", decision)?,
    })
}

impl Store {
    /// A decision about an account.
    pub async fn credit_decision(&self, account_id: &str, id: Uuid) -> Result<Option<Decision>> {
        let found = by_id(&self.reader(), vec![id]).await?.into_iter().next();
        Ok(found.filter(|decision| decision.account_id == account_id))
    }

    /// The decisions of these ids.
    pub async fn credit_decisions_by_id(&self, ids: Vec<Uuid>) -> Result<Vec<Decision>> {
        by_id(&self.reader(), ids).await
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
        let read = rows::all(&self.reader(), decisions).await?;
        let Page { items, next, keys } = page.cut(read, |row| row.id);
        Ok(Page { items: made(&self.reader(), items).await?, next, keys })
    }
}

/// The decisions of these rows. What people wrote is not in their JSON: why a decision was
/// overridden is in its own row, who approved the limits it rests on and why in theirs, and why
/// holds were placed in those of the holds. None of it ever changes.
async fn made(conn: &impl ConnectionTrait, rows: Vec<Model>) -> Result<Vec<Decision>> {
    let mut decisions = rows
        .into_iter()
        .map(|row| {
            let made: Decision = from_json("decision", &row.detail)?;
            Ok(Decision { override_reason: row.override_reason, ..made })
        })
        .collect::<Result<Vec<Decision>>>()?;
    tell_of_limits(conn, &mut decisions).await?;
    tell_of_holds(conn, &mut decisions).await?;
    Ok(decisions)
}

async fn tell_of_limits(conn: &impl ConnectionTrait, decisions: &mut [Decision]) -> Result<()> {
    let limits =
        decisions.iter().flat_map(|made| made.limits.iter()).filter_map(|of| of.limit.as_ref());
    let ids: BTreeSet<Uuid> = limits.map(|limit| limit.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let these = rows::among(conn.get_database_backend(), credit_limit::Column::Id, ids);
    let found = rows::all(conn, credit_limit::Entity::find().filter(these)).await?;
    let text: HashMap<Uuid, credit_limit::Model> =
        found.into_iter().map(|row| (row.id, row)).collect();
    for limit in
        decisions.iter_mut().flat_map(|made| &mut made.limits).filter_map(|of| of.limit.as_mut())
    {
        if let Some(row) = text.get(&limit.id) {
            limit.approver.clone_from(&row.approver);
            limit.reason.clone_from(&row.reason);
        }
    }
    Ok(())
}

async fn tell_of_holds(conn: &impl ConnectionTrait, decisions: &mut [Decision]) -> Result<()> {
    let ids: BTreeSet<Uuid> =
        decisions.iter().flat_map(|made| &made.reasons).filter_map(hold).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let these = rows::among(conn.get_database_backend(), credit_hold::Column::Id, ids);
    let found = rows::all(conn, credit_hold::Entity::find().filter(these)).await?;
    let text: HashMap<Uuid, Personal> = found.into_iter().map(|row| (row.id, row.reason)).collect();
    for reason in decisions.iter_mut().flat_map(|made| &mut made.reasons) {
        if let Some(why) = hold(reason).and_then(|id| text.get(&id)) {
            reason.hold_reason.clone_from(why);
        }
    }
    Ok(())
}

/// The hold that a reason is about.
fn hold(reason: &Reason) -> Option<Uuid> {
    let id = reason.subject.rsplit('/').next().filter(|_| reason.code == ReasonCode::OnHold)?;
    Uuid::try_parse(id).ok()
}
